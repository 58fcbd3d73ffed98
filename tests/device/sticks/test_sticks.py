"""Sticks as a player meets them: offered once, taken by name or all, checked by the real worker."""

import asyncio
import os

import pytest

from device.admission.admit import admit
from device.admission.trial import Worker
from device.errors import ControlError
from device.play.acts import Acts
from device.sticks.acts import STICK_ACTS
from device.sticks.found import look
from device.sticks.shelf import ModelShelf
from device.sticks.sticks import Sticks
from tests import bundles
from tests.faults.evil.forge import MEMBER, bundle, model, node


@pytest.fixture
def stage(tmp_path):
    """Sticks on real folders; every check is noted, and lets in what does not begin with "bad"."""
    return Stage(tmp_path)


class Stage:
    def __init__(self, folder, check=lambda path: None):
        self.top, self.models = folder / "sticks/sda1", folder / "models"
        self.top.mkdir(parents=True)
        self.models.mkdir()
        self.said, self.came = [], []
        self.heard = asyncio.Event()
        self.sticks = Sticks(
            folder / "sticks",
            ModelShelf(self.models),
            check=lambda name: check(self.models / name),
            elsewhere=lambda name: None,
            say=self.say,
            taken=lambda: self.came.append(1),
        )
        self.acts = Acts(self.sticks.acts())

    def say(self, sentence):
        self.said.append(sentence)
        self.heard.set()

    def do(self, name, *arguments):
        return asyncio.run(self.acts.do(name, arguments))

    def here(self):
        return sorted(os.listdir(self.models))


def test_one_is_taken_by_its_name(stage):
    for name in ("glass", "reed"):
        (stage.top / f"{name}.ondine").write_text(name)
    assert stage.do("stick/list") == "On the stick: glass, reed."
    assert stage.do("stick/take", "reed") == "reed is here now."
    assert stage.here() == ["reed.ondine"]
    assert stage.came == [1]


def test_a_slip_of_the_finger_is_guessed(stage):
    (stage.top / "glass.ondine").write_text("glass")
    with pytest.raises(ControlError, match=r"no 'glas' on the stick; did you mean glass\?"):
        stage.do("stick/take", "glas")
    with pytest.raises(ControlError, match="there are glass"):
        stage.do("stick/take", "zzz")


def test_without_a_stick_it_says_so(stage):
    assert stage.do("stick/list") == "There is no instrument on a stick."
    with pytest.raises(ControlError, match="Plug one in"):
        stage.do("stick/take", "all")


def test_a_stick_is_offered_once_and_again_when_it_comes_back(stage):
    (stage.top / "glass.ondine").write_text("glass")
    folder = stage.top.parent
    for _ in range(3):
        stage.sticks.tell(look(folder))
    assert stage.said == ["A stick with an instrument: glass. stick/take NAME, or all, copies."]
    stage.sticks.tell(())
    stage.sticks.tell(look(folder))
    assert len(stage.said) == 2


def test_many_are_not_all_read_out(stage):
    for number in range(10, 22):
        (stage.top / f"i{number}.ondine").write_text("x")
    assert stage.do("stick/list").endswith("i16, i17 and 4 more.")


def test_one_at_a_time(stage):
    (stage.top / "glass.ondine").write_text("glass")

    async def twice():
        first = asyncio.create_task(stage.sticks.take("all"))
        await asyncio.sleep(0)
        with pytest.raises(ControlError, match="being copied just now"):
            await stage.sticks.take("all")
        return await first

    assert asyncio.run(twice()) == "glass is here now."


def test_it_looks_by_itself_and_ends_when_it_is_closed(stage):
    (stage.top / "glass.ondine").write_text("glass")
    (stage.models / ".half.ondine.partial").write_text("")

    async def run():
        stage.sticks.start(asyncio.get_running_loop(), lambda readings: None)
        await asyncio.wait_for(stage.heard.wait(), 5)
        stage.sticks.close()
        stage.sticks.close()

    asyncio.run(run())
    assert len(stage.said) == 1
    assert stage.here() == []


def test_acts_need_no_file_of_this_machine():
    assert not any(spec.local for spec in STICK_ACTS)
    assert all(spec.slow for spec in STICK_ACTS)


def test_a_hostile_bundle_is_refused_while_the_good_ones_are_taken(tmp_path):
    with Worker() as worker:
        stage = Stage(tmp_path, lambda path: admit(path, worker=worker))
        bundles.save(bundles.tiny_effect(), stage.top / "good.ondine")
        evil = bundle(tmp_path, {MEMBER: model([node("Loop", "audio", "wet")]).SerializeToString()})
        evil.rename(stage.top / "evil.ondine")
        (stage.top / "noise.ondine").write_bytes(os.urandom(4096))
        (stage.top / "zero.ondine").write_bytes(b"")
        said = stage.do("stick/take", "all")
    assert said.startswith("good is here now; evil was not taken: ")
    assert "cannot be played" in said
    assert "noise was not taken: it is not an Ondine bundle" in said
    assert "partial" not in said
    assert stage.here() == ["good.ondine"]
    assert len(stage.said) == 4

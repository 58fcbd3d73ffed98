"""A morph while it plays: where it goes, how long it takes, what it survives; time is passed in."""

import asyncio
import dataclasses
import json

import numpy as np
import pytest

from device.control.desk import Desk
from device.control.osc import OscReceiver, routes
from device.control.signal import Signal
from device.control.source import Reading
from device.errors import ControlError
from device.hands.hands import Hands
from device.mapping.disk import Folder
from device.mapping.morph import Line, Plane
from device.mapping.patch import Patch
from device.mapping.routes import Route
from device.mapping.scene import Scene
from device.params import ParamTable, specs_of
from device.play.acts import Acts
from device.scenes.morphing import FILE, PLACES, TICK_S, Morphing, read_morph
from tests.bundles import tiny_autoencoder
from tests.device.control.packets import message

SPECS = specs_of(tiny_autoencoder().manifest)
SCENES = {
    1: Scene(1, "dawn", values={"dry_wet": 0.3, "latent_bias_0": -6.0, "latent_bias_1": 1.1}),
    2: Scene(2, "noon", values={"dry_wet": 0.7, "latent_bias_0": 2.0, "latent_bias_1": 1.1}),
    7: Scene(7, "dusk", values={"dry_wet": 0.1, "latent_bias_0": 0.7, "latent_bias_1": 1.1}),
}


class PassedLoop(asyncio.SelectorEventLoop):
    """A loop whose time is passed in."""

    now_s = 1000.0

    def time(self):
        return self.now_s


class Full(Folder):
    """A disk that takes nothing."""

    def write(self, name, data):
        raise OSError(30, "Read-only file system")


class Box:
    """A morph between a desk and hands, as in a performance."""

    def __init__(self, folder, disk=None):
        self.said, self.plays = [], "glass"
        self.scenes = dict(SCENES)
        self.table = ParamTable(folder / "params", create=True)
        self.desk = Desk(self.table, SPECS)
        self.disk = disk or Folder(folder / "scenes")
        self.morphing = Morphing(
            self.disk,
            scenes=lambda: self.scenes,
            specs=lambda: self.desk.specs,
            instrument=lambda: self.plays,
            take=lambda readings: self.hands.take(readings),
            say=self.said.append,
        )
        self.hands = Hands(
            Patch(routes=(Route("knob/1", "morph/x"),)),
            {**SPECS, **PLACES},
            [],
            take=self.morphing.parting(self.desk.take),
            values=lambda: {**self.desk.values(), **self.morphing.values()},
            say=self.said.append,
        )
        self.acts = Acts(self.morphing.acts())

    def run(self, scene):
        with asyncio.Runner(loop_factory=PassedLoop) as runner:
            self.loop = runner.get_loop()
            return runner.run(scene)

    def do(self, name, *given):
        return self.run(self.acts.do(name, given))

    def to(self, x, y=None):
        """Send it somewhere."""
        places = [("morph/x", x)] + ([] if y is None else [("morph/y", y)])
        # What sends it may count from its own beginning, as a timeline does.
        self.hands.take([Reading(id, place, False, "phone", 0.0) for id, place in places])

    async def passes(self, seconds):
        for _ in range(round(seconds / TICK_S)):
            self.loop.now_s += TICK_S
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def moved(self, *places):
        async def scene():
            for place in places:
                self.to(*place)
                await self.passes(2 * TICK_S)

        self.run(scene())
        return self.desk.values()

    @property
    def at(self):
        return self.desk.value("dry_wet")


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def exact(values, scene):
    return all(np.float32(values[id]) == np.float32(v) for id, v in scene.values.items())


def test_it_is_exact_at_its_scenes(box):
    said = box.do("morph/line", "dawn", 2, "7")
    assert said == "morph/x moves 2 parameters between dawn, noon and dusk."
    box.desk.take([Reading("latent_bias_1", 1.1, False, "", 0.0)])
    for place, number in ((1.0, 7), (0.5, 2), (0.0, 1), (1.0, 7), (0.0, 1)):
        assert exact(box.moved((place,)), SCENES[number])


def test_between_two_scenes_it_is_between_their_values(box):
    box.do("morph/line", 1, 2)
    assert box.moved((0.25,))["dry_wet"] == pytest.approx(0.4)
    assert box.moved((-7.0,))["dry_wet"] == pytest.approx(0.3)
    assert box.moved((1e300,))["dry_wet"] == pytest.approx(0.7)


def test_all_that_differs_moves_in_one_write(box):
    box.do("morph/line", 1, 2)
    sequence = box.table._sequence
    before = int(sequence[0])
    box.moved((1.0,))
    assert int(sequence[0]) == before + 2


def test_a_plane_is_moved_by_two(box):
    said = box.do("morph/plane", 1, 2, 7)
    assert said == "morph/x and morph/y move 2 parameters between dawn, noon and dusk."
    for place, number in (((0.0, 0.0), 1), ((1.0, 0.0), 2), ((0.5, 1.0), 7)):
        assert exact({**box.moved(place), "latent_bias_1": 1.1}, SCENES[number])
    assert box.moved((0.5, 0.5))["dry_wet"] == pytest.approx((0.5 + 0.1) / 2)


def test_it_glides_over_time_and_then_is_still(box):
    box.do("morph/line", 1, 2)
    box.do("morph/glide", 2)

    async def scene():
        box.to(0.0)
        await box.passes(TICK_S)
        box.to(1.0)
        heard = []
        for _ in range(5):
            await box.passes(0.5)
            heard.append(box.at)
        before = int(box.table._sequence[0])
        await box.passes(0.5)
        assert int(box.table._sequence[0]) == before
        return heard

    heard = box.run(scene())
    assert heard == pytest.approx([0.4, 0.5, 0.6, 0.7, 0.7], abs=0.01)
    assert exact({**box.desk.values(), "latent_bias_1": 1.1}, SCENES[2])


def test_a_glide_may_turn_round_on_its_way(box):
    box.do("morph/line", 1, 2)
    box.do("morph/glide", 2)

    async def scene():
        box.to(1.0)
        await box.passes(1.0)
        box.to(0.0)
        await box.passes(0.5)
        half = box.at
        await box.passes(0.6)
        return half

    assert box.run(scene()) == pytest.approx(0.4, abs=0.01)
    assert exact({**box.desk.values(), "latent_bias_1": 1.1}, SCENES[1])


def test_something_else_stops_it_on_its_way(box):
    box.do("morph/line", 1, 2)
    box.do("morph/glide", 2)

    async def scene():
        box.to(1.0)
        await box.passes(1.0)
        box.morphing.stop()
        box.desk.take([Reading("dry_wet", 0.0, False, "scene", 0.0)])
        await box.passes(1.0)

    box.run(scene())
    assert box.at == 0.0
    # It stands where it was left, and goes on from there.
    assert box.morphing.values()["morph/x"] == pytest.approx(0.5, abs=0.01)


def test_a_knob_and_a_phone_steer_it(box):
    box.do("morph/line", 1, 2)

    async def scene():
        box.hands.hear([Signal("knob/1", 1.0, 0.0)])
        first = box.at
        table = routes(
            SPECS,
            reset=lambda: None,
            status=lambda: [],
            value=box.desk.value,
            load=lambda name: None,
            keep=lambda: None,
            besides=PLACES,
        )
        OscReceiver(table, box.hands.take).receive(
            message("/ondine/param/morph/x", "f", 0.5), "a", 0.0
        )
        return first, box.at

    assert box.run(scene()) == pytest.approx((0.7, 0.5))


def test_what_is_not_finite_never_gets_there(box):
    box.do("morph/line", 1, 2)
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ControlError, match="send a number"):
            box.to(bad)
    assert box.morphing.values() == {"morph/x": 0.0, "morph/y": 0.0}


def test_without_a_morph_its_controls_move_nothing(box):
    before = box.desk.values()
    assert box.moved((1.0, 1.0)) == before
    assert box.morphing.values() == {"morph/x": 1.0, "morph/y": 1.0}


def test_what_others_set_passes_by(box):
    box.do("morph/line", 1, 2)

    async def scene():
        box.hands.take(
            [Reading("morph/x", 1.0, False, "", 0.0), Reading("latent_bias_3", 2.0, False, "", 0.0)]
        )

    box.run(scene())
    assert (box.at, box.desk.value("latent_bias_3")) == (np.float32(0.7), 2.0)


def test_it_uses_its_scenes_as_they_are_now(box):
    box.do("morph/line", 1, 2)
    box.scenes[2] = dataclasses.replace(SCENES[2], values={**SCENES[2].values, "dry_wet": 0.9})
    box.morphing.prepare()
    assert box.moved((1.0,))["dry_wet"] == pytest.approx(0.9)


def test_it_rests_while_one_of_its_scenes_is_gone_and_says_so(box):
    box.do("morph/line", 1, 2)
    box.moved((1.0,))
    del box.scenes[2]
    box.morphing.prepare()
    assert box.said == ["The morph rests: the morph cannot be used: there is no scene 2."]
    assert box.moved((0.0,))["dry_wet"] == pytest.approx(0.7)
    box.scenes[2] = SCENES[2]
    box.morphing.prepare()
    assert box.moved((0.5,))["dry_wet"] == pytest.approx(0.5)
    assert box.morphing.answers() == [("/ondine/morph/scenes", [1, 2])]


def test_a_scene_that_goes_in_the_midst_of_a_glide_ends_it_without_harm(box):
    box.do("morph/line", 1, 2)
    box.do("morph/glide", 2)

    async def scene():
        box.to(1.0)
        await box.passes(1.0)
        before = box.at
        del box.scenes[2]
        box.morphing.prepare()
        await box.passes(1.0)
        return before

    assert box.run(scene()) == box.at


def test_a_glide_goes_on_in_another_instrument(box):
    box.do("morph/line", 1, 2)
    box.do("morph/glide", 2)

    async def scene():
        box.to(1.0)
        await box.passes(1.0)
        few = {id: SPECS[id] for id in ("dry_wet", "output_gain_db")}
        box.desk.specs = few
        box.hands.play({**few, **PLACES})
        box.morphing.prepare()
        await box.passes(1.5)

    box.run(scene())
    assert box.at == pytest.approx(0.7)


@pytest.mark.parametrize("name", ["morph/line", "morph/plane"])
def test_it_is_kept_on_the_disk_with_its_ways(box, tmp_path, name):
    box.do(name, 1, 2)
    box.do("morph/glide", 2)
    box.do("morph/curve", -0.5)
    box.do("morph/without", "latent_bias_0")
    again = Box(tmp_path)
    assert again.morphing.morph == box.morphing.morph == read_morph(box.disk)
    assert isinstance(again.morphing.morph, Line if name == "morph/line" else Plane)
    assert again.said == []

    async def scene():
        again.to(1.0)
        await again.passes(2.5)

    again.run(scene())
    assert again.at == pytest.approx(0.7)
    assert again.desk.value("latent_bias_0") == 0.0


def test_off_is_kept_too(box, tmp_path):
    with pytest.raises(ControlError, match="nothing is morphed yet"):
        box.do("morph/glide", 2)
    box.do("morph/line", 1, 2)
    assert box.do("morph/off") == "Nothing is morphed."
    assert box.morphing.answers() == [("/ondine/morph/scenes", [])]
    before = box.desk.values()
    assert box.moved((1.0,)) == before
    assert Box(tmp_path).morphing.morph is None


def test_off_ends_a_glide(box):
    box.do("morph/line", 1, 2)
    box.do("morph/glide", 2)

    async def scene():
        box.to(1.0)
        await box.passes(1.0)
        before = box.at
        await box.acts.do("morph/off")
        await box.passes(1.0)
        return before

    assert box.run(scene()) == box.at


@pytest.mark.parametrize(
    ("act", "given", "sentence"),
    [
        ("morph/line", (1,), "it has 1 scenes; give 2"),
        ("morph/line", (1, 9), "there is no scene 9"),
        ("morph/line", (1, "nigth"), "there is no scene 'nigth'"),
        ("morph/plane", (1, 2, 7, 1, 2), "it has 5 scenes; give 2..4"),
        ("morph/line", (1, 2) * 80, "scenes; give 2"),
        ("morph/glide", (-1,), "outside 0"),
        ("morph/glide", (1e300,), "outside 0"),
        ("morph/curve", (1.5,), r"outside -1\.\.1"),
        ("morph/curve", ("nan",), "send a number"),
    ],
)
def test_what_cannot_be_is_refused_and_the_old_one_holds(box, act, given, sentence):
    box.do("morph/line", 1, 2, 7)
    before, stored = box.morphing.morph, (box.disk.path / FILE).read_bytes()
    with pytest.raises(ControlError, match=sentence):
        box.do(act, *given)
    assert box.morphing.morph == before
    assert (box.disk.path / FILE).read_bytes() == stored
    assert box.moved((1.0,))["dry_wet"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 60_000,
        b'{"scenes": [1]}',
        b'{"scenes": [1, 2], "ways": [{"glide_s": 1e999}]}',
        b'{"scenes": [1, 2]' + b" " * (1 << 17) + b"}",
    ],
)
def test_a_morph_that_cannot_be_read_is_none(tmp_path, data):
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / FILE).write_bytes(data)
    box = Box(tmp_path)
    assert box.morphing.morph is None
    assert box.do("morph/line", 1, 2)
    assert json.loads((tmp_path / "scenes" / FILE).read_bytes())["scenes"] == [1, 2]


def test_a_read_only_disk_costs_the_keeping_only(tmp_path):
    box = Box(tmp_path, Full(tmp_path / "scenes"))
    with pytest.raises(ControlError, match="cannot keep the morph: the disk is read-only"):
        box.do("morph/line", 1, 2)
    assert box.moved((1.0,))["dry_wet"] == pytest.approx(0.7)


def test_scenes_of_unlike_instruments_are_not_morphed(box):
    box.scenes[1] = dataclasses.replace(SCENES[1], bundle="bells")
    box.scenes[2] = dataclasses.replace(SCENES[2], bundle="glass")
    with pytest.raises(ControlError, match="these are of bells and glass"):
        box.do("morph/line", 1, 2)


def test_it_rests_while_another_instrument_plays(box):
    box.scenes = {n: dataclasses.replace(s, bundle="glass") for n, s in SCENES.items()}
    box.do("morph/line", 1, 2)
    box.plays = "bells"
    box.morphing.prepare()
    assert box.said[-1] == "The morph rests: its scenes are of glass, and bells plays."
    box.plays = "glass"
    box.morphing.prepare()
    assert len(box.said) == 1

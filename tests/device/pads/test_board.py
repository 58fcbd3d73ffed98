"""The board as a performance has it: acts in, sound in the bank, hits queued, kits on disk."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.control.midi.message import NoteOff, NoteOn
from device.errors import ControlError, OndineError
from device.mapping.disk import Folder
from device.pads.acts import PADS_ACTS
from device.pads.bank import Bank
from device.pads.board import LAST, Board
from device.pads.generator import PEAK, Generator, shipped
from device.pads.hits import ALL, Hits
from device.pads.kit import Pad, kept
from device.pads.rendering import sound_of
from device.play.acts import Acts
from models.drums.shots import shot

RATE = 48_000


class Evening:
    """A board with the files of an audio process that stands still."""

    def __init__(self, folder: Path, audio: bool = True) -> None:
        self.folder, self.said = folder, []
        self.disk = Folder(folder / "kits")
        if audio:
            self.open()
        self.board = Board(folder, self.disk, say=self.said.append, clock=lambda: 5.0, seed=1)
        self.acts = Acts(self.board.acts())

    def open(self, rate: int = RATE) -> None:
        self.bank = Bank(self.folder / "pads", sample_rate_hz=rate, create=True)
        self.hits = Hits(self.folder / "hits", create=True)

    def play(self, scene: Callable[[], Awaitable[None]]) -> None:
        async def evening() -> None:
            self.board.start(asyncio.get_running_loop(), lambda readings: None)
            await scene()
            await asyncio.to_thread(self.board.rendered)
            await asyncio.sleep(0)

        try:
            asyncio.run(evening())
        finally:
            self.board.close()

    def heard(self, pad: int) -> np.ndarray:
        return self.bank.held(pad)

    def loop_plays(self) -> None:
        """As the loop does once it has left the old sounds."""
        self.bank.rows["seen"] = self.bank.rows["version"]

    async def do(self, line: str) -> str:
        spec, arguments = self.acts.read(line)
        said = await self.acts.do(spec.name, arguments)
        await asyncio.to_thread(self.board.rendered)
        self.loop_plays()
        return said


@pytest.fixture
def evening(tmp_path: Path) -> Evening:
    return Evening(tmp_path)


def test_drums_on_every_pad_at_once_and_hats_that_choke(evening: Evening) -> None:
    async def scene() -> None:
        assert "every pad" in await evening.do("pads/random")

    evening.play(scene)
    assert all(len(evening.heard(pad)) > 240 for pad in range(16))
    assert evening.bank.rows["choke"].tolist() == [0] * 6 + [1, 0, 1, 0, 1] + [0] * 5
    assert evening.said == []
    # Left as it is, it is there again another evening.
    assert kept(evening.disk, LAST) == evening.board.kit
    again = Evening(evening.folder)
    assert again.board.kit != evening.board.kit

    async def nothing() -> None:
        for _ in range(400):
            await asyncio.sleep(0.005)
            if all(len(again.heard(pad)) for pad in range(16)):
                return

    again.play(nothing)
    assert again.board.kit == evening.board.kit
    assert all(len(again.heard(pad)) for pad in range(16))


def test_acts_change_a_pad_and_undo_brings_it_back(evening: Evening) -> None:
    async def scene() -> None:
        await evening.do("pads/random 1")
        first = evening.heard(0)
        for line in ("pads/vary 1 0.5", "pads/stroke 1", "pads/class 1 cymbal", "pads/random 1"):
            before = evening.heard(0)
            assert "Pad 1" in await evening.do(line)
            assert not np.array_equal(evening.heard(0), before), line
        assert evening.board.kit.pads[0].kind == "cymbal"
        for _ in range(4):
            await evening.do("pads/undo")
        np.testing.assert_array_equal(evening.heard(0), first)
        await evening.do("pads/random 3")
        assert "mixed" in await evening.do("pads/mix 5 1 0.7 3 -0.2")
        await evening.do("pads/copy 5 6")
        np.testing.assert_array_equal(evening.heard(4), evening.heard(5))

    evening.play(scene)


def test_level_pan_and_choke_need_no_rendering_and_pitch_does(evening: Evening) -> None:
    async def scene() -> None:
        await evening.do("pads/random 2")
        version = int(evening.bank.rows["version"][1])
        await evening.do("pads/level 2 -6")
        await evening.do("pads/pan 2 -1")
        assert await evening.do("pads/choke 2 3") == "Pad 2: choke 3."
        row = evening.bank.rows[1]
        assert row["gain"] == pytest.approx(0.501, rel=1e-2)
        assert (row["pan"], row["choke"], row["version"]) == (-1.0, 3, version)
        frames = len(evening.heard(1))
        await evening.do("pads/pitch 2 12")
        assert len(evening.heard(1)) == pytest.approx(frames / 2, rel=0.01)

    evening.play(scene)


def test_hits_and_notes_go_into_the_queue_with_their_time(evening: Evening) -> None:
    async def scene() -> None:
        await evening.do("pads/hit 3")
        evening.board.note(NoteOn(1, 36, 127), 7.5)
        evening.board.note(NoteOn(10, 51, 64), 7.6)
        for silent in (NoteOn(1, 35, 9), NoteOn(1, 52, 9), NoteOff(1, 36, 64)):
            evening.board.note(silent, 8.0)
        await evening.do("pads/quiet")

    evening.play(scene)
    found = []
    while evening.hits.peek():
        found.append((evening.hits.pad, evening.hits.velocity, evening.hits.when_s))
        evening.hits.take()
    assert found == [(2, 0.8, 5.0), (0, 1.0, 7.5), (15, 64 / 127, 7.6), (ALL, 0.0, 5.0)]


def test_a_file_of_several_hits_gives_the_one_that_is_asked_for(evening: Evening) -> None:
    loop = np.zeros(RATE, np.float32)
    for n, index in enumerate((0, 1, 2)):  # a kick, a snare, a hat
        sound = 0.7 * shot(31, index)[0][: RATE // 4]
        sound *= np.linspace(1.0, 0.0, len(sound))  # one that is cut off would be a stroke
        loop[n * RATE // 3 : n * RATE // 3 + len(sound)] += sound
    path = evening.folder / "a loop.wav"
    soundfile.write(path, loop, RATE)

    async def scene() -> None:
        said = await evening.do(f"pads/from '{path}' 4 2")
        assert said == "Pad 4 is a loop.wav, a snare by its sound."
        made = evening.heard(3)
        np.testing.assert_allclose(np.abs(made).max(), PEAK, rtol=1e-4)
        start = evening.board.kit.pads[3].start
        assert start == pytest.approx(RATE / 3, abs=0.005 * RATE)
        with pytest.raises(ControlError, match="hit 9 is not there"):
            await evening.do(f"pads/from '{path}' 4 9")
        path.unlink()
        await evening.do("pads/pitch 4 1")
        await asyncio.sleep(0)
        assert "no sound file" in evening.said[-1]

    evening.play(scene)


def test_a_library_gives_what_is_most_similar_again_and_again(evening: Evening, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("ONDINE_LIBRARY", str(tmp_path / "index"))
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for index in range(21):
        sound, _ = shot(32, index)
        soundfile.write(sounds / f"{index:02}.wav", 0.8 * sound, RATE)

    async def scene() -> None:
        with pytest.raises(ControlError, match="no library yet"):
            await evening.do("pads/similar 1")
        assert "21 files" in await evening.do(f"pads/library '{sounds}'")
        with pytest.raises(ControlError, match="pad 1 is empty"):
            await evening.do("pads/similar 1")
        await evening.do(f"pads/from '{sounds}/07.wav' 1")
        kinds = []
        for _ in range(2):
            await evening.do("pads/similar 1")
            pad = evening.board.kit.pads[0]
            assert Path(pad.file).name != "07.wav"
            kinds.append((pad.kind, pad.file))
        assert [kind for kind, _ in kinds] == ["kick", "kick"]
        assert kinds[0] != kinds[1]

    evening.play(scene)
    again = Evening(evening.folder)

    async def another_evening() -> None:
        assert "Pad 1 is" in await again.do("pads/similar 1")

    again.play(another_evening)


def test_kits_are_kept_and_loaded_by_name(evening: Evening) -> None:
    async def scene() -> None:
        await evening.do("pads/random")
        first = evening.board.kit
        assert await evening.do("pads/save one") == "The kit one is kept."
        await evening.do("pads/random")
        await evening.do("pads/load one")
        assert evening.board.kit == first
        with pytest.raises(ControlError, match="there is last, one"):
            await evening.do("pads/load two")

    evening.play(scene)


@pytest.mark.parametrize(
    "line",
    [
        "pads/hit 17", "pads/hit 1 1.5", "pads/hit 0", "pads/vary 1", "pads/vary 1 3",
        "pads/class 1 gong", "pads/mix 1 2", "pads/level 1 99", "pads/pan 1 -2", "pads/pitch 1 30",
        "pads/choke 1 1.5", "pads/choke 1 9", "pads/undo", "pads/from /nowhere.wav 1",
        "pads/library /nowhere", "pads/save ../x", "pads/copy 1 2", "pads/copy 1 20",
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(evening: Evening, line: str) -> None:
    before = evening.board.kit

    async def scene() -> None:
        with pytest.raises(OndineError):
            await evening.do(line)

    evening.play(scene)
    assert evening.board.kit == before
    assert not evening.bank.rows["version"].any()


def test_without_sound_nothing_can_be_struck_and_notes_do_no_harm(tmp_path: Path) -> None:
    evening = Evening(tmp_path, audio=False)

    async def scene() -> None:
        evening.board.note(NoteOn(1, 36, 100), 1.0)
        spec, arguments = evening.acts.read("pads/hit 1")
        with pytest.raises(ControlError, match="is the sound running"):
            await evening.acts.do(spec.name, arguments)

    evening.play(scene)


def test_a_bank_of_another_rate_is_laid_anew(evening: Evening) -> None:
    async def scene() -> None:
        await evening.do("pads/random 1")
        frames = len(evening.heard(0))
        evening.open(24_000)
        evening.board._look()
        for _ in range(400):
            await asyncio.sleep(0.005)
            if len(evening.heard(0)):
                break
        assert len(evening.heard(0)) == pytest.approx(frames / 2, abs=2)

    evening.play(scene)


def test_a_damaged_kit_is_not_the_end(tmp_path: Path) -> None:
    (tmp_path / "kits").mkdir()
    (tmp_path / "kits" / "last.kit.json").write_text("{")
    evening = Evening(tmp_path)

    async def scene() -> None:
        await evening.do("pads/random 1")

    evening.play(scene)
    assert kept(evening.disk, LAST) == evening.board.kit


def test_answers_tell_what_lies_where(evening: Evening) -> None:
    async def scene() -> None:
        await evening.do("pads/random 1")
        await evening.do("pads/level 1 -3")

    evening.play(scene)
    answers = evening.board.answers()
    assert answers[0] == ("/ondine/pads/1", ["kick", "made", -3.0, 0.0, 0.0, 0])
    assert answers[6] == ("/ondine/pads/7", ["hat", "empty", 0.0, 0.0, 0.0, 1])


def test_every_act_is_there_and_named_alike(evening: Evening) -> None:
    assert {spec.name for spec in PADS_ACTS} == {spec.name for spec in evening.board.acts()}
    assert all(spec.name.startswith("pads/") for spec in PADS_ACTS)
    evening.board.close()


def test_a_made_pad_is_rendered_at_the_rate_of_the_stream() -> None:
    engine = Generator(shipped())
    pad = Pad("tom", latents=tuple(engine.random(3, np.random.default_rng(0)).tolist()), seed=2)
    at_48, at_44 = (sound_of(pad, engine, rate) for rate in (48_000, 44_100))
    assert len(at_44) == pytest.approx(len(at_48) * 44.1 / 48, abs=2)
    low, high = (np.argmax(np.abs(np.fft.rfft(x, 1 << 18))) * r for x, r in
                 ((at_48, 48_000), (at_44, 44_100)))  # fmt: skip
    assert high == pytest.approx(low, rel=0.01)

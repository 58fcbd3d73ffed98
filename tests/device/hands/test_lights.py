"""What the lights show, from a real status file that is written as the audio process does it."""

import asyncio
import os

import pytest

from device.control.panel.leds import Leds
from device.hands.lights import KEPT_S, LOOK_S, STANDS_S, Lights
from device.rung import Rung
from device.show.facts import START_S
from device.status import Status


class Stage:
    """An audio process that makes blocks when told to, and lights that look every `LOOK_S`."""

    def __init__(self, folder):
        self.status = Status(folder / "status", create=True)
        self.shown = []
        self.lights = Lights(folder / "status", lambda *shown: self.shown.append(shown))

    def look(self, looks=1, *, blocks=0, beats=1):
        """So many looks pass, with so many blocks and beats of the heart in each."""
        for _ in range(looks):
            self.status["blocks"] += blocks
            self.status["heartbeat_s"] += beats
            shown = self.lights.look()
        return shown


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def looks(seconds):
    return round(seconds / LOOK_S)


def test_from_the_start_to_the_music(stage):
    assert stage.shown == [("starting", 1)]
    assert stage.look(3) == ("starting", 1)
    assert stage.look(blocks=50) == ("playing", 1)


def test_a_process_that_never_comes_to_play_is_trouble(stage):
    assert stage.look(looks(START_S), beats=0) == ("starting", 1)
    assert stage.look(2, beats=0) == ("trouble", 1)


def test_one_that_looks_for_its_card_at_the_start_is_trouble(stage):
    stage.status.say("trouble", "There is no card hw:9. Looking on.")
    assert stage.look() == ("trouble", 1)


@pytest.mark.parametrize("beats", [0, 1], ids=["it died", "its card is gone"])
def test_when_blocks_stand_still_there_is_trouble_until_they_go_on(stage, beats):
    stage.look(4, blocks=50)
    assert stage.look(looks(STANDS_S), beats=beats) == ("playing", 1)
    assert stage.look(1, beats=beats) == ("trouble", 1)
    assert stage.look(1, blocks=1) == ("playing", 1)


def test_trouble_comes_before_the_rung_and_the_rung_before_a_take(stage):
    stage.look(4, blocks=50)
    stage.lights.kept()
    stage.status["rung"] = Rung.DRY
    assert stage.look(1, blocks=50) == ("rung", 3)
    assert stage.look(looks(STANDS_S) + 1) == ("trouble", 1)


@pytest.mark.parametrize(("rung", "flashes"), [(1, 1), (2, 2), (3, 3), (4, 4), (77, 4)])
def test_a_rung_is_shown_by_its_number(stage, rung, flashes):
    stage.status["rung"] = rung
    assert stage.look(blocks=1) == ("rung", flashes)


def test_a_sentence_while_the_music_plays_is_no_trouble(stage):
    stage.status.say("trouble", "the built-in instrument cannot be fallen back to")
    assert stage.look(blocks=50) == ("playing", 1)


def test_a_take_that_was_kept_is_shown_for_two_seconds(stage):
    stage.look(blocks=50)
    stage.lights.kept()
    assert stage.look(looks(KEPT_S), blocks=50) == ("recording", 1)
    assert stage.look(1, blocks=50) == ("playing", 1)
    stage.lights.kept()
    stage.look(3, blocks=50)
    stage.lights.kept()
    assert stage.look(looks(KEPT_S), blocks=50) == ("recording", 1)


def test_when_the_input_has_ended_they_are_out(stage):
    stage.look(blocks=50)
    stage.status["stopped"] = 1
    assert stage.look() == ("off", 1)


@pytest.mark.parametrize("content", [None, b"", b"\0" * 100])
def test_a_status_that_is_missing_or_of_another_version_is_a_start(tmp_path, content):
    if content is not None:
        (tmp_path / "status").write_bytes(content)
    assert Lights(tmp_path / "status", print).look() == ("starting", 1)


def test_a_process_that_was_started_again_starts(stage, tmp_path):
    stage.look(8, blocks=50)
    os.unlink(tmp_path / "status")
    stage.status = Status(tmp_path / "status", create=True)
    assert stage.look() == ("starting", 1)
    assert stage.look(1, blocks=1) == ("playing", 1)


def test_as_a_source_it_shows_at_once_and_is_put_out(tmp_path):
    status = Status(tmp_path / "status", create=True)
    status["blocks"] = 1
    leds = Leds(lambda: 0.0)
    lights = Lights(tmp_path / "status", leds.show)

    async def scene():
        assert leds.lit(("starting",), 0.1)
        lights.start(asyncio.get_running_loop(), lambda readings: None)
        assert leds.lit(("playing",), 0.1)
        lights.close()
        lights.close()
        assert not leds.lit((), 0.1)

    asyncio.run(scene())


def test_a_box_that_is_being_switched_off_tells_so_before_all_else(stage):
    stage.status["rung"] = Rung.DRY
    stage.look(4, blocks=50)
    stage.lights.leaving(True)
    assert stage.shown[-1] == ("leaving", 1)
    assert stage.look(blocks=50) == ("leaving", 1)
    stage.lights.leaving(False)
    assert stage.look(blocks=50) == ("rung", 3)

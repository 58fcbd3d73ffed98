"""A learned map, end to end: the manual's own example, sent to a real `ondine play`."""

import os
import re
import socket
from pathlib import Path

import pytest

from device.params import FIXED, ParamTable
from tests.device.control.packets import message
from tests.device.stage import read_until, until
from tests.device.test_scenes import QUIET, do, stop, write

PAGE = Path(__file__).parents[2] / "docs" / "learning.md"
LATENTS = [FIXED[f"latent_bias_{i}"].slot for i in range(4)]


def latents(stage):
    return ParamTable(stage.run / "params").values()[LATENTS].tolist()


class Knobs:
    """Two controls that are moved from outside: another app's numbers."""

    def __init__(self, stage):
        found = re.search(r"Other apps on 127\.0\.0\.1 port (\d+)", stage.lines)
        assert found, stage.lines
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", int(found[1])))
        self.stage = stage

    def turn(self, one, two):
        """Turn both, and wait until the box knows."""
        self.socket.send(message("/wek/inputs", "ff", one, two))
        asked = "/ondine/map"
        until(
            lambda: (
                self.stage.ask(asked).get("/ondine/map/input/wek/2", [two])
                == [pytest.approx(two, abs=1e-6)]
            )
        )


@pytest.mark.slow
def test_the_manuals_example_plays(stage):
    process = stage.playing("glass", *QUIET, "--apps-port", "0")
    knobs = Knobs(stage)
    lines = re.findall(r"```\n(ondine map.*?)```", PAGE.read_text(), re.S)[0].splitlines()
    paired = []
    knobs.turn(0.5, 0.5)
    for line in lines:
        if found := re.fullmatch(r"# knob/1 ([\d.]+) knob/2 ([\d.]+)", line):
            knobs.turn(float(found[1]), float(found[2]))
            continue
        # The example's knobs are those of a panel; here another app's numbers stand for them.
        group, act, *arguments = line.replace("knob/", "wek/").split()[1:]
        assert do(stage, f"{group}/{act}", *arguments)
        if line == "ondine map pair":
            paired.append(latents(stage))
    told = stage.ask("/ondine/map")
    assert told["/ondine/map/pairs"] == [2]
    assert told["/ondine/map/mode"] == ["play"]
    # At a pair it is the paired sound, exactly; half-way it is half-way.
    knobs.turn(0.1, 0.9)
    until(lambda: latents(stage) == pytest.approx(paired[0], abs=1e-4))
    knobs.turn(0.9, 0.1)
    until(lambda: latents(stage) == pytest.approx(paired[1], abs=1e-4))
    knobs.turn(0.5, 0.5)
    middle = [(a + b) / 2 for a, b in zip(*paired[:2], strict=True)]
    until(lambda: latents(stage) == pytest.approx(middle, abs=1e-4))
    stop(process)


@pytest.mark.slow
def test_a_scene_keeps_the_map_and_the_box_starts_with_it(stage):
    process = stage.playing("glass", *QUIET, "--apps-port", "0")
    knobs = Knobs(stage)
    knobs.turn(0.25, 0.5)
    do(stage, "map/begin", "wek/1")
    do(stage, "map/random")
    low = latents(stage)
    do(stage, "map/pair")
    knobs.turn(0.75, 0.5)
    do(stage, "map/far")
    high = latents(stage)
    do(stage, "map/pair")
    do(stage, "scene/save", "Learned")
    stop(process)
    stage.hang_up()
    process = stage.playing(*QUIET, "--apps-port", "0")
    knobs = Knobs(stage)
    assert stage.ask("/ondine/map")["/ondine/map/pairs"] == [2]
    knobs.turn(0.25, 0.5)
    until(lambda: latents(stage) == pytest.approx(low, abs=1e-4))
    knobs.turn(0.75, 0.5)
    until(lambda: latents(stage) == pytest.approx(high, abs=1e-4))
    stop(process)


@pytest.mark.slow
def test_two_buttons_are_enough(stage):
    """Found by chance, posed, paired: without a screen, by what the usual patch has for buttons."""
    process = stage.playing("glass", *QUIET, "--apps-port", "0")
    knobs = Knobs(stage)
    knobs.turn(0.2, 0.5)
    stage.send("/ondine/map/begin", "s", "wek/1")
    read_until(process, ".*map")
    stage.send("/ondine/map/random", "i", 1)
    stage.send("/ondine/map/random", "i", 0)  # let go: nothing is pressed by that
    read_until(process, ".*[Cc]hance|.*sound")
    stage.send("/ondine/map/pair", "i", 1)
    read_until(process, "Pair 1 of")
    until(lambda: stage.ask("/ondine/map")["/ondine/map/pairs"] == [1])
    stop(process)


@pytest.mark.slow
def test_wekinators_commands_are_obeyed(stage):
    process = stage.playing("glass", *QUIET, "--apps-port", "0")
    knobs = Knobs(stage)
    knobs.turn(0.2, 0.5)
    knobs.socket.send(message("/wekinator/control/startRecording"))
    read_until(process, ".*map")
    knobs.socket.send(message("/wekinator/control/stopRecording"))
    until(lambda: stage.ask("/ondine/map").get("/ondine/map/pairs") == [1])
    knobs.socket.send(message("/wekinator/control/startRunning"))
    until(lambda: stage.ask("/ondine/map")["/ondine/map/mode"] == ["play"])
    stop(process)


@pytest.mark.slow
def test_buttons_and_knobs_of_the_box_are_enough(stage):
    """A sound by chance, a pose, paired; twice: on a panel at the level of its buses and pins."""
    profile = stage.folder / "profile.toml"
    profile.write_text(
        "[panel]\nknobs = [{channel = 0}, {channel = 1}]\nbuttons = [{pin = 23}, {pin = 24}]\n"
    )
    patch = {"format": 1, "presses": {"button/1": "map/random", "button/2": "map/pair"}}
    moves = []
    for turn, place in enumerate((0.2, 0.8)):
        for at_s, param, to in (
            (0.4, "button/1", 1.0),
            (0.6, "button/1", 0.0),
            (0.8, "knob/1", place),
            (1.4, "button/2", 1.0),
            (1.6, "button/2", 0.0),
        ):
            moves.append({"at_s": at_s + 2.0 * turn, "param": param, "to": to})
    os.environ["ONDINE_PROFILE"] = str(profile)
    try:
        options = ("--patch", write(stage, "patch.json", patch))
        options += ("--simulate", write(stage, "moves.json", moves))
        process = stage.playing("glass", *QUIET, *options)
    finally:
        del os.environ["ONDINE_PROFILE"]
    read_until(process, "Pair 1 of a smooth map")
    read_until(process, "Pair 2 of a smooth map")
    told = stage.ask("/ondine/map")
    assert told["/ondine/map/mode"] == ["play"]
    assert {"/ondine/map/input/knob/1", "/ondine/map/input/knob/2"} <= told.keys()
    stop(process)

"""Walking through a panel, simulated down to its buses, with a clock that no test waits for."""

import json
import os
import pty
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from device.cli import cli
from device.config import read_profile
from device.control.panel.profile import (
    AnalogProfile,
    ButtonProfile,
    DisplayProfile,
    EncoderProfile,
    LedProfile,
    PanelProfile,
)
from device.control.panel.simulate import SimulatedWiring
from device.control.panel.wiring import RealWiring
from device.errors import ControlError
from device.gig.finding import exit_code
from device.gig.panel_parts import PanelParts, advice
from device.gig.panel_show import SCRIPT_PATIENCE_S, Screen, Terminal, bar, seen_in, walk_panel
from device.gig.panel_tasks import Seen, Task, heard, tasks
from device.gig.panel_walk import View, Walk

HARDWARE = Path(__file__).parents[2] / "hardware"
SMALL = PanelProfile(
    knobs=(AnalogProfile(0), AnalogProfile(1)),
    encoders=(EncoderProfile(pin_a=17, pin_b=27, push=22, detents=20),),
    buttons=(ButtonProfile(23, kind="latching"),),
    leds=(LedProfile(25), LedProfile(12)),
)


class Hands:
    """Somebody who does what is asked for, and a clock that goes as they wait.

    `does` says how each control is moved in turn; `keys` which keys are pressed for it.
    """

    def __init__(self, panel, keys=None, moves=True):
        self.now_s = 50.0
        self.wiring = SimulatedWiring(panel, lambda: self.now_s)
        self.panel, self.moves, self.keys = panel, moves, dict(keys or {})
        self.asked, self.since_s, self.seen_views, self.told = "", 0.0, [], []

    def clock(self):
        return self.now_s

    def wait(self, seconds):
        self.now_s += seconds

    def tell(self, view):
        if view.task.name != self.asked:
            self.asked, self.since_s = view.task.name, self.now_s
        self.seen_views.append(view)
        if self.moves and view.task.name in self.wiring.controls:
            low, high = (-3, 3) if view.task.manner == "turn" else (0, 1)
            # Down and up again; a box is leaned more slowly than a knob is turned.
            step = int((self.now_s - self.since_s) / (0.7 if view.task.alone else 0.1))
            self.move(view.task.name, high if step % 2 else low)

    def move(self, name, value):
        self.wiring.move(name, value)

    def key(self, task):
        return self.keys.get(task.name, "")

    def walk(self, patience_s=2.0, eye=True):
        parts = PanelParts(self.panel, self.wiring, self.clock)
        look = seen_in(self.wiring, parts) if eye else None
        walk = Walk(
            self.panel,
            parts,
            self.clock,
            self.wait,
            self.key,
            self.tell,
            self.told.append,
            patience_s,
            look,
        )
        try:
            return {f.what: f for f in walk.through(tasks(self.panel))}
        finally:
            parts.close()


@pytest.mark.parametrize("box", ["pi4", "pi5", "jetson-orin-nano"])
def test_everything_on_a_box_is_walked_through(box):
    panel = read_profile(HARDWARE / box / "profile.toml").panel
    hands = Hands(panel)
    found = hands.walk()
    assert [f.what for f in found.values() if f.level != "fine"] == []
    assert {"knob/8", "pedal/1", "encoder/1", "encoder/2/push", "foot/1", "foot/2"} <= set(found)
    assert {"distance/1", "motion/1/energy", "light/1", "light/2"} <= set(found)
    assert len(found) == len(tasks(panel))
    assert exit_code(found.values()) == 0
    # The lights are out afterwards.
    assert set(hands.wiring.board.outputs.values()) == {False}


def test_each_task_says_where_it_is_wired():
    where = {task.name: task.where for task in tasks(SMALL)}
    assert where["knob/2"] == "channel 1 (leg 2) of the MCP3008 at SPI 0.0"
    assert where["encoder/1"] == "A GPIO17 (pin 11), B GPIO27 (pin 13), C to ground"
    assert where["encoder/1/push"] == "GPIO22 (pin 15), to ground"
    assert where["light/2"] == "GPIO12 (pin 32)"


def test_what_nobody_moves_is_a_worry_that_names_it():
    found = Hands(SMALL, moves=False).walk()
    assert exit_code(found.values()) == 1
    assert found["knob/1"].level == "worry"
    assert "not seen: low end and high end. Wired to: channel 0" in found["knob/1"].sentence
    assert "not seen: one way and the other way" in found["encoder/1"].sentence
    assert "not seen: let go and pressed" in found["button/1"].sentence
    assert found["light/1"].level == "fine"


def test_half_of_it_is_not_enough():
    hands = Hands(SMALL, moves=False)
    tell = hands.tell

    def half(view):
        tell(view)
        if view.task.name == "knob/1":
            hands.move("knob/1", 1.0)

    hands.tell = half
    assert "not seen: low end." in hands.walk()["knob/1"].sentence


def test_swapped_wires_are_noticed():
    hands = Hands(SMALL, moves=False)
    tell = hands.tell

    def other(view):
        tell(view)
        if view.task.name == "knob/1" and hands.now_s > hands.since_s + 0.2:
            hands.move("knob/2", 1.0)

    hands.tell = other
    found = hands.walk()
    assert "knob/2 moved instead: compare the wires" in found["knob/1"].sentence
    # What moved out of its turn has not been tried; where it stands counts as one end.
    assert "not seen: low end." in found["knob/2"].sentence


def test_a_dead_part_is_named_with_what_to_look_at():
    panel = read_profile(HARDWARE / "pi4/profile.toml").panel
    hands = Hands(panel)
    hands.wiring.move("fault/spi", 1)
    hands.wiring.move("fault/motion/1", 1)
    found = hands.walk()
    assert exit_code(found.values()) == 2
    assert found["knob/1"].level == "stop"
    assert found["knob/1"].sentence == (
        "The MCP3008 at SPI 0.0 does not answer: no MCP3008 answers. Look at its power and its "
        "wires CLK, DIN, DOUT and CS: the drawing has their pins. Wired to: channel 0 (leg 1) of "
        "the MCP3008 at SPI 0.0."
    )
    assert "Motion/1 does not answer: Remote I/O error." in found["motion/1/roll"].sentence
    assert "`i2cdetect -y 1`" in found["motion/1/roll"].sentence
    assert found["pedal/1"].level == "fine"
    # Eight knobs of one dead chip are not waited for eight times.
    waits = [v for v in hands.seen_views if v.task.name == "knob/8"]
    assert len(waits) < 5


def test_a_part_that_is_plugged_in_meanwhile_counts():
    hands = Hands(SMALL)
    hands.wiring.move("fault/spi", 1)
    tell = hands.tell

    def plugged(view):
        tell(view)
        if view.task.name == "knob/1" and hands.now_s > hands.since_s + 1.0:
            hands.wiring.move("fault/spi", 0)

    hands.tell = plugged
    assert Hands.walk(hands, patience_s=10.0)["knob/1"].level == "fine"
    assert any("does not answer" in view.hint for view in hands.seen_views)


def test_keys_skip_stop_and_answer():
    keys = {"knob/1": "s", "light/1": "y", "light/2": "n"}
    hands = Hands(SMALL, keys)
    found = hands.walk(patience_s=float("inf"), eye=False)
    assert [found[name].level for name in ("knob/1", "light/1", "light/2")] == [
        "worry",
        "fine",
        "worry",
    ]
    assert "was not seen to blink alone" in found["light/2"].sentence
    stopped = Hands(SMALL, {"encoder/1": "q"}, moves=False)
    stopped.keys |= {"knob/1": "s", "knob/2": "s"}
    found = stopped.walk(patience_s=float("inf"))
    assert "not tried" in found["button/1"].sentence
    assert stopped.asked == "encoder/1"
    assert [finding.what for finding in stopped.told] == ["knob/1", "knob/2", "encoder/1"]


def test_only_the_light_that_is_asked_for_blinks():
    hands = Hands(SMALL, {"knob/1": "s", "knob/2": "s"})
    states = {"light/1": set(), "light/2": set()}
    tell = hands.tell

    def look(view):
        tell(view)
        if view.task.name in states:
            outputs = hands.wiring.board.outputs
            states[view.task.name].add((outputs[25], outputs[12]))

    hands.tell = look
    hands.walk()
    assert states["light/1"] <= {(True, False), (False, False)}
    assert states["light/2"] <= {(False, True), (False, False)}
    assert (False, True) in states["light/2"]


DISPLAYS = PanelProfile(
    displays=(DisplayProfile(), DisplayProfile(kind="sh1106", address=0x3D, height=32)),
    leds=(LedProfile(25),),
)


def test_displays_are_walked_through_like_lights():
    pytest.importorskip("PIL.Image", reason="Pillow comes with ondine[oled]")
    hands = Hands(DISPLAYS)
    found = hands.walk()
    assert list(found) == ["display/1", "display/2", "light/1"]
    assert {finding.level for finding in found.values()} == {"fine"}
    assert found["display/2"].sentence == "the SH1106 at I2C 0x3d"
    keys = {"display/1": "y", "display/2": "n", "light/1": "y"}
    found = Hands(DISPLAYS, keys).walk(patience_s=float("inf"), eye=False)
    assert [found[name].level for name in keys] == ["fine", "worry", "fine"]
    assert "was not seen to blink alone" in found["display/2"].sentence


def test_a_display_shows_its_name_in_a_whole_frame_and_the_other_stays_dark():
    pytest.importorskip("PIL.Image", reason="Pillow comes with ondine[oled]")
    hands = Hands(DISPLAYS)
    parts = PanelParts(DISPLAYS, hands.wiring, hands.clock)
    first, second = parts.displays
    parts.lights.chosen = "display/1"
    parts.turn(100.0)
    picture = first.glass.picture
    assert picture.getbbox() == (0, 0, 128, 64)
    assert all(picture.getpixel((x, y)) for x in (0, 127) for y in range(64))
    assert not second.glass.lit
    parts.turn(100.3)
    assert not first.glass.lit
    parts.lights.chosen = "display/2"
    parts.turn(100.5)
    assert second.glass.picture.size == (128, 32)
    glass = second.glass
    parts.close()
    assert not glass.lit


def test_a_display_that_is_not_there_cannot_be_said_yes_to():
    panel = replace(DISPLAYS, i2c_bus=31)
    hands = Hands(panel, {"display/1": "y", "display/2": "s", "light/1": "s"}, moves=False)
    hands.wiring = RealWiring()
    found = hands.walk(eye=False)
    assert found["display/1"].level == "stop"
    assert "The display at I2C 0x3c does not answer:" in found["display/1"].sentence


def test_an_encoder_that_goes_round_is_seen_both_ways():
    task = replace(tasks(SMALL)[2], wrap=True, start=0.0)
    assert task.manner == "turn"
    back = heard(task, Seen(), 0.95)
    assert (back.low, back.high) == (True, False)
    assert heard(task, back, 0.0).done


def test_a_button_let_go_before_it_was_pressed_is_none():
    task = next(task for task in tasks(SMALL) if task.manner == "press")
    assert not heard(task, Seen(), 0.0).low
    assert heard(task, heard(task, Seen(), 1.0), 0.0).done


@pytest.mark.parametrize(
    ("bus", "trouble", "words"),
    [
        ("spi", "/dev/spidev0.0: No such file or directory", "dtparam=spi=on"),
        ("spi", "/dev/spidev0.0: Permission denied", "group spi"),
        ("i2c", "/dev/i2c-1: No such file or directory", "dtparam=i2c_arm=on"),
        ("i2c", "/dev/i2c-1: Permission denied", "group i2c"),
        ("pins", "Permission denied", "group gpio"),
        ("pins", "GPIO busy", "gpioinfo"),
        ("event", "the kernel has no input device 'rotary@11'", "dtoverlay=rotary-encoder"),
        ("event", "Permission denied", "group input"),
        ("spi", "spidev is not installed; pip install 'ondine[panel]'", ""),
    ],
)
def test_the_reason_leads_to_the_right_advice(bus, trouble, words):
    said = advice(bus, trouble, SMALL)
    assert words in said
    assert bool(said) == bool(words)


def test_a_kernel_s_encoder_is_tried_and_missed():
    panel = PanelProfile(encoders=(EncoderProfile(event="rotary@11"),))
    assert Hands(panel).walk()["encoder/1"].level == "fine"
    hands = Hands(panel)
    hands.wiring.move("fault/pins", 1)
    found = hands.walk()["encoder/1"]
    assert found.level == "stop"
    assert "dtoverlay=rotary-encoder" in found.sentence


def test_a_computer_without_any_of_it_says_so_and_ends(tmp_path):
    hands = Hands(PanelProfile(spi_bus=15, i2c_bus=31, knobs=SMALL.knobs, leds=SMALL.leds))
    hands.wiring, hands.moves = RealWiring(), False
    found = hands.walk(eye=False)
    assert {finding.level for finding in found.values()} == {"stop"}


def test_a_panel_s_words_fit_a_console(tmp_path):
    hands = Hands(SMALL)
    path = tmp_path / "out.txt"
    with path.open("w") as file:
        console = Console(file=file, width=100, force_terminal=False)
        code = walk_panel("small", SMALL, hands.wiring, console, clock=hands.clock, wait=hands.wait)
    # Nobody moves it and there are no keys: it ends by itself, and the lights are seen.
    assert code == 1
    text = path.read_text()
    assert "What is marked ! was not seen to work." in text
    assert "knob/2" in text
    assert hands.now_s < 50.0 + 6 * SCRIPT_PATIENCE_S


def test_a_profile_without_a_panel_is_refused():
    hands = Hands(PanelProfile())
    with pytest.raises(ControlError, match="has no panel"):
        walk_panel("desktop", PanelProfile(), hands.wiring, Console())


def test_the_live_part_names_what_is_asked_for(tmp_path):
    with (tmp_path / "out.txt").open("w") as file:
        console = Console(file=file, width=90, force_terminal=True, color_system=None)
        screen = Screen(console, lambda: 0.0, "s skip")
        task = tasks(SMALL)[0]
        screen.tell(View(1, 7, task, Seen(low=True, last=0.5), "knob/2 moved instead."))
        screen.close()
    text = (tmp_path / "out.txt").read_text()
    for words in ("1 of 7", "knob/1", "turn it to both ends", "channel 0", "0.50", "s skip"):
        assert words in text
    assert "knob/2 moved instead." in text


def test_a_bar_is_full_at_one():
    assert (bar(None).count("█"), bar(0.5).count("█"), bar(1.0).count("█")) == (0, 12, 24)


def test_the_keys_of_a_terminal_answer_and_move():
    ours, theirs = pty.openpty()
    wiring = SimulatedWiring(SMALL, time.monotonic)
    terminal = Terminal(wiring, theirs)
    try:
        knob, light = tasks(SMALL)[1], tasks(SMALL)[-1]
        assert terminal.key(knob) == ""
        os.write(ours, b"s")
        assert terminal.key(knob) == "s"
        os.write(ours, b"1--")
        assert terminal.key(knob) == ""
        assert wiring.value("knob/2") == pytest.approx(0.9)
        os.write(ours, b"\x1b[A")
        assert terminal.key(knob) == ""
        assert wiring.value("knob/2") == pytest.approx(0.95)
        os.write(ours, b"1")  # nothing moves a light
        assert terminal.key(light) == ""
        os.write(ours, b"Y")
        assert terminal.key(Task("light/1", "pins", "the pins", "", "", "light")) == "y"
    finally:
        terminal.close()
        os.close(ours)
        os.close(theirs)


def script(panel):
    """A timeline that does what is asked for, one thing every second."""
    events, at_s = [], 0.0
    for task in tasks(panel):
        if task.manner == "light":
            continue
        ends = {"turn": (2, -2), "press": (1, 0)}.get(task.manner, (0.0, 1.0))
        for to in ends:
            events.append({"at_s": round(at_s, 3), "param": task.name, "to": to})
            at_s += 0.15
    return events


def test_the_command_walks_a_script(tmp_path, monkeypatch):
    profile = tmp_path / "profile.toml"
    profile.write_text(
        'name = "small"\n[panel]\nknobs = [{channel = 0}]\n[[panel.buttons]]\npin = 5\n'
        "[[panel.leds]]\npin = 6\n"
    )
    monkeypatch.setenv("ONDINE_PROFILE", str(profile))
    path = tmp_path / "script.json"
    path.write_text(json.dumps(script(read_profile(profile).panel)))
    result = CliRunner().invoke(cli, ["check", "--panel", "--json", "--simulate", str(path)])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["code"]) == (0, 0)
    assert told["verdict"] == "Everything on the panel works."
    assert [row["what"] for row in told["findings"]] == ["knob/1", "button/1", "light/1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--panel", "glass"], "--panel goes without an instrument"),
        (["--simulate"], "--simulate with --panel"),
        (["--panel", "--simulate", "nowhere.json"], "cannot read the timeline nowhere.json"),
        (["--panel"], "nobody can be asked"),
    ],
)
def test_what_cannot_be_asked_for_is_said(arguments, words, monkeypatch):
    monkeypatch.setenv("ONDINE_PROFILE", str(HARDWARE / "pi4/profile.toml"))
    result = CliRunner().invoke(cli, ["check", *arguments])
    assert result.exit_code in (1, 2)
    assert words in result.stderr

"""The buttons of the boxes that ship: pressed on simulated pins, and what comes of it."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from device.config import read_profile
from device.control.panel.profile import named
from device.hands.hands import Hands
from device.hands.patching import usual_patch
from device.params import FIXED, ParamTable, specs_of
from device.play.acts import Acts
from device.play.box_acts import BOX_ACTS
from device.power.acts import POWER_ACTS
from device.power.power import BUTTON, Power
from tests.bundles import tiny_autoencoder
from tests.device.control.panel.stage import Stage
from tests.device.stage import finish, read_until, until

HARDWARE = Path(__file__).parents[2] / "hardware"
BOXES = ("pi4", "pi5", "jetson-orin-nano")
SHORT_S, LONG_S, POWER_S = 0.15, 1.0, 3.2
TURN_S = 0.01
WANTED = (
    ("foot/1", SHORT_S, "scene/next"),
    ("foot/1", LONG_S, "scene/save"),
    ("foot/2", SHORT_S, "map/pair"),
    ("foot/2", LONG_S, "map/toggle"),
    ("foot/3", SHORT_S, "map/random"),
    ("foot/3", LONG_S, "map/undo"),
    ("foot/4", SHORT_S, "scene/previous"),
    ("foot/4", LONG_S, "panic"),
    ("power", LONG_S, None),
    ("power", POWER_S, "box/shutdown"),
)
"""What docs/playing.md and docs/box.md promise: which button, held for how long, does what."""


def pressed(box):
    """A hand on the simulated panel of a box: what presses come to, as acts."""
    panel = read_profile(HARDWARE / box / "profile.toml").panel
    stage, acts = Stage(panel), []
    hands = Hands(
        usual_patch(panel, specs_of(tiny_autoencoder().manifest)),
        specs_of(tiny_autoencoder().manifest),
        [],
        take=lambda readings: None,
        values=dict,
        say=lambda sentence: None,
        press=acts.append,
        buttons=named(panel.buttons, "button"),
    )

    def press(names, seconds):
        acts.clear()
        for value, held_s in ((1.0, seconds), (0.0, 0.3)):
            for name in names:
                stage.wiring.move(name, value)
            hands.hear(stage.play(held_s, TURN_S))
        return list(acts)

    return stage, press


@pytest.mark.parametrize("box", BOXES)
def test_each_press_is_the_act_that_is_promised_from_the_first_on(box):
    stage, press = pressed(box)
    stage.play(0.1)
    for name, seconds, act in WANTED:
        assert (name, press([name], seconds)) == (name, [act] if act else [])


def test_a_jetson_whose_pins_were_not_set_up_yet_does_nothing():
    """All of its pins read as low, and so as pressed, from the start."""
    stage, press = pressed("jetson-orin-nano")
    everything = [name for name in stage.wiring.controls if name.startswith(("foot/", "power"))]
    everything += ["encoder/1/push", "encoder/2/push"]
    assert len(everything) == 7
    assert press(everything, POWER_S) == []


@pytest.mark.parametrize("box", BOXES)
def test_every_button_of_a_box_is_promised_something(box):
    panel = read_profile(HARDWARE / box / "profile.toml").panel
    assert {name for name, _, _ in WANTED} == set(named(panel.buttons, "button"))


def test_what_is_promised_are_acts_that_there_are():
    acts = Acts(dict.fromkeys((*BOX_ACTS, *POWER_ACTS), lambda: ""))
    for act in ("panic", "box/shutdown"):
        assert acts.read(act)[0].name == act
    assert BUTTON == "power"


def test_the_power_button_fades_and_leaves_the_wish_that_systemd_looks_for(tmp_path):
    gains, lights = [0.0], []

    async def sleep(seconds):
        (tmp_path / "poweroff").unlink(missing_ok=True)
        await asyncio.sleep(0)

    power = Power(
        tmp_path,
        box=True,
        gain_db=lambda: gains[-1],
        set_gain_db=gains.append,
        least_db=FIXED["output_gain_db"].minimum,
        pending=lambda: False,
        light=lights.append,
        first_day=lambda: "",
        say=lambda sentence: None,
        sleep=sleep,
    )
    stage, press = pressed("jetson-orin-nano")
    stage.play(0.1)
    (line,) = press(["power"], POWER_S)
    acts = Acts(power.acts())
    asyncio.run(acts.do(*acts_of(acts, line)))
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] == FIXED["output_gain_db"].minimum
    assert lights == [True]


def acts_of(acts, line):
    spec, arguments = acts.read(line)
    return spec.name, arguments


def script():
    """Scene 0 is saved, a knob turned, scene 1 saved; next, previous, panic, and power held."""
    moves = []
    at_s = 0.6
    for name, held_s in (
        ("foot/1", LONG_S),
        ("knob/1", 0.0),
        ("foot/1", LONG_S),
        ("foot/1", SHORT_S),
        ("foot/4", SHORT_S),
        ("foot/4", LONG_S),
        ("power", POWER_S),
    ):
        moves.append({"at_s": round(at_s, 3), "param": name, "to": 1.0})
        at_s += held_s
        if held_s:
            moves.append({"at_s": round(at_s, 3), "param": name, "to": 0.0})
        at_s += 0.7
    return moves


@pytest.mark.slow
@pytest.mark.parametrize("box", BOXES)
def test_pressed_it_plays_other_scenes_is_muted_and_says_what_it_cannot(box, stage, monkeypatch):
    """All of it: pins, panel, hands, acts, scenes, and the table that audio reads."""
    monkeypatch.setenv("ONDINE_PROFILE", str(HARDWARE / box / "profile.toml"))
    path = stage.folder / "moves.json"
    path.write_text(json.dumps(script()))
    quiet = ("--card", "none", "--input", "silence")
    process = stage.playing("glass", *quiet, "--simulate", str(path))
    seen = []

    def changed():
        table = ParamTable(stage.run / "params").values()
        now = [float(table[FIXED[id].slot]) for id in ("latent_bias_0", "output_gain_db")]
        if now not in seen:
            seen.append(now)
        return seen[-1][1] == FIXED["output_gain_db"].minimum

    until(changed)
    said = read_until(process, "This computer is more")
    process.send_signal(signal.SIGINT)
    code, out, _ = finish(process)
    assert code == 0
    sentences = [line for line in (stage.lines + said + out).splitlines() if line.strip()]
    order = ("Scene 0", "Scene 1", "Scene 0", "Scene 1", "Muted.", "This computer is more")
    found = [s for s in sentences if s.startswith(("Scene", "Muted", "This computer"))]
    assert len(found) == len(order)
    for sentence, beginning in zip(found, order, strict=True):
        assert sentence.startswith(beginning)
    # From the middle, as well as ten bits can tell, to the end.
    assert min(abs(latent) for latent, _ in seen) < 0.02
    assert max(latent for latent, _ in seen) == FIXED["latent_bias_0"].maximum

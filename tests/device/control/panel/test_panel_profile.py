"""The panel's part of a profile: read strictly, and everything wrong with it said at once."""

from pathlib import Path

import pytest

from device.config import read_profile
from device.control.panel.profile import EncoderProfile, named
from device.errors import ConfigError
from tests.device.control.panel.stage import Stage

HARDWARE = Path(__file__).parents[4] / "hardware"


def problems(tmp_path, text):
    """The sentence a profile with this text is refused with."""
    path = tmp_path / "profile.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_profile(path)
    return str(error.value)


def test_the_pi_s_panel_is_whole_and_plays_when_simulated():
    panel = read_profile(HARDWARE / "pi4/profile.toml").panel
    assert named(panel.knobs, "knob") == [f"knob/{i}" for i in range(1, 9)]
    feet = ["foot/1", "foot/2", "foot/3", "foot/4"]
    assert [button.name for button in panel.buttons] == [*feet, "power"]
    assert panel.encoders[1] == EncoderProfile(pin_a=5, pin_b=6, push=13, detents=24, wrap=True)
    stage = Stage(panel)
    stage.play(0.5)
    assert {"knob/8", "pedal/1", "distance/1", "motion/1/energy"} <= set(stage.values)
    assert all(part.answers for part in stage.parts)


def test_the_desktop_s_example_is_one(tmp_path):
    text = (HARDWARE / "desktop/profile.toml").read_text()
    before, example = text.split("# [panel]\n")
    path = tmp_path / "profile.toml"
    lines = [line.removeprefix("# ") for line in example.splitlines()]
    path.write_text(before + "[panel]\n" + "\n".join(lines))
    panel = read_profile(path).panel
    assert (len(panel.knobs), len(panel.encoders), len(panel.buttons), len(panel.leds)) == (
        2,
        1,
        1,
        1,
    )


def test_all_mistakes_in_tables_are_said_at_once(tmp_path):
    said = problems(
        tmp_path,
        "[panel]\nrate = 100\nrate_hz = 5\n"
        'knobs = [{chanel = 1}, {channel = 9, chip = "mcp3004"}]\n'
        "leds = 3\nencoders = [{quarters = 3}, {quarters = true}]\nmotions = [1]\n"
        '[[panel.buttons]]\npin = "5"\nkind = "latch"\n',
    )
    for part in (
        "panel.rate is unknown; did you mean rate_hz?",
        "panel.rate_hz is 5, outside 20..1000",
        "panel.knobs[1].chanel is unknown; did you mean channel?",
        "panel.knobs[1].channel is missing",
        "panel.knobs[2].channel is 9, outside 0..7",
        "panel.knobs[2].chip is 'mcp3004'; it may be mcp3008, ads1115",
        "panel.leds is 3; write it as tables [[panel.leds]]",
        "panel.motions is [1]; write it as tables [[panel.motions]]",
        "panel.encoders[1].quarters is 3; it may be 1, 2, 4",
        "panel.encoders[2].quarters is True; it may be 1, 2, 4",
        "panel.buttons[1].pin is '5', not a whole number",
        "panel.buttons[1].kind is 'latch'; it may be momentary, latching",
    ):
        assert part in said


def test_what_cannot_be_together_is_said_at_once(tmp_path):
    said = problems(
        tmp_path,
        '[panel]\nknobs = [{channel = 1}, {channel = 1}, {channel = 4, chip = "ads1115"}]\n'
        'pedals = [{channel = 2, name = "Pedal 1"}, {channel = 3, name = "knob/1"}]\n'
        "encoders = [{pin_a = 5, pin_b = 5}, {pin_a = 6}, {event = 'rotary@1', pin_a = 7}]\n"
        "buttons = [{pin = 6}]\ndistances = [{near_mm = 300, far_mm = 300}, {}]\n"
        'leds = [{pin = 6, shows = ["play"]}]\n',
    )
    for part in (
        "panel.knobs[2].channel is 1, as panel.knobs[1].channel of the same chip is",
        "panel.knobs[3].channel is 4, outside 0..3 of an ADS1115",
        "panel.pedals[1].name is 'Pedal 1'; write it as knob/1",
        "panel.pedals[2].name is knob/1, as panel.knobs[1] is called",
        "panel.encoders[1].pin_b is 5, as panel.encoders[1].pin_a is",
        "panel.encoders[2] needs pin_a and pin_b, or an event",
        "panel.encoders[3] has an event and pins",
        "panel.buttons[1].pin is 6, as panel.encoders[2].pin_a is",
        "panel.distances[1].near_mm is not below its far_mm",
        "panel.distances[2] is at I2C address 0x29, as panel.distances[1] is",
        "panel.leds[1].pin is 6",
        "panel.leds[1].shows has 'play'; it may have starting",
    ):
        assert part in said


def test_a_list_without_end_is_refused(tmp_path):
    text = "[panel]\nknobs = [" + "{channel=1}," * 65 + "]"
    assert "panel.knobs has 65 tables; 64 are allowed" in problems(tmp_path, text)

"""Scenes, end to end: saved, recalled and begun with, from a phone, a terminal and a button.

Real processes, sockets and files; a world of its own for every test.
"""

import json
import os
import re
import signal

import pytest

from device.control.control_socket import ask
from device.params import FIXED, ParamTable
from tests.device.stage import finish, read_until, until

LATENTS = [FIXED[f"latent_bias_{i}"].slot for i in range(4)]
MIX, GAIN = FIXED["dry_wet"].slot, FIXED["output_gain_db"].slot
QUIET = ("--card", "none", "--input", "silence")


def value(stage, slot):
    return float(ParamTable(stage.run / "params").values()[slot])


def do(stage, name, *arguments, ok=True):
    """What `ondine scene save …` asks for, without starting a program: what it says."""
    request = {"command": "act", "name": name, "arguments": list(arguments)}
    answer = ask(stage.run / "control.sock", request, 20.0)
    assert answer["ok"] == ok, answer
    return answer["say"]


def ondine(stage, *arguments, code=0):
    """A command beside what plays: what it prints."""
    ended, out, err = finish(stage.start(*arguments))
    assert ended == code, err
    return out if code == 0 else err


def stop(process):
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert (code, err) == (0, "")


def with_midi(stage, *options):
    """Play glass with a keyboard: where it is written to, and the process."""
    port = stage.folder / "midi"
    os.mkfifo(port)
    profile = stage.folder / "profile.toml"
    profile.write_text(f'[midi]\nports = ["{port}"]\n')
    os.environ["ONDINE_PROFILE"] = str(profile)
    try:
        return port, stage.playing("glass", *QUIET, *options)
    finally:
        del os.environ["ONDINE_PROFILE"]


def write(stage, name, content):
    path = stage.folder / name
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.slow
def test_a_scene_puts_back_what_was_moved_since(stage):
    process = stage.playing("glass", *QUIET, "--set", "latent_bias_1=2", "--set", "dry_wet=0.5")
    assert ondine(stage, "scene", "save", "Dawn") == "Scene 0, Dawn, is saved.\n"
    stage.send("/ondine/param/latent_bias_1", "f", -3.0)
    stage.send("/ondine/param/dry_wet", "f", 0.125)
    until(lambda: value(stage, MIX) == 0.125)
    assert ondine(stage, "scene", "recall", "dawn") == "Scene 0, Dawn: 2 parameters changed.\n"
    assert (value(stage, LATENTS[1]), value(stage, MIX)) == (2.0, 0.5)
    stop(process)


@pytest.mark.slow
def test_a_phone_saves_and_recalls_and_asks_which_there_are(stage):
    process = stage.playing("glass", *QUIET)
    stage.send("/ondine/param/dry_wet", "f", 0.25)
    stage.send("/ondine/scene/save", "is", 7, "Dusk")
    read_until(process, r"Scene 7, Dusk, is saved\.")
    stage.send("/ondine/param/dry_wet", "f", 0.75)
    until(lambda: value(stage, MIX) == 0.75)
    stage.send("/ondine/scene/recall", "i", 7)
    until(lambda: value(stage, MIX) == 0.25)
    told = stage.ask("/ondine/scenes")
    assert told["/ondine/scenes/7"] == ["Dusk", "tiny autoencoder"]
    stop(process)


@pytest.mark.slow
def test_a_scene_of_another_instrument_brings_it_in_with_its_values(stage):
    process = stage.playing("glass", *QUIET, "--set", "latent_bias_1=2")
    do(stage, "scene/save", "Glass")
    stage.load("chimes")
    stage.send("/ondine/param/latent_bias_0", "f", 1.5)
    until(lambda: value(stage, LATENTS[0]) == 1.5)
    do(stage, "scene/save", "Chimes")
    assert "Glass" in do(stage, "scene/previous")
    assert (value(stage, LATENTS[0]), value(stage, LATENTS[1])) == (0.0, 2.0)
    assert "Chimes" in do(stage, "scene/next")
    assert (value(stage, LATENTS[0]), value(stage, LATENTS[1])) == (1.5, 0.0)
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["tiny prior"]
    stop(process)


def test_the_box_starts_with_the_last_scene_and_its_instrument(stage):
    process = stage.playing("chimes", *QUIET, "--set", "latent_bias_0=1.5")
    do(stage, "scene/save", "Chimes")
    stop(process)
    stage.hang_up()
    process = stage.playing(*QUIET)
    assert "Scene 0, Chimes" in stage.lines
    assert value(stage, LATENTS[0]) == 1.5
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["tiny prior"]
    stop(process)
    stage.hang_up()
    process = stage.playing(*QUIET, "--scene", "none")
    assert "Scene" not in stage.lines
    stop(process)


@pytest.mark.slow
def test_a_scene_whose_instrument_has_gone_is_given_up_and_the_box_plays(stage):
    process = stage.playing("chimes", *QUIET)
    do(stage, "scene/save", "Chimes")
    stop(process)
    (stage.folder / "chimes.ondine").unlink()
    stage.hang_up()
    process = stage.playing(*QUIET)
    assert re.search(r"Scene 0, Chimes, is not on: there is no instrument 'chimes'", stage.lines)
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["drift"]
    stop(process)


@pytest.mark.slow
def test_a_frozen_scene_comes_in_with_what_the_model_remembered(stage):
    process = stage.playing("glass", *QUIET)
    assert "is saved" in do(stage, "scene/freeze", "Ice")
    assert "Scene 0, Ice" in do(stage, "scene/recall", "Ice")
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["tiny autoencoder"]
    stop(process)


@pytest.mark.slow
def test_macros_are_part_of_a_scene_and_a_pedal_recalls_it(stage):
    patch = {
        "format": 1,
        "macros": [{"name": "far", "moves": [{"target": "dry_wet", "start": 0.25, "end": 1.0}]}],
        "presses": {"midi/cc/64": "scene/recall wide"},
    }
    port, process = with_midi(stage, "--patch", write(stage, "patch.json", patch))
    stage.send("/ondine/param/macro/far", "f", 0.0)
    until(lambda: value(stage, MIX) == 0.25)
    do(stage, "scene/save", "wide")
    stage.send("/ondine/param/macro/far", "f", 1.0)
    until(lambda: value(stage, MIX) == 1.0)
    with port.open("wb", buffering=0) as pedal:
        pedal.write(bytes([0xB0, 64, 127]))
        until(lambda: value(stage, MIX) == 0.25)
    stop(process)


@pytest.mark.slow
def test_a_morph_glides_between_two_scenes(stage):
    process = stage.playing("glass", *QUIET, "--set", "dry_wet=0.25")
    do(stage, "scene/save", "near")
    stage.send("/ondine/param/dry_wet", "f", 0.75)
    until(lambda: value(stage, MIX) == 0.75)
    do(stage, "scene/save", "far")
    said = do(stage, "morph/line", "near", "far")
    assert said == "morph/x moves 1 parameter between near and far."
    stage.send("/ondine/param/morph/x", "f", 0.5)
    until(lambda: value(stage, MIX) == 0.5)
    stage.send("/ondine/raw/morph/x", "f", 0.0)
    until(lambda: value(stage, MIX) == 0.25)
    stop(process)


@pytest.mark.slow
def test_a_control_process_that_is_killed_leaves_routes_and_scene_to_the_next(stage):
    process = stage.playing("glass", *QUIET, "--set", "dry_wet=0.5")
    do(stage, "scene/save", "Dawn")
    until(lambda: (stage.run / "sketch.json").exists())
    process.kill()
    process.communicate()
    stage.hang_up()
    process = stage.playing("glass", *QUIET, "--set", "dry_wet=0.5")
    assert "Playing on" in stage.lines
    assert stage.ask("/ondine/scenes")["/ondine/scene/on"] == [0]
    stop(process)


@pytest.mark.slow
def test_midi_changes_scenes_by_program_changes(stage):
    port, process = with_midi(stage, "--set", "dry_wet=0.5")
    do(stage, "scene/save", "3", "Dawn")
    stage.send("/ondine/param/dry_wet", "f", 0.125)
    until(lambda: value(stage, MIX) == 0.125)
    with port.open("wb", buffering=0) as keys:
        keys.write(bytes([0xC0, 3]))
        until(lambda: value(stage, MIX) == 0.5)
        keys.write(bytes([0xC0, 9]))
        read_until(process, "There is no scene 9; there are 3")
    stop(process)


@pytest.mark.slow
def test_what_cannot_be_done_is_said_where_it_was_asked(stage):
    assert "nothing is playing here" in ondine(stage, "scene", "recall", "1", code=1)
    assert "There are no scenes yet" in ondine(stage, "scene", "list")
    process = stage.playing("glass", *QUIET)
    assert "there are none yet" in ondine(stage, "scene", "recall", "1", code=1)
    assert "a name with a letter" in ondine(stage, "scene", "save", "1", "2", code=1)
    assert "give 0..127" in ondine(stage, "scene", "save", "128", code=1)
    ondine(stage, "scene", "save", "Dawn")
    assert "did you mean Dawn?" in ondine(stage, "scene", "recall", "Down", code=1)
    assert "on" in ondine(stage, "scene", "list")
    assert "give 2..16" in ondine(stage, "morph", "line", "Dawn", code=1)
    stop(process)


@pytest.mark.slow
def test_layouts_and_addresses_know_the_scenes_acts(stage):
    pytest.importorskip("aiohttp")
    import urllib.request

    process = stage.playing("glass", *QUIET, "--query-port", "0")
    found = re.search(r"Layouts for a phone at (http://127\.0\.0\.1:\d+)/layout\.tosc", stage.lines)
    assert found, stage.lines
    with urllib.request.urlopen(f"{found[1]}/ondine/scene/recall", timeout=20) as answer:
        node = json.load(answer)
    assert node["TYPE"] == "s"
    assert "scene" in node["DESCRIPTION"]
    with urllib.request.urlopen(f"{found[1]}/ondine/param/morph/x", timeout=20) as answer:
        assert json.load(answer)["VALUE"] == [0.0]
    stop(process)

"""Hands on it, end to end: knobs, MIDI and other apps move the table that audio reads.

Real processes and sockets, a simulated panel at the level of its bus, MIDI through a FIFO.
"""

import json
import os
import re
import signal
import socket
import urllib.request
import zlib

import pytest
from pythonosc.osc_packet import OscPacket

from device.params import FIXED, ParamTable
from tests.device.control.packets import message
from tests.device.stage import finish, until

LATENTS = [FIXED[f"latent_bias_{i}"].slot for i in range(4)]
MIX = FIXED["dry_wet"].slot
QUIET = ("--card", "none", "--input", "silence")


def value(stage, slot):
    return float(ParamTable(stage.run / "params").values()[slot])


def write(stage, name, content):
    path = stage.folder / name
    path.write_text(json.dumps(content))
    return str(path)


def stop(process):
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert (code, err) == (0, "")


def test_a_simulated_knob_moves_the_first_latent(stage):
    # It is first heard where its parameter is, in the middle, and so has picked it up.
    moves = [{"at_s": 0.5, "param": "knob/1", "to": 1.0, "over_s": 0.5}]
    process = stage.playing("glass", *QUIET, "--simulate", write(stage, "moves.json", moves))
    until(lambda: value(stage, LATENTS[0]) == FIXED["latent_bias_0"].maximum)
    # The other knobs were not touched: they stand in the middle, as well as 10 bits can tell.
    assert abs(value(stage, LATENTS[1])) < 0.01
    stop(process)


@pytest.mark.slow
def test_a_patch_says_what_moves_what(stage):
    moves = [
        {"at_s": 0.5, "param": "knob/2", "to": 0.2},
        {"at_s": 1.0, "param": "knob/2", "to": 0.0},
    ]
    script = write(stage, "moves.json", moves)
    patch = {
        "format": 1,
        "controls": {"knob/2": {"smoothing_ms": 0, "takeover": "jump"}},
        "routes": [{"source": "knob/2", "target": "macro/far"}],
        "macros": [
            {
                "name": "far",
                "moves": [
                    {"target": "dry_wet", "start": 0.25, "end": 1.0},
                    {"target": "latent_bias_3", "start": 1.0, "end": 0.5},
                ],
            }
        ],
    }
    options = ("--simulate", script, "--patch", write(stage, "patch.json", patch))
    process = stage.playing("glass", *QUIET, *options)
    until(lambda: value(stage, MIX) == pytest.approx(0.25))
    assert value(stage, LATENTS[3]) == FIXED["latent_bias_3"].maximum
    stop(process)


@pytest.mark.slow
def test_a_knob_waits_until_it_is_where_osc_has_put_its_parameter(stage):
    moves = [
        {"at_s": 3.0, "param": "knob/1", "to": 0.6},
        {"at_s": 3.2, "param": "knob/2", "to": 1.0},
    ]
    patch = {
        "format": 1,
        "controls": {"knob/1": {"takeover": "pickup"}, "knob/2": {"takeover": "jump"}},
        "routes": [
            {"source": "knob/1", "target": "latent_bias_0"},
            {"source": "knob/2", "target": "latent_bias_1"},
        ],
    }
    options = ("--patch", write(stage, "patch.json", patch))
    options += ("--simulate", write(stage, "moves.json", moves))
    process = stage.playing("glass", *QUIET, *options)
    # Far above where the knob is and will be.
    stage.send("/ondine/raw/latent_bias_0", "f", 0.9)
    until(lambda: value(stage, LATENTS[0]) == pytest.approx(4.8))
    # When the second knob has moved, the first one had before.
    until(lambda: value(stage, LATENTS[1]) == FIXED["latent_bias_1"].maximum)
    assert value(stage, LATENTS[0]) == pytest.approx(4.8)
    stop(process)


@pytest.mark.slow
def test_midi_moves_the_mix_and_panic_takes_the_sound_away(stage):
    port = stage.folder / "midi"
    os.mkfifo(port)
    profile = stage.folder / "profile.toml"
    profile.write_text(f'[midi]\nports = ["{port}"]\n')
    os.environ["ONDINE_PROFILE"] = str(profile)
    try:
        patch = {"routes": [{"source": "midi/cc/74", "target": "dry_wet"}], "format": 1}
        process = stage.playing("glass", *QUIET, "--patch", write(stage, "patch.json", patch))
    finally:
        del os.environ["ONDINE_PROFILE"]
    with port.open("wb", buffering=0) as keys:
        keys.write(bytes([0xB0, 74, 32]))
        until(lambda: value(stage, MIX) == pytest.approx(32 / 127))
        keys.write(bytes([0xB0, 120, 0]))
        until(lambda: value(stage, FIXED["output_gain_db"].slot) == -60.0)
    stop(process)


@pytest.mark.slow
def test_another_app_sends_wekinators_inputs(stage):
    patch = {"routes": [{"source": "wek/2", "target": "dry_wet"}], "format": 1}
    options = ("--patch", write(stage, "patch.json", patch), "--apps-port", "0")
    process = stage.playing("glass", *QUIET, *options)
    found = re.search(r"Other apps on 127\.0\.0\.1 port (\d+)", stage.lines)
    assert found, stage.lines
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as app:
        packet = message("/wek/inputs", "ff", 0.0, 0.5)
        app.sendto(packet, ("127.0.0.1", int(found[1])))
        until(lambda: value(stage, MIX) == pytest.approx(0.5))
    stop(process)


@pytest.mark.slow
def test_a_phone_looks_up_what_there_is_and_is_told_what_others_move(stage):
    pytest.importorskip("aiohttp")
    process = stage.playing("glass", *QUIET, "--query-port", "0")
    found = re.search(r"Layouts for a phone at (http://127\.0\.0\.1:\d+)/layout\.tosc", stage.lines)
    assert found, stage.lines
    with urllib.request.urlopen(f"{found[1]}/ondine/param/dry_wet", timeout=20) as answer:
        node = json.load(answer)
    assert (node["VALUE"], node["RANGE"]) == ([1.0], [{"MIN": 0.0, "MAX": 1.0}])
    with urllib.request.urlopen(f"{found[1]}/layout.tosc", timeout=20) as answer:
        assert b"/ondine/raw/dry_wet" in zlib.decompress(answer.read())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(20)
        other.connect(stage.phone.getpeername())
        other.send(message("/ondine/raw/dry_wet", "f", 0.75))
        until(lambda: value(stage, MIX) == pytest.approx(0.75))
        # Who moves it is not told; who moved it before is, at the address that they used.
        stage.send("/ondine/param/dry_wet", "f", 0.25)
        told = OscPacket(other.recv(65_536)).messages[0].message
    assert (told.address, told.params) == ("/ondine/raw/dry_wet", [0.25])
    stop(process)


@pytest.mark.parametrize(
    ("option", "content", "sentence"),
    [
        (
            "--patch",
            {"format": 1, "routes": [{"source": "knob/1", "target": "dri_wet"}]},
            "dry_wet",
        ),
        ("--patch", [], "cannot be used"),
        ("--simulate", [{"at_s": 0, "param": "knob/9", "to": 1}], "knob/9"),
    ],
)
def test_what_cannot_be_used_is_said(stage, option, content, sentence):
    given = write(stage, "given.json", content)
    code, _, err = finish(stage.play("glass", *QUIET, "--osc-port", "0", option, given))
    assert code == 1
    assert sentence in err

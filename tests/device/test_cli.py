"""The command line with everything that can be given wrongly: one sentence, never a traceback."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from device import __version__
from device.cli import cli
from device.cli_group import Ondine
from device.errors import AudioError
from device.paths import run_folder
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_decoder, tiny_encoder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with instruments, sounds and files that are neither; nothing of the user's own."""
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("COLUMNS", "200")
    save(tiny_autoencoder(), tmp_path / "glass.ondine")
    save(tiny_decoder(), tmp_path / "bells.ondine")
    save(tiny_encoder(), tmp_path / "ear.ondine")
    soundfile.write("in.wav", 0.25 * np.sin(np.arange(4800) / 20.0), 48_000)
    Path("folder").mkdir()
    Path("noise.bin").write_bytes(b"\x93" * 999)
    Path("damaged.ondine").write_bytes(Path("glass.ondine").read_bytes()[:900])
    Path("walk.json").write_text(json.dumps([{"at_s": 0, "param": "dry_wit", "to": 1}]))
    return tmp_path


def ondine(*arguments):
    return CliRunner().invoke(cli, list(arguments))


RENDER = ("render", "in.wav", "out.wav", "--model")
WRONG = [
    (("plya",), 2, "there is no command 'plya'; did you mean play?"),
    (("play", "--volume", "3"), 2, "No such option"),
    (("play", "none.ondine"), 1, "there is no file none.ondine"),
    (("play", "folder"), 1, "folder is a folder"),
    (("play", "in.wav"), 1, "ondine: in.wav: it is not an Ondine bundle"),
    (("play", "damaged.ondine"), 1, "ondine: damaged.ondine: it does not end as a bundle does"),
    (("play", "glas"), 1, "there is no instrument 'glas'; did you mean glass?"),
    (("play", "glass", "--set", "dry_wet"), 1, "'dry_wet' is not parameter=value"),
    (("play", "glass", "--set", "dri_wet=1"), 1, "'dri_wet'; did you mean dry_wet?"),
    (("play", "glass", "--set", "dry_wet=9"), 1, "dry_wet cannot be 9; its range is 0..1"),
    (("play", "glass", "--headroom", "-5"), 2, "-5 is not in the range"),
    (("play", "glass", "--headroom", "loud"), 2, "'loud' is not a valid integer"),
    (("play", "glass", "--seconds", "nan"), 2, "'nan' is not a number of seconds"),
    (("play", "glass", "--seconds", "-1"), 2, "'-1' is not a number of seconds"),
    (("play", "glass", "--precision", "int4"), 2, "'int4' is not one of"),
    (("play", "glass", "--osc-port", "99999"), 2, "99999 is not in the range"),
    (("play", "glass", "--timeline", "none.json"), 1, "cannot read the timeline none.json"),
    (("play", "glass", "--timeline", "walk.json"), 1, "event 1: there is no parameter 'dry_wit'"),
    (("play", "glass", "--timeline", "noise.bin"), 1, "noise.bin is not readable JSON"),
    (("play", "glass", "--card", "Box", "--output", "o.wav"), 1, "a card plays what it hears"),
    (("play", "glass", "--card", "none", "--input", "card"), 1, "no sound card to listen to"),
    (("load",), 2, "Missing argument 'NAME|FILE.ondine'"),
    (("load", "glas"), 1, "there is no instrument 'glas'; did you mean glass?"),
    (("load", "none.ondine"), 1, "there is no file none.ondine"),
    (("load", "glass"), 1, "nothing is playing here. Start with: ondine play"),
    (("load", "glass", "--latency", "none"), 2, "'none' is not one of 'keep', 'free'"),
    (("load", "glass", "--precision", "int4"), 2, "'int4' is not one of"),
    ((*RENDER,), 2, "'--model' requires an argument"),
    (("render", "in.wav"), 2, "Missing argument 'OUT.wav'"),
    (("render", "none.wav", "out.wav", "--model", "glass"), 1, "there is no sound file none.wav"),
    (("render", "noise.bin", "out.wav", "--model", "glass"), 1, "cannot be read as sound"),
    (("render", "folder", "out.wav", "--model", "glass"), 1, "there is no sound file folder"),
    (("render", "in.wav", "no/out.wav", "--model", "glass"), 1, "no/out.wav"),
    (("render", "in.wav", "folder", "--model", "glass"), 1, "folder"),
    ((*RENDER, "noise.bin"), 1, "noise.bin: this is not an Ondine bundle"),
    ((*RENDER, "glass", "--set", "latent_bias_9=1"), 1, "no parameter 'latent_bias_9'"),
    ((*RENDER, "glass", "--precision", "int8"), 1, "int8"),
    ((*RENDER, "glass", "--timeline", "walk.json"), 1, "did you mean dry_wet?"),
    ((*RENDER, "glass", "--seed", "-1"), 2, "-1 is not in the range"),
    (("bench", "nothing"), 1, "there is no instrument 'nothing'"),
    (("bench", "ear"), 1, "no method that makes sound"),
    (("bench", "glass", "--seconds", "0"), 2, "'0' is not a number of seconds"),
    (("bench", "glass", "--headroom", "0"), 2, "0 is not in the range"),
    (("info", "in.wav"), 1, "this is not an Ondine bundle"),
    (("info", "folder"), 1, "folder is a folder"),
    (("info", "\x1b[31m"), 1, "there is no instrument '\\x1b[31m'"),
    (("status",), 1, "nothing is playing here"),
    (("status", "--json"), 1, "nothing is playing here"),
    (("keep",), 1, "nothing is playing here"),
    (("keep", "--minutes", "0"), 1, "0 minutes cannot be kept; above 0, up to 60"),
    (("keep", "--minutes", "nan"), 1, "nan minutes cannot be kept"),
    (("keep", "--minutes", "two"), 2, "'two' is not a valid float"),
]


@pytest.mark.parametrize(("arguments", "code", "sentence"), WRONG)
def test_wrong_input_gets_one_sentence(here, arguments, code, sentence):
    result = ondine(*arguments)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert result.stderr.startswith("ondine: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert not list(here.glob("out*"))


def test_help_and_version_load_nothing_heavy(here):
    heavy = "{'onnxruntime', 'torch', 'onnx', 'alsaaudio', 'soundfile', 'convert.cli'}"
    script = (
        "import sys; from device.cli import cli\n"
        "try: cli(['--help'])\n"
        f"except SystemExit: print(sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.endswith("[]\n"), done
    assert "convert  Turn a trained model into a bundle." in done.stdout
    assert ondine("--version").stdout == f"ondine, version {__version__}\n"


def test_info_shows_the_passport(here):
    result = ondine("info", "glass", "--headroom", "128")
    assert result.exit_code == 0
    for part in (
        "9.3 ms = 448 frames: block 256, headroom 128, model 64",
        "4, 12000.0 times a second",
        "/ondine/param/dry_wet ",
        "/ondine/param/latent_bias_0 … latent_bias_3",
        "audio 1×1×256",
    ):
        assert part in result.output
    assert "glass.ondine" in ondine("info").output


def test_render_moves_parameters_and_says_what_it_did(here):
    """Settings hold until the timeline moves them: -60 dB at first, then 0 dB."""
    Path("walk.json").write_text('[{"at_s": 0.05, "param": "output_gain_db", "to": 0.0}]')
    arguments = (*RENDER, "glass", "--set", "output_gain_db=-60", "--timeline", "walk.json")
    result = ondine(*arguments)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "out.wav: 0.10 s through tiny autoencoder in fp32.\n"
    out, rate_hz = soundfile.read("out.wav")
    assert (len(out), rate_hz) == (4800, 48_000)
    assert np.abs(out[:2000]).max() < 0.01
    assert np.abs(out[4000:]).max() > 0.1


def test_bench_prints_a_table_and_keeps_what_it_saw(here):
    result = ondine("bench", "glass", "--seconds", "0.2")
    assert result.exit_code == 0, result.stderr
    assert "p99.9" in result.stdout
    assert "this machine." in result.stdout
    kept = json.loads((here / "XDG_STATE_HOME/ondine/bench.json").read_text())
    assert kept["results"][0]["name"] == "tiny autoencoder"


@pytest.mark.slow
def test_check_tells_what_can_be_played(here):
    """Whether there is a sound card to play it on is this machine's own affair."""
    result = ondine("check", "--json")
    told = json.loads(result.stdout)
    assert told["code"] == result.exit_code
    levels = {finding["what"]: finding["level"] for finding in told["findings"]}
    assert levels["onnxruntime"] == "fine"
    assert (levels["glass"], levels["ear"], levels["damaged"]) == ("fine", "worry", "worry")
    result = ondine("check", "ear")
    assert result.exit_code == 2
    assert "no method that makes sound" in result.stdout
    assert "It cannot play" in result.stdout
    assert ondine("check", "nothing").exit_code == 2


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("echo throttled=0x50005", "now: too little voltage, throttling."),
        ("exit 1", "vcgencmd does not answer"),
    ],
)
def test_check_asks_a_pi_for_its_power(here, monkeypatch, answer, sentence):
    """With a real program of that name, which answers as a Pi's does."""
    program = here / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(here), prepend=":")
    assert sentence in ondine("check", "glass").stdout


def test_status_reads_what_audio_wrote(here):
    status = Status(run_folder().status, create=True)
    for name, value in {
        "sample_rate_hz": 48_000, "block_frames": 480, "headroom_frames": 480, "delay_frames": 48,
        "blocks": 100, "late_blocks": 2, "heartbeat_s": time.monotonic(), "peak_out": 0.5, "pid": 7,
    }.items():  # fmt: skip
        status[name] = value
    result = ondine("status")
    assert result.exit_code == 0
    assert "playing (process 7)" in result.stdout
    assert "1.0 s, 100 blocks of 480 frames" in result.stdout
    assert re.search(r"dropouts +2: late blocks 2, ", result.stdout)
    assert "21.0 ms" in result.stdout
    assert "in silent, out -6 dB" in result.stdout
    status["heartbeat_s"] -= 60.0
    assert "no block for 60 s" in ondine("status").stdout
    run_folder().status.write_bytes(b"old")
    assert "is no status of this version" in ondine("status").stderr


@click.group(cls=Ondine)
def broken():
    """A group whose commands fail in every way."""


@broken.command()
@click.argument("how")
def fail(how):
    match how:
        case "fault":
            raise ZeroDivisionError("by zero")
        case "interrupt":
            raise KeyboardInterrupt
        case "pipe":
            raise BrokenPipeError
        case "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        case "audio":
            raise AudioError("the card is gone.")


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        ("fault", 1, "ondine: this is a fault of Ondine itself (ZeroDivisionError: by zero)."),
        ("interrupt", 130, ""),
        ("pipe", 1, ""),
        ("torch", 1, "ondine convert needs the converter: pip install 'ondine[convert]'.\n"),
        ("audio", 1, "ondine: the card is gone.\n"),
        ("not at all", 0, ""),
    ],
)
def test_every_failure_ends_in_order(how, code, sentence):
    result = CliRunner().invoke(broken, ["fail", how])
    assert (result.exit_code, "Traceback" in result.output) == (code, False)
    assert sentence in result.stderr
    assert bool(result.stderr.strip()) == bool(sentence)


def test_a_traceback_is_there_for_who_asks_for_it():
    result = CliRunner(env={"ONDINE_DEBUG": "1"}).invoke(broken, ["fail", "fault"])
    assert "Traceback" in result.stderr


def test_a_command_whose_package_is_not_there_says_so(tmp_path):
    info = tmp_path / "extra-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ondine.commands]\nsing = missing_library.cli:sing\n")
    done = subprocess.run(
        [sys.executable, "-c", "from device.cli import main; main()", "sing", "--loud"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
    )
    assert (done.returncode, done.stderr) == (1, "ondine: ondine sing needs missing_library.\n")

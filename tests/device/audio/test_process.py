"""The audio process as a whole: how it starts, obeys, refuses and ends."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.params import ParamTable
from tests.bundles import save, tiny_autoencoder
from tests.device.audio.child import ROOT, AudioChild

QUIET = ("--card", "none")


def test_sigterm_ends_it_cleanly_with_a_whole_recording(tmp_path: Path) -> None:
    child = AudioChild(tmp_path, *QUIET, "--input", "tone", "--output", str(tmp_path / "out.wav"))
    child.wait_for_blocks(10)
    code, out, errors = child.terminate()
    assert code == 0, errors
    playing, stopped = out.splitlines()
    assert playing == "playing at 48000 Hz: block 512 + headroom 512 + delay 0 frames = 21.3 ms"
    assert stopped.startswith("stopped after")
    status = child.status()
    assert status["stopped"] == 1.0
    audio, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert len(audio) >= 1024 + 10 * 512
    assert not audio[:1024].any()
    assert np.abs(audio[-1]).max() < 1e-3
    assert np.abs(audio).max() == pytest.approx(0.25, abs=0.01)


def test_the_first_block_comes_in_time(tmp_path: Path) -> None:
    child = AudioChild(tmp_path, *QUIET)
    status = child.wait_for_blocks(1)
    first_s = status["first_block_s"]
    child.terminate()
    assert 0.0 < first_s < 1.5


def test_a_file_plays_to_its_end(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 8_000).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", sound, 48_000, subtype="FLOAT")
    files = ("--input", str(tmp_path / "in.wav"), "--output", str(tmp_path / "out.wav"))
    headroom = 9600  # 200 ms: longer than the machine stalls.
    child = AudioChild(tmp_path, *QUIET, *files, "--headroom", str(headroom), delay=100)
    code, _, errors = child.finish()
    assert code == 0, errors
    audio, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    shift = 512 + headroom + 100
    assert np.abs(audio[shift : shift + 8_000].T - sound).max() < 1e-6


def test_commands_are_obeyed_and_garbage_is_not(tmp_path: Path) -> None:
    child = AudioChild(tmp_path, *QUIET)
    blocks = child.wait_for_blocks(2)["blocks"]
    for message in (b"", b"\xff" * 300, b'{"command": "dance"}', b"[" * 3000):
        child.command(message)
    child.command(b'{"command": "reset"}')
    child.wait_for_blocks(int(blocks) + 5)
    child.command(b'{"command": "stop"}')
    code, out, errors = child.finish()
    assert code == 0
    assert "stopped after" in out
    assert "4 commands were not understood" in errors
    assert not child.socket.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--bundle", "/no/such.ondine"), "cannot read /no/such.ondine"),
        (("--bundle", __file__), "is not an Ondine bundle"),
    ],
)
def test_a_bundle_that_cannot_be_played_ends_with_a_sentence(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    code, out, errors = AudioChild(tmp_path, *QUIET, *options, dry=False).finish()
    assert (code, out) == (1, "")
    assert sentence in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((*QUIET, "--headroom", "0"), "a headroom of 0 frames is not possible"),
        ((*QUIET, "--input", "/no/such.wav"), "there is no sound file /no/such.wav"),
        ((*QUIET, "--output", "/no/such/out.wav"), "cannot write /no/such/out.wav"),
        (("--card", "Box", "--input", "tone"), "add --card none"),
    ],
)
def test_options_that_cannot_be_had_are_said(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    code, _, errors = AudioChild(tmp_path, *options).finish()
    assert code == 1
    assert sentence in errors
    assert "Traceback" not in errors


def test_a_missing_params_table_is_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "device.audio.process", "--bundle", "x", "--params"]
    command += [str(tmp_path / "none"), "--status", str(tmp_path / "status")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1
    assert "cannot open the params table" in ended.stderr


def test_the_process_imports_no_network_no_command_line_and_no_sound_files() -> None:
    program = (
        "import sys, device.audio.process, device.engine.engine, device.audio.alsa\n"
        "unwanted = {'asyncio', 'pythonosc', 'click', 'rich', 'soundfile', 'soxr', 'http.client',"
        " 'device.app', 'device.cli', 'torch', 'onnx'}\n"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.strip() == "[]", ended.stderr


def test_denormals_are_flushed_in_the_thread_of_the_loop(tmp_path: Path) -> None:
    """What onnxruntime's session.set_denormal_as_zero does is only done to one thread."""
    bundle = save(tiny_autoencoder(), tmp_path / "tiny.ondine")
    soundfile.write(tmp_path / "in.wav", np.zeros(4800), 48_000)
    ParamTable(tmp_path / "params", create=True)
    program = tmp_path / "watched.py"
    program.write_text(_WATCHED)
    command = [sys.executable, str(program), "--bundle", str(bundle), *QUIET]
    for name in ("params", "status", "socket"):
        command += [f"--{name}", str(tmp_path / name)]
    ended = subprocess.run(
        [*command, "--input", str(tmp_path / "in.wav")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    blocks, flushed = map(int, ended.stdout.splitlines()[-1].split())
    assert blocks == flushed > 19


_WATCHED = """
import sys
import numpy as np
from device.audio.loader import open_engine
from device.audio.process import main
from device.engine.engine import Engine

class Watched(Engine):
    blocks = flushed = 0
    def process(self, audio_in, audio_out, params):
        super().process(audio_in, audio_out, params)
        self.blocks += 1
        self.flushed += not (np.full(8, 1e-40, np.float32) * np.float32(1.0)).any()

def build(load, settings):
    global player
    player = open_engine(load, settings)
    player.__class__ = Watched
    return player

assert (np.full(8, 1e-40, np.float32) * np.float32(1.0)).any()
code = main(build=build)
print(player.blocks, player.flushed)
sys.exit(code)
"""

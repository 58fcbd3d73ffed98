"""Loading while it plays, through the real process: what comes in, what is refused, what falls."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.audio.commands import obey
from device.audio.orders import Orders
from device.audio.tape import Tape
from device.bundle import Bundle
from device.manifest import fingerprint
from device.params import SERIAL, ParamTable, specs_of
from device.rung import Rung
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_breakable, tiny_decoder, tiny_slow
from tests.device.audio.child import AudioChild

QUIET = ("--card", "none", "--input", "tone", "--headroom", "9600")


def start(folder: Path, bundle: Bundle, *options: str) -> AudioChild:
    path = save(bundle, folder / "first.ondine")
    child = AudioChild(folder, *QUIET, "--bundle", str(path), "--serial", "1", *options, dry=False)
    child.wait_for_blocks(2)
    return child


def load(child: AudioChild, path: Path, serial: int, **more: str) -> Status:
    """Ask for a bundle; returns the status once it plays or was refused."""
    request = {"command": "load", "bundle": str(path), "serial": serial, **more}
    child.command(json.dumps(request).encode())
    child.wait_for(lambda: serial in (child.status()["serial"], child.status()["refused"]))
    return child.status()


def test_another_bundle_takes_over_at_the_same_latency(tmp_path: Path) -> None:
    child = start(tmp_path, tiny_autoencoder(512, delay=600))
    before = child.status()["delay_frames"]
    other = tiny_autoencoder(256, rate=44_100, delay=64)
    path = save(other, tmp_path / "other.ondine")
    status = load(child, path, 2, fingerprint=fingerprint(other.manifest))
    child.wait_for(lambda: child.status().text("bundle") == str(path))
    assert status["serial"] == 2
    assert status["delay_frames"] == before == 600
    assert status["padding_frames"] > 0
    assert status["swaps"] == 1
    assert child.status().text("name") == other.manifest.name
    code, _, errors = child.terminate()
    assert (code, child.status()["repaired_blocks"]) == (0, 0), errors


def test_a_later_bundle_is_refused_unless_latency_is_free(tmp_path: Path) -> None:
    child = start(tmp_path, tiny_autoencoder(512, delay=64))
    path = save(tiny_autoencoder(512, delay=1000), tmp_path / "late.ondine")
    status = load(child, path, 2)
    assert (status["serial"], status["refused"]) == (1, 2)
    assert "20.8 ms late by itself" in status.text("load_error")
    assert "--latency free" in status.text("load_error")
    status = load(child, path, 3, latency="free")
    assert (status["serial"], status["delay_frames"]) == (3, 1000)
    assert child.terminate()[0] == 0


def test_room_for_a_later_bundle_can_be_asked_for_at_the_start(tmp_path: Path) -> None:
    child = start(tmp_path, tiny_autoencoder(512, delay=64), "--latency", "1200")
    assert child.status()["delay_frames"] == 1200
    path = save(tiny_autoencoder(512, delay=1000), tmp_path / "late.ondine")
    status = load(child, path, 2)
    assert (status["serial"], status["delay_frames"]) == (2, 1200)
    assert child.terminate()[0] == 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "none.ondine", "cannot read"),
        (lambda folder: Path(__file__), "not an Ondine bundle"),
        pytest.param(
            lambda folder: save(tiny_slow(512, products=400), folder / "slow.ondine"),
            "too much for this machine",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_cannot_be_played_is_refused_while_the_old_one_plays_on(
    tmp_path: Path, make, sentence: str
) -> None:
    child = start(tmp_path, tiny_autoencoder(512))
    status = load(child, make(tmp_path), 5)
    assert (status["serial"], status["refused"]) == (1, 5)
    assert sentence in status.text("load_error")
    child.wait_for_blocks(int(status["blocks"]) + 5)
    assert child.status()["rung"] == Rung.MODEL
    assert child.terminate()[0] == 0


def test_a_bundle_that_was_changed_after_it_was_admitted_is_refused(tmp_path: Path) -> None:
    child = start(tmp_path, tiny_autoencoder(512))
    path = save(tiny_autoencoder(512, delay=0), tmp_path / "other.ondine")
    status = load(child, path, 2, fingerprint="0" * 64)
    assert status["refused"] == 2
    assert "has changed since" in status.text("load_error")
    assert child.terminate()[0] == 0


def test_an_instrument_that_listens_needs_a_stream_with_an_input(tmp_path: Path) -> None:
    child = start(tmp_path, tiny_decoder(512))
    status = load(child, save(tiny_autoencoder(512), tmp_path / "ear.ondine"), 2)
    assert status["refused"] == 2
    assert "without an input" in status.text("load_error")
    assert child.terminate()[0] == 0


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"bundle": 3, "serial": 2},
        {"bundle": "relative.ondine", "serial": 2},
        {"bundle": "/a\0b", "serial": 2},
        {"bundle": "/a", "serial": -1},
        {"bundle": "/a", "serial": 2.5},
        {"bundle": "/a", "serial": True},
        {"bundle": "/a", "serial": 1 << 60},
        {"bundle": "/a", "serial": 2, "precision": "fp16"},
        {"bundle": "/a", "serial": 2, "latency": "any"},
        {"bundle": "/a", "serial": 2, "fingerprint": 5},
    ],
)
def test_a_malformed_load_is_not_understood(message: dict) -> None:
    orders = Orders()
    assert not obey(json.dumps({"command": "load", **message}).encode(), orders)
    assert orders.told.empty()


def test_with_a_fallback_a_bundle_that_fails_does_not_end_it(tmp_path: Path) -> None:
    spare = save(tiny_autoencoder(512, delay=0), tmp_path / "spare.ondine")
    options = ("--bundle", "/no/such.ondine", "--fallback", str(spare))
    child = AudioChild(tmp_path, *QUIET, *options, dry=False)
    status = child.wait_for_blocks(3)
    child.wait_for(lambda: bool(child.status().text("trouble")))
    assert status["rung"] == Rung.DEFAULT
    assert "cannot read /no/such.ondine" in status.text("trouble")
    assert "the built-in instrument plays instead" in status.text("trouble")
    assert child.terminate()[0] == 0


def test_without_even_that_the_input_is_passed_through(tmp_path: Path) -> None:
    options = ("--bundle", "/no/such.ondine", "--fallback", "/no/other.ondine")
    child = AudioChild(tmp_path, *QUIET, *options, "--output", str(tmp_path / "out.wav"), dry=False)
    status = child.wait_for_blocks(30)
    assert status["rung"] == Rung.DRY
    assert status["peak_out"] == pytest.approx(0.25, abs=0.01)
    assert child.terminate()[0] == 0


def test_one_that_breaks_while_it_plays_falls_to_the_built_in_one(tmp_path: Path) -> None:
    spare = save(tiny_autoencoder(512, delay=0), tmp_path / "spare.ondine")
    child = start(tmp_path, tiny_breakable(512), "--fallback", str(spare))
    table = ParamTable(tmp_path / "params")
    fault = specs_of(tiny_breakable(512).manifest)["fault"].slot
    table.write({SERIAL: 1, fault: 1.0})
    child.wait_for(lambda: child.status()["rung"] == Rung.DEFAULT)
    child.wait_for(lambda: "gives no sound" in child.status().text("trouble"))
    assert child.status()["repaired_blocks"] > 0
    assert child.terminate()[0] == 0


def test_the_tape_holds_what_was_written(tmp_path: Path) -> None:
    wav = tmp_path / "out.wav"
    tape = ("--tape", str(tmp_path / "tape"), "--minutes", "0.1", "--output", str(wav))
    child = start(tmp_path, tiny_autoencoder(512), *tape)
    child.wait_for_blocks(40)
    code, _, errors = child.terminate()
    assert code == 0, errors
    kept = Tape(tmp_path / "tape")
    first, sound = kept.read(0, kept.end)
    written, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    assert (first, sound.shape[1]) == (0, len(written) - 512 - 9600)
    assert np.abs(sound.T - written[512 + 9600 :]).max() < 2.0**-23

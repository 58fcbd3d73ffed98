"""What is made to do harm is offered to an instrument that plays: refused, and it plays on."""

import time
from pathlib import Path

import numpy as np
import pytest

from device.control.control_socket import ask
from device.rung import Rung
from tests.faults.attacks import ALL
from tests.faults.box import DRIFT, Box
from tests.faults.witness import Missed, Witness

HEADROOM = 4096
SECONDS = 120.0
OFFERED = [attack for attack in ALL if attack.word and not attack.slow]


@pytest.mark.slow
def test_every_harmful_bundle_is_refused_while_the_old_one_plays_on(tmp_path: Path) -> None:
    with Box(DRIFT, headroom_frames=HEADROOM, seconds=SECONDS) as box, Witness(SECONDS) as witness:
        box.card.source[:] = _hum(len(box.card.source))
        status = box.playing()
        missed, serial, started = Missed(status), status["serial"], status["blocks"]
        let_in = {}
        for number, attack in enumerate(OFFERED):
            folder = tmp_path / str(number)
            folder.mkdir()
            wanted = {"command": "load", "bundle": str(attack.make(folder))}
            answer = ask(box.folder / "ondine" / "control.sock", wanted, 20.0)
            missed.look(time.monotonic())
            if answer["ok"]:
                let_in[attack.name] = answer["say"]
        played, seen = status["blocks"] - started, witness.seen()
        assert let_in == {}
        assert (status["serial"], status["refused"], status["rung"]) == (serial, 0, Rung.MODEL)
        assert missed.ours(seen) == []
        assert status["repaired_blocks"] == 0
        assert played > 10 * len(OFFERED)
        # And it is heard: of the last second that was played, hardly a frame is silence.
        end = np.flatnonzero(box.card.sink[:, 0])[-1]
        assert np.count_nonzero(box.card.sink[end - 48_000 : end, 0]) > 47_000


def _hum(frames: int) -> np.ndarray:
    """int32 [frames, 1]: a tone that lasts."""
    wave = 0.3 * np.sin(2.0 * np.pi * 220.0 * np.arange(frames) / 48_000)
    return (wave * 2.0**31).astype(np.int64)[:, None]

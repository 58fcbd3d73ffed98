"""Damaged packets of other apps by the thousand: none raises, none takes long, none says nonsense.

Every packet starts from one of an app, or from a few glued together, and is cut, copied, flipped
and strewn with NaN as its seed alone says.
"""

from __future__ import annotations

import math
import random
import struct
import time
from collections.abc import Sequence
from pathlib import Path

from device.control.dialect_receiver import DialectReceiver
from device.control.osc_guard import MAX_BYTES
from device.control.signal import Signal
from tests.device.control.app_packets import (
    face_osc,
    facemesh,
    hand,
    hand_osc,
    handmate,
    mediapipe_faces,
    mediapipe_hands,
    mediapipe_pose,
    osc,
    wekinator,
)
from tests.faults.report import Report

HANDLER_MS = 5.0
"""Of the processor: the clock would measure what else the machine does."""
_NAN = struct.pack(">f", math.nan)


def run_dialect_packets(folder: Path, count: int, seed: int) -> Report:
    """Receive `count` packets, of seeds `seed` to `seed + count - 1`. `folder` stays empty.

    `worst` has the processor time of the slowest packet, measured again if it was over the limit,
    and how many messages were accepted, of all.
    """
    failures: list[str] = []
    heard: list[Signal] = []
    good = good_packets()
    receiver = DialectReceiver(heard.extend)
    worst_ms = 0.0
    for number in range(seed, seed + count):
        packet = mutation(good, number)
        heard.clear()
        took_ms = math.inf
        for _ in range(3):  # caches that others have emptied are not the packet's fault
            began_s = time.thread_time()
            try:
                # A second between two: what is limited by rate is not what is looked at here.
                receiver.receive(packet, "app", float(number))
            except Exception as error:
                failures.append(f"packet {number}: {error!r}")
                break
            took_ms = min(took_ms, (time.thread_time() - began_s) * 1e3)
            if took_ms <= HANDLER_MS:
                break
        if took_ms > HANDLER_MS:
            failures.append(f"packet {number}: {took_ms:.1f} ms")
        worst_ms = max(worst_ms, took_ms)
        if not all(0.0 <= signal.value <= 1.0 for signal in heard):
            failures.append(f"packet {number}: a signal beyond 0..1")
    worst = {"handler_ms": worst_ms, "accepted": float(receiver.accepted)}
    return Report("dialect packets", count, tuple(failures), worst)


def mutation(good: Sequence[bytes], seed: int) -> bytes:
    """The packet of a seed."""
    chance = random.Random(seed)
    packet = bytearray(chance.choice(good))
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(packet) + 1)
        aligned = at - at % 4
        match chance.randrange(5):
            case 0:
                del packet[at:]
            case 1:
                packet[at : at + 4] = chance.randbytes(4)
            case 2:
                packet[aligned:aligned] = chance.choice(good)[: 4 * chance.randrange(400)]
            case 3:
                packet[aligned : aligned + 4] = _NAN
            case 4 if at < len(packet):
                packet[at] ^= 1 << chance.randrange(8)
    return bytes(packet[: MAX_BYTES + 1])


def good_packets() -> list[bytes]:
    return [
        wekinator(*[0.1] * 12),
        hand_osc("left", hand()),
        face_osc(),
        facemesh([(0.5, 0.5)] * 468),
        mediapipe_hands(hand(), hand()),
        mediapipe_pose([(0.5, 0.5, 0.0)] * 33),
        mediapipe_faces((0.1, 0.1, 0.2, 0.2, 0.9)),
        *handmate("l", hand(axes=2)),
        *handmate("r", hand(axes=2)),
        osc("/raw", *[100.0] * 132),
        osc("/wekinator/control/train"),
        osc("/wekinator/control/enableModelRunning", 1, 2),
        osc("/wekinator/control/setInputNames", "a", "b"),
    ]

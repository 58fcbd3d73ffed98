"""MIDI storms: more than any band can send, while the loop has other things to do.

    8 ports at 31 250 baud ─┐
    USB, 10 000 messages/s ─┼─► MIDI source ─► signals          each handler's time is taken
    a FIFO, without limit ──┘        │
                                     └── a neighbour on the same loop, woken every millisecond

What is sent is mostly controls, with notes, programs, panic, system exclusive and plain garbage
between. It comes from a process of its own, by way of pseudo-terminals and a FIFO.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from device.control.midi.settings import MidiProfile
from device.control.midi.source import TICK_S, MidiSource
from tests.device.control.midi.loops import TimedLoop
from tests.device.control.midi.wire import Plug, control, note_off, note_on, program
from tests.faults.report import Report

ROOT = Path(__file__).parents[2]
DIN_BYTES_PER_S = 3_125
USB_BYTES_PER_S = 30_000
DIN_PORTS = 8
HANDLER_S = 0.005
STEP_S = 0.002


def run_midi_storm(folder: Path, count: int, seed: int = 0) -> Report:
    """Storm a source for `count` seconds. It is bad if a handler took more than 5 ms of processor.

    The report counts signals that were handed on.
    """
    plugs = [Plug(folder, card, f"Port{card}") for card in range(DIN_PORTS + 1)]
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    signals = turns = 0
    calls: list[float] = []
    faults: list[str] = []
    late_s: list[float] = []

    def hear(heard: list) -> None:
        nonlocal signals, turns
        signals += len(heard)
        turns += 1
        faults.extend(str(signal) for signal in heard if not 0.0 <= signal.value <= 1.0)

    source = MidiSource(
        MidiProfile(ports=("all", str(fifo)), by_channel=True),
        scene=lambda number: calls.append(time.monotonic()),
        panic=lambda why: calls.append(time.monotonic()),
        say=lambda text: None,
        root=folder,
    )

    async def main() -> float:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(str(context)))
        source.start(loop, hear)
        sender = _sender(plugs, fifo, count, seed)
        began_s, used_s = loop.time(), time.thread_time()
        try:
            while loop.time() < began_s + count:
                due_s = loop.time() + 0.001
                await asyncio.sleep(0.001)
                late_s.append(loop.time() - due_s)
        finally:
            used_s = time.thread_time() - used_s
            source.close()
            sender.kill()
            sender.wait()
        return used_s / (loop.time() - began_s)

    gc.collect()
    gc.freeze()  # what a test suite holds is no part of the box
    try:
        with asyncio.Runner(loop_factory=TimedLoop) as runner:
            share = runner.run(main())
            worst_s = runner.get_loop().worst_s
    finally:
        gc.unfreeze()
    failures = faults[:5]
    if worst_s > HANDLER_S:
        failures.append(f"seed {seed}: a handler took {1e3 * worst_s:.1f} ms of processor time")
    if turns > 2 * count / TICK_S:
        failures.append(f"seed {seed}: {turns} times signals were handed on in {count} s")
    if signals < 100 * count:
        failures.append(f"seed {seed}: only {signals} signals in {count} s: this was no storm")
    if len(calls) > 2 * (count / 0.05 + 2):
        failures.append(f"seed {seed}: {len(calls)} scenes and panics in {count} s")
    late_s.sort()
    worst = {
        "handler_ms": 1e3 * worst_s,
        "neighbour_late_p99_ms": 1e3 * late_s[int(0.99 * len(late_s))],
        "processor_share": share,
        "signals_a_second": signals / count,
    }
    return Report("MIDI storm", signals, tuple(failures), worst)


def _sender(plugs: list[Plug], fifo: Path, count: int, seed: int) -> subprocess.Popen[bytes]:
    fds = [plug.fd for plug in plugs]
    command = [sys.executable, "-m", "tests.faults.midi_storm", str(fifo), str(count), str(seed)]
    return subprocess.Popen([*command, *map(str, fds)], cwd=ROOT, pass_fds=fds)


def storm(random: Random, length: int) -> bytes:
    """About `length` bytes of MIDI that nobody would play."""
    out = bytearray()
    while len(out) < length:
        kind, channel = random.random(), random.randint(1, 16)
        a, b = random.randrange(120), random.randrange(128)
        if kind < 0.8:
            out += control(a, b, channel)
        elif kind < 0.9:
            out += note_on(a, b, channel) if b % 2 else note_off(a, channel)
        elif kind < 0.95:
            out += program(b, channel) + control(120 + b % 8, 0, channel)
        elif kind < 0.98:
            out += b"\xf0" + random.randbytes(b) + b"\xf8\xf8\xfe"
        else:
            out += random.randbytes(20)
    return bytes(out)


def _send(fifo: str, count: int, seed: int, fds: list[int]) -> None:
    random = Random(seed)
    material = storm(random, 300_000)
    flood = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    ways = [(fd, DIN_BYTES_PER_S) for fd in fds[:-1]] + [(fds[-1], USB_BYTES_PER_S)]
    sent = [0] * len(ways)
    began_s = time.monotonic()
    while (passed_s := time.monotonic() - began_s) < count:
        for i, (fd, rate) in enumerate(ways):
            due = int(rate * passed_s) - sent[i]
            at = (7919 * i + sent[i]) % (len(material) - 4096)
            sent[i] += _put(fd, material[at : at + min(due, 4096)])
        while _put(flood, material[:65_536]):
            pass
        time.sleep(STEP_S)


def _put(fd: int, data: bytes) -> int:
    try:
        return os.write(fd, data) if data else 0
    except BlockingIOError:
        return 0


if __name__ == "__main__":
    _send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), [int(fd) for fd in sys.argv[4:]])

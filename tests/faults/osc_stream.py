"""A busy evening of OSC: 5 000 messages a second, all of use, while the box plays.

    python -m tests.faults.osc_stream [SECONDS]

    a phone ── 4 900 messages/s ──► OSC port  ─► macros, parameters ─┐
    an app ──── 100 poses/s ──────► apps port ─► 16 routes ──────────┼─► params ─► audio process
    two knobs, always moving ─────► panel     ─► 16 more ────────────┘             (SCHED_FIFO)
    a witness on every processor: was it us, or did the machine stand still?

`flood.py` sends what nobody would; this is what a player may. So nothing may be refused, no block
may be late unless the witness saw the machine stall just then, and nothing may be lost unless other
programs had the processors. As many parameters move with every pose as a learned map of 16
dimensions moves.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from device.bundle import open_bundle
from device.params import specs_of
from tests.device.control.app_packets import wekinator
from tests.device.control.packets import message
from tests.faults.box import DRIFT, ROOT, Box
from tests.faults.flood import HEADROOM_FRAMES, load_of
from tests.faults.report import Report
from tests.faults.udp_queue import lost
from tests.faults.witness import Missed, Witness

MESSAGES_PER_S = 5_000
POSES_PER_S = 100
"""Of the messages; each has as many numbers as a learned map has dimensions."""
DIMENSIONS = 16
BURST_S = 0.002
CATCH_UP = 50
"""Bursts that are sent at once, at most, after the sender was held up."""
FILLS_S = 0.4
"""A queue that nobody empties is full after about so long."""
STARVED = 0.5
"""Of that time, waiting for a processor that others have: then a loss is no fault of ours."""
ENOUGH = 0.99
"""Of the messages have to go out and come in, whoever has the processors: else it is no stream."""
_KEPT = ("output_gain_db", "input_gain_db", "dry_wet")
"""Turned down, these would pass any test of the sound."""


class Losses:
    """When a process' ports have lost messages, and whether that process could have run then."""

    def __init__(self, pid: int, ports: Sequence[int]) -> None:
        self._waiting = Path(f"/proc/{pid}/task/{pid}/schedstat")
        self._ports = ports
        self._looks: deque[tuple[float, float]] = deque()
        self.all = self.ours = 0

    def look(self, now_s: float) -> None:
        """Take note of the queues as they are now; look often, to tell times apart."""
        waited_s = int(self._waiting.read_text().split()[1]) * 1e-9
        self._looks.append((now_s, waited_s))
        while now_s - self._looks[0][0] > FILLS_S:
            self._looks.popleft()
        now = sum(map(lost, self._ports))
        began_s, had_waited_s = self._looks[0]
        if waited_s - had_waited_s < STARVED * (now_s - began_s):
            self.ours += now - self.all
        self.all = now


def run_osc_stream(folder: Path, count: int, seed: int = 0) -> Report:
    """Send to a playing box for `count` seconds. It is bad if a block was late and the machine had
    not stalled, or a message was lost or refused. `folder` holds the patch and the knobs' script.

    Reports of runs that were not under SCHED_FIFO have no failures for late blocks.
    """
    options = ["--patch", str(_patch(folder)), "--simulate", str(_knobs(folder, count))]
    options += ["--apps-port", "0"]
    with contextlib.ExitStack() as stack:
        box = Box(DRIFT, *options, headroom_frames=HEADROOM_FRAMES, seconds=count + 60.0)
        stack.enter_context(box)
        status = box.playing(200)
        apps = re.search(r"Other apps on 127\.0\.0\.1 port (\d+)", box.said)
        assert apps, box.said
        ports = (box.osc_port, int(apps[1]))
        histogram, blocks = status.histogram.copy(), status["blocks"]
        missed = Missed(status)
        witness = stack.enter_context(Witness(count + 60.0))
        losses = Losses(box.process.pid, ports)
        sender = stack.enter_context(_sender(ports, count, seed))

        def over() -> bool:
            missed.look(time.monotonic())
            losses.look(time.monotonic())
            return sender.poll() is not None

        box.wait_for(over, count + 60.0)
        sent = int(sender.communicate(timeout=20)[0])
        load = load_of(status.histogram - histogram)
        played = int(status["blocks"] - blocks)
        seen = witness.seen()
        realtime = bool(status["realtime"])
        said = box.stop()
    failures = [f"the box said: {said[-300:]}"] if "Traceback" in said else []
    if refused := re.search(r".*\d+ messages were not used.*", said):
        failures.append(f"seed {seed}: {refused[0]}")
    if losses.all > (1.0 - ENOUGH) * sent:
        failures.append(
            f"seed {seed}: {losses.all} of {sent} messages were lost, {losses.ours} while we "
            "could run: so many a second were not heard, and nothing is shown"
        )
    elif losses.ours:
        failures.append(f"seed {seed}: {losses.ours} messages did not fit the queues of the ports")
    if sent < ENOUGH * MESSAGES_PER_S * count:
        failures.append(f"seed {seed}: only {sent} messages went out in {count} s")
    ours = missed.ours(seen)
    if ours and realtime:
        failures.append(f"seed {seed}: {len(ours)} times a block was late, by no stall")
    return Report(
        "OSC stream",
        played,
        tuple(failures),
        {
            "late_blocks": float(missed.late),
            "xruns": float(missed.xruns),
            "missed_by_us": float(len(ours)),
            "machine_stalls": float(len(seen.stalls)),
            "machine_worst_ms": 1e3 * seen.worst_s,
            "messages_a_second": sent / count,
            "lost_messages": float(losses.all),
            "lost_by_us": float(losses.ours),
            "load_p50": load.p50,
            "load_p999": load.p999,
            "realtime": float(realtime),
        },
    )


def _ids() -> list[str]:
    """What the stream may move."""
    return [id for id in specs_of(open_bundle(DRIFT).manifest) if id not in _KEPT]


def _patch(folder: Path) -> Path:
    """Poses move some parameters, the knobs others through macros."""
    ids = _ids()
    targets = [ids[k % len(ids)] for k in range(2 * DIMENSIONS)]
    routes = [
        {"source": f"wek/{k + 1}", "target": target, "mode": "add", "depth": 0.2, "centre": 0.5}
        for k, target in enumerate(targets[:DIMENSIONS])
    ]
    routes += [{"source": f"knob/{k + 1}", "target": f"macro/m{k + 1}"} for k in range(2)]
    macros = []
    for k in range(2):
        half = dict.fromkeys(targets[DIMENSIONS + k :: 2])
        moves = [{"target": target, "start": 0.2, "end": 0.8} for target in half]
        macros.append({"name": f"m{k + 1}", "moves": moves})
    controls = {f"knob/{k + 1}": {"takeover": "jump"} for k in range(2)}
    path = folder / "patch.json"
    path.write_text(
        json.dumps({"format": 1, "controls": controls, "routes": routes, "macros": macros})
    )
    return path


def _knobs(folder: Path, count: int) -> Path:
    """Both knobs turn to and fro, at speeds that hardly ever meet."""
    moves = [
        {"at_s": k * each_s, "param": f"knob/{knob}", "to": float(k % 2), "over_s": each_s}
        for knob, each_s in ((1, 1.7), (2, 2.3))
        for k in range(1, math.ceil((count + 60.0) / each_s))
    ]
    path = folder / "knobs.json"
    path.write_text(json.dumps(sorted(moves, key=lambda move: move["at_s"])))
    return path


def stream(seed: int, count: int = 4096) -> list[bytes]:
    """Messages to send round and round, each of which sets a parameter or a macro."""
    random = np.random.default_rng(seed)
    ids = [*_ids(), "macro/m1", "macro/m2"]
    return [
        message(f"/ondine/raw/{ids[random.integers(len(ids))]}", "f", float(random.random()))
        for _ in range(count)
    ]


def poses(seed: int, count: int = 1024) -> list[bytes]:
    """Poses of somebody who moves slowly: each number a sine of its own speed."""
    random = np.random.default_rng(seed)
    cycles = random.integers(1, 20, DIMENSIONS)
    phase = 2.0 * np.pi * np.outer(np.arange(count) / count, cycles)
    return [wekinator(*row) for row in (0.5 + 0.5 * np.sin(phase)).tolist()]


def _send(ports: tuple[int, int], seconds: int, seed: int) -> int:
    """Send at an even pace; returns how many messages went out."""
    messages, moves = stream(seed), poses(seed)
    phone, app = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports)
    phone.connect(("127.0.0.1", ports[0]))
    app.connect(("127.0.0.1", ports[1]))
    phone.setblocking(False)
    per_burst = round(MESSAGES_PER_S * BURST_S)
    every = round(MESSAGES_PER_S / POSES_PER_S)
    sent = 0
    began_s, left = time.monotonic(), round(seconds / BURST_S)
    next_s = began_s
    while left:
        time.sleep(max(0.0, next_s - time.monotonic()))
        due = min(left, CATCH_UP, 1 + int((time.monotonic() - next_s) / BURST_S))
        for _ in range(due * per_burst):
            sent += 1
            if sent % every:
                phone.send(messages[sent % len(messages)])
            else:
                app.send(moves[sent // every % len(moves)])
        left -= due
        next_s += due * BURST_S
        with contextlib.suppress(BlockingIOError):
            while phone.recv(65_536):
                pass  # it is told what others have moved
    return sent


@contextlib.contextmanager
def _sender(ports: tuple[int, int], seconds: int, seed: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.osc_stream", "send"]
    child = subprocess.Popen(
        [*command, *map(str, (*ports, seconds, seed))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def main(arguments: list[str]) -> int:
    """The trial itself, or its sender."""
    if arguments[:1] == ["send"]:
        osc, apps, seconds, seed = map(int, arguments[1:])
        print(_send((osc, apps), seconds, seed))
        return 0
    with tempfile.TemporaryDirectory() as place:
        report = run_osc_stream(Path(place), int(arguments[0]) if arguments else 60)
    print(report)
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Malformed packets by the million, over real sockets: none raises, and none takes long.

    python -m tests.faults.osc_packets [COUNT]

    packets of a seed ─┬► OSC port  ─► guard ─► messages ─► desk ─► params
                       └► apps port ─► guard ─► dialects ─► hands ─┘

Everything between the sockets and the table is the instrument's own, on one loop that takes the
processor time of each of its handlers. They are sent as many at once as a turn of the loop takes,
so that a turn at its fullest is what is measured. After every handful a good packet to each port
must be obeyed. HTTP and WebSocket are attacked in `query_attacks.py`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from device.control.desk import Desk
from device.control.dialect_server import DialectServer
from device.control.osc import Perform, routes
from device.control.osc_server import OscServer
from device.control.signal import Signal
from device.control.udp_port import PACKETS_PER_TURN
from device.hands.hands import Hands
from device.mapping.patch import Patch
from device.mapping.routes import Route
from device.params import ParamTable, specs_of
from tests.bundles import tiny_autoencoder
from tests.device.control.app_packets import wekinator
from tests.device.control.midi.loops import TimedLoop
from tests.device.control.packets import GOOD, MALFORMED, REFUSED, bundle, message, nested
from tests.faults.dialect_packets import good_packets as good_of_apps
from tests.faults.dialect_packets import mutation
from tests.faults.report import Report
from tests.faults.udp_queue import lost

HANDLER_S = 0.005
SENDERS = 128
"""Addresses of the sender, so that few packets are refused for coming too often."""
LIMIT_S = 20.0
ATTEMPTS = 3
"""Caches that other programs have emptied are not the packets' fault."""
_FILLING = 250
"""Messages that fill a packet nearly to the last byte that is let through."""
_SPACE = 60_000
"""Of a datagram; loopback carries no longer ones."""


def run_osc_packets(folder: Path, count: int, seed: int) -> Report:
    """Send the `count` packets of seeds from `seed` on; `folder` holds the table.

    `worst` has the processor time of the longest handler, measured again if it was over the limit,
    and how many messages were accepted, or refused for coming too often and not looked at.
    """
    gc.collect()
    gc.freeze()  # what a test suite holds is no part of the box
    errors = _Errors()
    logger = logging.getLogger("ondine")
    logger.addHandler(errors)
    try:
        with asyncio.Runner(loop_factory=TimedLoop) as runner:
            trial = _Trial(folder, runner.get_loop())
            runner.run(trial.go(count, seed))
    finally:
        logger.removeHandler(errors)
        gc.unfreeze()
    failures = [*trial.failures, *errors.said]
    worst = {
        "handler_ms": 1e3 * trial.worst_s,
        "accepted_messages": float(trial.accepted),
        "too_many_a_second": float(trial.too_many),
    }
    return Report("OSC packets", count, tuple(failures), worst)


class _Errors(logging.Handler):
    """What was logged as the instrument's own fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


class _Trial:
    """Both ports, what hangs on them, and who sends."""

    def __init__(self, folder: Path, loop: TimedLoop) -> None:
        self.failures: list[str] = []
        self.worst_s = 0.0
        self.accepted = self.too_many = 0
        self._loop = loop
        loop.set_exception_handler(lambda _, context: self.failures.append(f"uncaught: {context}"))
        specs = specs_of(tiny_autoencoder().manifest)
        self._desk = desk = Desk(ParamTable(folder / "params", create=True), specs)
        self._apps = DialectServer("127.0.0.1", 0)
        patch = Patch(routes=tuple(Route(f"wek/{k}", "latent_bias_0") for k in range(2, 5)))
        self._hands = Hands(
            patch,
            specs,
            [self._apps],
            take=desk.take,
            values=desk.values,
            say=lambda text: None,
        )
        self._heard = math.nan
        self._hands.raw_listeners.append(self._hear)
        acts = {"/ondine/scene/recall": Perform(lambda given: None, "s")}
        acts["/ondine/scene/save"] = Perform(lambda given: None, "s", slow=True)
        acts["/ondine/map/pair"] = Perform(lambda given: None)
        table = routes(
            specs,
            reset=lambda: None,
            status=lambda: [("/ondine/status/playing", [1])],
            value=desk.value,
            load=lambda name: None,
            keep=lambda: None,
            more=acts,
        )
        self._osc = OscServer("127.0.0.1", 0, table, desk)
        self._ports = (self._osc.port, self._apps.port)
        self._sockets = [_sender(k) for k in range(SENDERS)]
        self._sent = 0

    async def go(self, count: int, seed: int) -> None:
        """Send them all, a turn's worth at a time."""
        self._hands.start(self._loop, self._desk.take)
        self._osc.start(self._loop, self._hands.take)
        good = _good(), good_of_apps()
        step = 2 * (PACKETS_PER_TURN - 1)  # and the good one: as many to each port as a turn takes
        for first in range(seed, seed + count, step):
            seeds = range(first, min(first + step, seed + count))
            packets = [mutation(good[number % 2], number) for number in seeds]
            took_s = math.inf
            for _ in range(ATTEMPTS):
                took_s = min(took_s, await self._batch(packets, seeds.start % 2))
                if took_s <= HANDLER_S:
                    break
            else:
                took_ms = 1e3 * took_s
                self.failures.append(f"packets {seeds.start} to {seeds.stop - 1}: {took_ms:.1f} ms")
            self.worst_s = max(self.worst_s, took_s)
            if len(self.failures) > 20:
                break  # what follows would tell the same again
        self._check()
        for source in (self._osc, self._hands):
            source.close()
        for sender in self._sockets:
            sender.close()

    async def _batch(self, packets: Sequence[bytes], first: int) -> float:
        """Send some, the first to port number `first` and on by turns; the longest handler, s."""
        self._loop.worst_s = 0.0
        for k, packet in enumerate(packets):
            self._sent += 1
            sender = self._sockets[self._sent % SENDERS]
            sender.sendto(packet, ("127.0.0.1", self._ports[(first + k) % 2]))
        mark = (self._sent % 1000 + 1) / 1024
        own = self._sockets[0]
        own.sendto(message("/ondine/param/dry_wet", "f", mark), ("127.0.0.1", self._ports[0]))
        own.sendto(wekinator(mark, 0.5), ("127.0.0.1", self._ports[1]))
        ends_s = self._loop.time() + LIMIT_S
        while self._desk.value("dry_wet") != mark or self._heard != mark:
            await asyncio.sleep(0)
            if self._loop.time() > ends_s:
                self.failures.append(f"a good packet was not obeyed after {packets[-1]!r}")
                break
        return self._loop.worst_s

    def _hear(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            if signal.name == "wek/1":
                self._heard = signal.value
            if not 0.0 <= signal.value <= 1.0:
                self.failures.append(f"a signal beyond 0..1: {signal}")

    def _check(self) -> None:
        assert self._osc.receiver is not None
        assert self._apps.receiver is not None
        for receiver in (self._osc.receiver, self._apps.receiver):
            self.accepted += receiver.accepted
            self.too_many += receiver.refused["too many a second"]
        for id, value in self._desk.values().items():
            spec = self._desk.specs[id]
            if not spec.minimum <= value <= spec.maximum:
                self.failures.append(f"{id} was put to {value}")
        for port in self._ports:
            if gone := lost(port):
                self.failures.append(f"{gone} packets to port {port} did not fit its queue")


def _sender(number: int) -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((f"127.0.1.{number + 1}", 0))
    return sender


def _good() -> list[bytes]:
    """What OSC packets are made from: good ones, ten of each, and every bad one there is."""
    most = bundle(*[message("/ondine/raw/dry_wet", "i", 1)] * _FILLING)
    good = [
        GOOD,
        bundle(GOOD, nested(2, GOOD)),
        message("/ondine/params", "ihdTF", 1, 2, 3.0),
        message("/ondine/status"),
        message("/ondine/scene/recall", "s", "1"),
        message("/ondine/map/pair"),
        message("/ondine/load", "s", "glass"),
        bundle(*[message("/ondine/raw/latent_bias_0", "f", k / 16) for k in range(16)]),
        most,
    ]
    bad = [packet for packet, _ in (MALFORMED | REFUSED).values() if len(packet) < _SPACE]
    return 10 * good + bad


def main(count: int) -> int:
    """Run it once and tell."""
    with tempfile.TemporaryDirectory() as place:
        report = run_osc_packets(Path(place), count, 0)
    print("\n".join(report.failures))
    print(report.count, "packets,", len(report.failures), "failures,", report.worst)
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 10_000))

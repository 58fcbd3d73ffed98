"""Malformed HTTP and WebSocket input to the OSCQuery server, made by cutting, copying and flipping.

After each piece another client must be answered as ever, and nothing may be raised uncaught. What
is sent is drawn from a seed; the same seed sends the same bytes.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import time
from pathlib import Path

import aiohttp

from device.control.desk import Desk
from device.control.osc import routes
from device.control.oscquery.door import Door
from device.control.oscquery.offer import Offer, offer_of
from device.control.oscquery.source import OscQuery
from device.params import ParamTable, specs_of
from tests.bundles import tiny_autoencoder
from tests.faults.report import Report

_KEY = base64.b64encode(b"sixteen bytes...").decode()
_GET = (
    b"GET /ondine/param/dry_wet?VALUE HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n",
    b"HEAD /layout.tosc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
)
_UPGRADE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
_TEXTS = (
    b'{"COMMAND": "LISTEN", "DATA": "/ondine/param/dry_wet"}',
    b'{"COMMAND": "IGNORE", "DATA": "/ondine/status/load"}',
    b"[" * 100,
    b"\xff\xfe",
)
_PACKETS = (
    b"/ondine/param/dry_wet\0\0\0,f\0\0\x3e\x80\0\0",
    b"#bundle\0" + b"\0" * 7 + b"\1" + b"\xff\xff\xff\xfc",
    b"/ondine/status\0\0,\0\0\0",
)
PROBE_LIMIT_S = 2.0
"""For another client's question, on a machine that does other things as well."""


def _frame(chance: random.Random) -> bytes:
    opcode = chance.choice((1, 1, 2, 2, 8, 9, 10, chance.randrange(16)))
    payload = chance.choice(_TEXTS if opcode == 1 else _PACKETS)
    mask = chance.randbytes(4)
    masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return bytes([chance.choice((0x80, 0x80, 0)) | opcode, 0x80 | min(len(masked), 125)]) + (
        mask + masked[:125]
    )


def _mutated(data: bytes, chance: random.Random) -> bytes:
    piece = bytearray(data)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(piece) + 1)
        match chance.randrange(4):
            case 0:
                del piece[at:]
            case 1:
                piece[at : at + 4] = chance.randbytes(4)
            case 2:
                piece[at:at] = chance.choice(_GET)[: chance.randrange(60)]
            case 3 if at < len(piece):
                piece[at] ^= 1 << chance.randrange(8)
    return bytes(piece)


def _attack(chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return _mutated(chance.choice(_GET), chance)
    frames = b"".join(_frame(chance) for _ in range(chance.randrange(1, 6)))
    return _UPGRADE + _mutated(frames, chance)


class _Errors(logging.Handler):
    """What the server logged as its own fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


def _offer(desk: Desk) -> Offer:
    table = routes(
        desk.specs,
        reset=lambda: None,
        status=list,
        value=desk.value,
        load=lambda name: None,
        keep=lambda: None,
    )
    manifest = tiny_autoencoder().manifest
    return offer_of(
        manifest, desk.specs, table, value=desk.value, status=list, clock=time.monotonic
    )


def run_query_attacks(folder: Path, count: int, seed: int) -> Report:
    """Send `count` malformed pieces, each on a connection of its own; `folder` holds a table."""
    desk = Desk(ParamTable(folder / "params", create=True), specs_of(tiny_autoencoder().manifest))
    failures: list[str] = []
    longest_s = 0.0
    errors = _Errors()
    logger = logging.getLogger("ondine.oscquery")

    async def main() -> None:
        nonlocal longest_s
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(
            lambda _, context: failures.append(f"uncaught with seed {seed}: {context}")
        )
        source = OscQuery("127.0.0.1", 0, _offer(desk), osc_port=None, door=Door())
        source.start(loop, desk.take)
        url = f"http://127.0.0.1:{source.port}/ondine/param/dry_wet?TYPE"
        chance = random.Random(seed)
        async with aiohttp.ClientSession() as probe:
            for number in range(count):
                data = _attack(chance)
                _, writer = await asyncio.open_connection("127.0.0.1", source.port)
                writer.write(data)
                began_s = loop.time()
                async with probe.get(url) as answer:
                    # 429: this is one client to the server, and it asks a lot.
                    if answer.status not in (200, 429):
                        failures.append(f"{number} of seed {seed}: {answer.status} for {data!r}")
                longest_s = max(longest_s, loop.time() - began_s)
                writer.close()
        source.close()

    logger.addHandler(errors)
    try:
        asyncio.run(main())
    finally:
        logger.removeHandler(errors)
    failures += [f"logged with seed {seed}: {said}" for said in errors.said]
    if longest_s > PROBE_LIMIT_S:
        failures.append(f"with seed {seed} somebody waited {longest_s:.1f} s for an answer")
    return Report("query attacks", count, tuple(failures), {"answer_s": longest_s})

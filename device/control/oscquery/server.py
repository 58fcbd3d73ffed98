"""The HTTP and WebSocket handlers of OSCQuery, on aiohttp. Nothing is written by HTTP.

    request ─► door ─► fewer than so many a second? ─► a file, the tree, or a WebSocket:
        text    LISTEN, IGNORE                        ─► its listener
        binary  an OSC packet, guarded as any other   ─► take
        60 times a second, while anybody listens: what changed goes out

Only `device.control.oscquery.source` imports this, and late: aiohttp is an optional package.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from device.control.osc import OscReceiver
from device.control.osc_guard import MAX_BYTES
from device.control.osc_reply import message
from device.control.oscquery.door import Door
from device.control.oscquery.offer import Offer
from device.control.oscquery.query import answer
from device.control.oscquery.seat import Seat
from device.control.oscquery.tree import Node, changed, find, read
from device.control.source import Reading, Take
from device.control.token_bucket import TokenBuckets
from device.errors import ControlError

MAX_SOCKETS = 32
MAX_CONNECTIONS = 64
FIRST_REQUEST_S = 10.0
"""Whoever connects and asks for nothing is let go after this."""
HEARTBEAT_S = 20.0
TURN_S = 1.0 / 60.0
WORK_PER_S = 4000.0
"""Per address of a client: a request is 20, and 1 more for each node it is answered with."""
LARGE_NODES = 100
"""A tree of more is described in another thread: its milliseconds are taken from no knob."""
COMMANDS_PER_S = 500.0
LOG_EVERY_S = 1.0
MESSAGES_PER_TURN = 16
"""Read from one WebSocket before the others have their turn."""

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}

log = logging.getLogger("ondine.oscquery")


class QueryServer:
    """Handles connections that `protocol` makes. `refused` counts what was not done, by reason."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        offer: Offer,
        take: Take,
        door: Door,
        host_info: dict[str, Any],
    ) -> None:
        self._loop, self._offer, self._door, self._host_info = loop, offer, door, host_info
        self._readable = offer.readable()
        self._take = take
        self._moving: Seat | None = None
        self.receiver = OscReceiver(offer.routes, self._moved)
        self._seats: set[Seat] = set()
        self._files: dict[str, bytes] = {}
        self._work = TokenBuckets(WORK_PER_S)
        self._commands = TokenBuckets(COMMANDS_PER_S)
        self._turn: asyncio.Handle | None = None
        self._reporting: asyncio.TimerHandle | None = None
        self._new: dict[asyncio.BaseProtocol, asyncio.TimerHandle] = {}
        self._http = web.Server(
            self._handle,
            loop=loop,
            access_log=None,
            logger=_Log(log, self._count),
            keepalive_timeout=15.0,
            max_line_size=4096,
            max_field_size=4096,
            max_headers=64,
        )
        self.refused: Counter[str] = Counter()

    def protocol(self) -> asyncio.BaseProtocol:
        """What speaks with one more connection."""
        if len(self._http.connections) >= MAX_CONNECTIONS:
            self._count("too many connections")
            return _Full()
        handler = self._http()
        self._new[handler] = self._loop.call_later(FIRST_REQUEST_S, self._too_late, handler)
        return handler

    def replace(self, offer: Offer) -> None:
        """Another instrument plays: who listens is told what has changed in the tree."""
        path = changed(self._offer.root, offer.root)
        self._offer, self._readable = offer, offer.readable()
        self._files.clear()
        self.receiver.replace(offer.routes)
        for seat in self._seats:
            seat.listener.only(self._readable)
            if path is not None:
                seat.send([json.dumps({"COMMAND": "PATH_CHANGED", "DATA": path})])

    def close(self) -> None:
        """Let go of everybody."""
        for timer in (self._turn, self._reporting, *self._new.values()):
            if timer is not None:
                timer.cancel()
        for seat in self._seats:
            seat.close()
        for handler in self._http.connections:
            handler.force_close()

    def _count(self, reason: str) -> None:
        self.refused[reason] += 1
        if self._reporting is None:
            self._reporting = self._loop.call_later(LOG_EVERY_S, self._report)

    def _report(self) -> None:
        self._reporting = None
        reasons = ", ".join(f"{reason} {n}" for reason, n in self.refused.most_common(4))
        log.warning("OSCQuery: not everything was answered (since start: %s)", reasons)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        timer = self._new.pop(request.protocol, None)
        if timer is not None:
            timer.cancel()
        headers = request.headers
        hosts, origins = headers.getall("Host", []), headers.getall("Origin", [])
        if said := self._door.refuses(hosts, origins, request.remote):
            return self._refuse(403, "host or origin", said)
        if request.method not in ("GET", "HEAD"):
            return self._refuse(405, "method", "only GET: values are set over OSC")
        peer = request.remote or "?"
        if headers.get("Upgrade", "").lower() == "websocket":
            if len(self._seats) >= MAX_SOCKETS:
                return self._refuse(503, "too many sockets", f"at most {MAX_SOCKETS} can listen")
            return await self._listen(request)
        node = find(self._offer.root, request.path)
        query = request.rel_url.raw_query_string
        whole = not query or "CONTENTS" in query
        size = node.size if node is not None and whole else 1
        if not self._work.allow(peer, 20 + size, time.monotonic()):
            return self._refuse(429, "too many requests", "ask again in a moment")
        if request.path in self._offer.files and not query:
            return await self._file(request.path)
        root, path = self._offer.root, request.path
        if size > LARGE_NODES:
            status, text = await self._loop.run_in_executor(None, self._text, root, path, query)
        else:
            status, text = self._text(root, path, query)
        kind = None if text is None else "application/json"
        return web.Response(status=status, text=text, content_type=kind, headers=HEADERS)

    def _text(self, root: Node, path: str, query: str) -> tuple[int, str | None]:
        status, body = answer(root, self._host_info, path, query)
        if body is None:
            return status, None
        return status, json.dumps(body, allow_nan=False, ensure_ascii=False)

    def _refuse(self, status: int, reason: str, said: str) -> web.Response:
        self._count(reason)
        return web.Response(status=status, text=said + "\n", headers=HEADERS)

    async def _file(self, path: str) -> web.Response:
        file = self._offer.files[path]
        made = self._files.get(path)
        if made is None:
            # In another thread: a hundred pages of faders take longer than a turn of this loop.
            made = await self._loop.run_in_executor(None, file.make)
            if self._offer.files.get(path) is file:
                self._files[path] = made
        named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return web.Response(body=made, content_type=file.kind, headers=HEADERS | named)

    async def _listen(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=MAX_BYTES, compress=False, timeout=1.0
        )
        seat = Seat(self._loop, socket, request, self._count)
        self._seats.add(seat)
        try:
            await socket.prepare(request)
            count = 0
            async for given in socket:
                if given.type is WSMsgType.TEXT:
                    self._obey(seat, given.data)
                elif given.type is WSMsgType.BINARY:
                    self._receive(seat, given.data)
                count += 1
                if count % MESSAGES_PER_TURN == 0:
                    await asyncio.sleep(0)
        finally:
            self._seats.discard(seat)
            seat.close()
        return socket

    def _obey(self, seat: Seat, text: str) -> None:
        if not self._commands.allow(seat.peer, 1, time.monotonic()):
            self._count("too many commands")
            return
        try:
            seat.listener.command(text, self._readable)
        except ControlError as error:
            self._count(str(error))
            return
        if self._turn is None and seat.listener.addresses:
            self._turn = self._loop.call_soon(self._tell)

    def _receive(self, seat: Seat, packet: bytes) -> None:
        self._moving = seat
        try:
            replies = self.receiver.receive(packet, seat.peer, time.monotonic())
        except ControlError as error:
            self._count(str(error))
        else:
            seat.send(replies)
        finally:
            self._moving = None

    def _moved(self, readings: Sequence[Reading]) -> None:
        self._take(readings)
        if self._moving is not None:
            now_s = self._loop.time()
            for reading in readings:
                for kind in ("param", "raw"):
                    self._moving.listener.moved(f"/ondine/{kind}/{reading.param}", now_s)

    def _tell(self) -> None:
        """Tell every listener what has changed; again in a moment, while anybody listens."""
        self._turn = None
        wanted = set().union(*(seat.listener.addresses for seat in self._seats))
        if not wanted:
            return
        self._turn = self._loop.call_later(TURN_S, self._tell)
        values = {address: read(self._readable[address]) for address in wanted}
        now_s = self._loop.time()
        for seat in self._seats:
            if seat.waiting:
                continue  # it is slow: it gets the newest when it has taken the last
            mine = [
                (address, value)
                for address in seat.listener.addresses
                if (value := values[address]) is not None
            ]
            due = seat.listener.due(mine, now_s)
            seat.send([message(address, [value]).dgram for address, value in due])

    def _too_late(self, handler: RequestHandler) -> None:
        self._new.pop(handler, None)
        if handler.transport is not None:
            self._count("connected and asked nothing")
            handler.transport.abort()


class _Log(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's log, in which a traceback for every malformed request would be a flood."""

    def __init__(self, to: logging.Logger, count: Callable[[str], None]) -> None:
        super().__init__(to)
        self._count = count

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        """Count what a client did wrong; what we did wrong is logged whole."""
        if isinstance(exc_info, HttpProcessingError):
            self._count("malformed request")
        else:
            super().exception(msg, *args, exc_info=exc_info, **more)


class _Full(asyncio.Protocol):
    """Turns a connection away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()

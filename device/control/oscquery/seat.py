"""One WebSocket's place at the server: what it listens to, and what waits to be sent to it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from aiohttp import web

from device.control.oscquery.listener import Listener

SLOW_S = 5.0
"""Whoever takes nothing for so long is let go."""
MAX_WAITING = 2048
"""Messages that may wait for one listener."""


class Seat:
    """Sends in the background, in order, so that nobody waits for a slow one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        socket: web.WebSocketResponse,
        request: web.BaseRequest,
        count: Callable[[str], None],
    ) -> None:
        """`count` is told once if it had to be let go."""
        self._loop, self._socket, self._request, self._count = loop, socket, request, count
        self.peer = request.remote or "?"
        self.listener = Listener()
        self.waiting: deque[bytes | str] = deque()
        self._sending: asyncio.Task[None] | None = None

    def send(self, packets: Sequence[bytes | str]) -> None:
        """Send OSC packets (bytes) and commands (text), soon."""
        if len(self.waiting) + len(packets) > MAX_WAITING:
            self._let_go()
            return
        self.waiting.extend(packets)
        if self.waiting and self._sending is None:
            self._sending = self._loop.create_task(self._deliver())

    def close(self) -> None:
        """Send nothing more."""
        self.waiting.clear()
        if self._sending is not None:
            self._sending.cancel()

    async def _deliver(self) -> None:
        try:
            while self.waiting:
                packet = self.waiting[0]
                async with asyncio.timeout(SLOW_S):
                    if isinstance(packet, str):
                        await self._socket.send_str(packet)
                    else:
                        await self._socket.send_bytes(packet)
                if self.waiting:
                    self.waiting.popleft()
        except (TimeoutError, ConnectionError, RuntimeError):
            self._let_go()
        finally:
            self._sending = None

    def _let_go(self) -> None:
        self._count("too slow a listener")
        self.waiting.clear()
        if self._request.transport is not None:
            self._request.transport.abort()

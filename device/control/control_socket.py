"""The control socket: other programs of this user ask the control process for something.

    ondine load glass ──► {"command": "load", "bundle": "/…/glass.ondine"} ──► control.sock
                      ◄── {"ok": true, "say": "Now playing glass."}

Requests are small JSON objects. Whoever is not this user cannot reach the socket; whatever comes in
that makes no sense is answered with a sentence, or with nothing if nobody could hear it.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from device.control.source import Take
from device.errors import ControlError, OndineError
from device.play.datagram import MAX_BYTES

AT_ONCE = 8
"""Requests that are being seen to; more are turned away."""

Obey = Callable[[Mapping[str, Any]], Awaitable[str]]
"""Does what a request asks for and returns a sentence; raises OndineError with one if it cannot."""


class ControlSocket:
    """A source that listens at `path` and hands every request to `obey`."""

    name = "control socket"

    def __init__(self, path: Path, obey: Obey) -> None:
        """Bind the socket, in place of one left behind.

        Raises:
            ControlError: if it cannot be bound.
        """
        self._path, self._obey = path, obey
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            path.unlink(missing_ok=True)
            for left in path.parent.glob("ask.*"):
                left.unlink(missing_ok=True)  # of an asker that was killed
            # Born closed to others: between bind and chmod it would be open for a moment.
            before = os.umask(0o177)
            try:
                self._socket.bind(str(path))
            finally:
                os.umask(before)
        except OSError as error:
            self._socket.close()
            raise ControlError(f"cannot listen at {path}: {error.strerror or error}") from None

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Listen, until `close`. What is asked for goes to `obey`, not to `take`."""
        self._loop = loop
        loop.add_reader(self._socket, self._drain, loop)

    def close(self) -> None:
        """Stop listening; what is being seen to is dropped."""
        if self._loop is not None and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
        for task in self._running:
            task.cancel()
        if self._socket.fileno() >= 0:
            self._path.unlink(missing_ok=True)
        self._socket.close()

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            data, _, flags, sender = self._socket.recvmsg(MAX_BYTES)
        except OSError:
            return
        if len(self._running) >= AT_ONCE:
            self._answer(sender, False, "too much is asked at once; ask again in a moment")
            return
        whole = not flags & socket.MSG_TRUNC
        task = loop.create_task(self._see_to(data if whole else b"", sender))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _see_to(self, data: bytes, sender: str | None) -> None:
        try:
            self._answer(sender, True, await self._obey(read_request(data)))
        except OndineError as error:
            self._answer(sender, False, str(error))
        except Exception as error:  # Whoever asked is owed an answer, and the others theirs.
            say = f"this is a fault of Ondine itself ({type(error).__name__}: {error})"
            self._answer(sender, False, say)

    def _answer(self, sender: str | None, ok: bool, say: str) -> None:
        if not sender:
            return  # it has no address: it does not want to know
        with contextlib.suppress(OSError):
            self._socket.sendto(json.dumps({"ok": ok, "say": say[:1000]}).encode(), sender)


def read_request(data: bytes) -> Mapping[str, Any]:
    """A request: a JSON object with a `command`.

    Raises:
        ControlError: if it is none.
    """
    try:
        request = json.loads(data)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        raise ControlError('a request is a JSON object such as {"command": "load", …}')
    return request


def ask(path: Path, request: Mapping[str, object], limit_s: float) -> dict[str, Any]:
    """Ask whoever listens at `path`; returns the answer, `{"ok": bool, "say": str}`.

    Raises:
        ControlError: if nobody listens there, or does not answer within `limit_s`.
    """
    data = json.dumps(request).encode()
    if len(data) > MAX_BYTES:
        raise ControlError(f"what is asked for takes {len(data)} bytes; at most {MAX_BYTES} fit")
    here = path.with_name(f"ask.{os.getpid()}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asker:
        try:
            here.unlink(missing_ok=True)
            asker.bind(str(here))
            asker.settimeout(limit_s)
            asker.sendto(data, str(path))
            answer = json.loads(asker.recv(1 << 16))
        except TimeoutError:
            raise ControlError(f"Ondine did not answer within {limit_s:.0f} s") from None
        except (FileNotFoundError, ConnectionError):
            raise ControlError("nothing is playing here. Start with: ondine play") from None
        except (OSError, ValueError) as error:
            raise ControlError(f"cannot ask at {path}: {error}") from None
        finally:
            with contextlib.suppress(OSError):
                here.unlink(missing_ok=True)
    if not isinstance(answer, dict) or not isinstance(answer.get("say"), str):
        raise ControlError("Ondine answered with something that makes no sense; restart it")
    return answer

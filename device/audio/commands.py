"""Rare commands to the audio process: tiny JSON datagrams on a Unix socket, and signals.

    {"command": "stop"}    fade out, finish the recording, end
    {"command": "reset"}   start the model's memory afresh
    {"command": "load", "bundle": "/a/path", "serial": 7, "fingerprint": "…",
     "precision": "auto", "latency": "keep"}   fade to another instrument, once it is warm
    {"command": "remember", "file": "/a/path", "ticket": 3}   write down the model's caches
    {"command": "shed"}    let go of spare instruments: memory is short

Two helper threads sleep until something comes and set flags that the loop reads. Whatever is
malformed is counted and otherwise ignored: nothing that arrives here can stop the music.
"""

import contextlib
import json
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any, TypeGuard

from device.audio.loader import Load
from device.audio.memory import Remember
from device.audio.orders import Orders
from device.audio.realtime import step_back
from device.errors import AudioError

MAX_BYTES = 4096
MAX_SERIAL = 1 << 24
"""The table carries serials as float32, exact up to here."""
MAX_SEED = 1 << 63
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


class CommandSocket:
    """Listens at `path` until closed; `refused` counts what it could not understand."""

    def __init__(self, path: Path, orders: Orders) -> None:
        """Bind the socket, in place of one left behind.

        Raises:
            AudioError: if the path cannot be bound.
        """
        self.refused = 0
        self._closed = False
        self._path, self._orders = path, orders
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            if path.is_socket():
                path.unlink()
            self._socket.bind(str(path))
            path.chmod(0o660)
        except OSError as error:
            self._socket.close()
            raise AudioError(f"cannot listen at {path}: {error.strerror or error}") from None
        self._thread = threading.Thread(target=self._listen, name="commands", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def _listen(self) -> None:
        step_back()
        while True:
            try:
                message, _, flags, _ = self._socket.recvmsg(MAX_BYTES)
            except OSError:
                return
            # A shut socket reads as empty, and so does an empty datagram.
            if self._closed:
                return
            whole = not flags & socket.MSG_TRUNC
            self.refused += not (whole and obey(message, self._orders))


def obey(message: bytes, orders: Orders) -> bool:
    """Set the flag that `message` asks for; False if it asks for nothing known."""
    try:
        request = json.loads(message)
    except (ValueError, RecursionError):
        return False
    command = request.get("command") if isinstance(request, dict) else None
    if command == "stop":
        orders.stop = True
    elif command == "reset":
        orders.reset = True
    elif command == "shed":
        orders.shed = True
    elif command == "load" and (load := _load(request)):
        orders.told.put(load)
    elif command == "remember" and (wish := _remember(request)):
        orders.told.put(wish)
    else:
        return False
    return True


def _load(request: dict[str, Any]) -> Load | None:
    """The load that was asked for, or None if it is not whole."""
    bundle, serial = request.get("bundle"), request.get("serial")
    sha, precision = request.get("fingerprint", ""), request.get("precision", "auto")
    latency, start = request.get("latency", "keep"), request.get("start")
    if not _is_path(bundle) or not (start is None or _is_path(start)):
        return None
    if type(serial) is not int or not 0 <= serial < MAX_SERIAL or not isinstance(sha, str):
        return None
    if precision not in ("auto", "fp32", "int8") or latency not in ("keep", "free"):
        return None
    seed = request.get("seed")
    if seed is not None and not (type(seed) is int and 0 <= seed < MAX_SEED):
        return None
    path = Path(start) if start else None
    return Load(Path(bundle), serial, sha, precision, latency, path, seed)


def _remember(request: dict[str, Any]) -> Remember | None:
    path, ticket = request.get("file"), request.get("ticket")
    if not _is_path(path) or type(ticket) is not int or not 0 < ticket < MAX_SERIAL:
        return None
    return Remember(Path(path), ticket)


def _is_path(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and text.startswith("/") and "\0" not in text


def stop_on_signals(orders: Orders) -> None:
    """SIGTERM and SIGINT set `orders.stop`; call this from the main thread, once.

    They are blocked in the calling thread and let through in a sleeping one: a signal that hits
    the loop would break off its read from the card. (Blocking them everywhere and waiting with
    sigwait will not do: numpy's own threads are there already, and would die of the signal.)
    """

    def stop(*_: object) -> None:
        orders.stop = True

    def sleep() -> None:
        step_back()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        while True:
            signal.pause()

    for number in _SIGNALS:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=sleep, name="signals", daemon=True).start()

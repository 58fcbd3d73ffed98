"""The control socket: requests are answered, and nothing that comes in ends it."""

import asyncio
import json
import os
import random
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from device.control.control_socket import AT_ONCE, ControlSocket, ask
from device.errors import ControlError

BOUND_S = 10.0


@pytest.fixture
def folder():
    # Not pytest's: a Unix socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        yield Path(place)


async def obey(request):
    if request["command"] == "fail":
        raise ControlError("no")
    if request["command"] == "wait":
        await asyncio.get_running_loop().create_future()
    return f"did {request['command']}"


def serve(folder, scene):
    """Run `scene` in a thread, beside a socket on its own loop."""

    async def run():
        server = ControlSocket(folder / "control.sock", obey)
        server.start(asyncio.get_running_loop(), lambda readings: None)
        try:
            return await asyncio.wait_for(asyncio.to_thread(scene), BOUND_S)
        finally:
            server.close()
            server.close()

    return asyncio.run(run())


def test_requests_are_answered(folder):
    def scene():
        path = folder / "control.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        return [ask(path, {"command": c}, BOUND_S) for c in ("load", "fail", "load")]

    assert serve(folder, scene) == [
        {"ok": True, "say": "did load"},
        {"ok": False, "say": "no"},
        {"ok": True, "say": "did load"},
    ]
    assert list(folder.iterdir()) == []


def test_what_makes_no_sense_is_refused_and_the_next_request_is_served(folder):
    chance = random.Random(5)
    bad = [b"", b"{", b"[]", b"3", b"null", b'{"command": 3}', b"[" * 4000, b"\xff" * 9]
    bad += [b'{"command": "load", "x": "' + b"a" * 9000 + b'"}', b'{"command": "fail"}']
    bad += [chance.randbytes(chance.randrange(200)) for _ in range(200)]

    def scene():
        path = str(folder / "control.sock")
        kind = socket.AF_UNIX, socket.SOCK_DGRAM
        with socket.socket(*kind) as mute, socket.socket(*kind) as asker:
            asker.bind(str(folder / "asker"))
            asker.settimeout(BOUND_S)
            for data in bad:
                mute.sendto(data, path)
                asker.sendto(data, path)
                assert json.loads(asker.recv(65_536))["ok"] is False
        (folder / "asker").unlink()
        return ask(Path(path), {"command": "keep"}, BOUND_S)

    assert serve(folder, scene) == {"ok": True, "say": "did keep"}


def test_too_much_at_once_is_turned_away(folder):
    def scene():
        path = str(folder / "control.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mute:
            for _ in range(AT_ONCE):
                mute.sendto(b'{"command": "wait"}', path)
            return ask(Path(path), {"command": "load"}, BOUND_S)

    answer = serve(folder, scene)
    assert not answer["ok"]
    assert "too much is asked at once" in answer["say"]


def test_what_a_dead_process_left_behind_is_cleared_away(folder):
    for name in ("control.sock", "ask.1"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
            left.bind(str(folder / name))
    with pytest.raises(ControlError, match="nothing is playing here"):
        ask(folder / "control.sock", {"command": "load"}, 1.0)
    assert serve(folder, lambda: ask(folder / "control.sock", {"command": "x"}, BOUND_S))["ok"]
    assert list(folder.iterdir()) == []


def test_nobody_there_and_nobody_who_answers(folder):
    path = folder / "control.sock"
    with pytest.raises(ControlError, match="nothing is playing here"):
        ask(path, {"command": "load"}, 1.0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(path))
        with pytest.raises(ControlError, match="did not answer within 0 s"):
            ask(path, {"command": "load"}, 0.05)
    with pytest.raises(ControlError, match="at most 4096 fit"):
        ask(path, {"command": "x" * 5000}, 1.0)
    assert not (folder / f"ask.{os.getpid()}").exists()

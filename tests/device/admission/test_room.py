"""The locked room: the worker behind a socket, as systemd starts it, and what if there is none."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from device.admission.outcome import Outcome
from device.admission.room import LockedRoom, checker_socket, locked_room
from device.admission.trial import Worker
from device.errors import BundleError
from tests import bundles
from tests.faults.evil.forge import MEMBER, bundle, model, node

ROOT = Path(__file__).parents[3]
ACTIVATE = shutil.which("systemd-socket-activate")


@pytest.fixture
def checker(tmp_path):
    """ondine-checker.socket with ondine-checker@.service, by systemd's own tool."""
    if ACTIVATE is None:
        pytest.skip("systemd-socket-activate is not here")
    path = tmp_path / "checker.sock"
    started = subprocess.Popen(
        [ACTIVATE, "--listen", path, "--accept", "--inetd", f"--setenv=PYTHONPATH={ROOT}",
         sys.executable, "-P", "-m", "device.admission.worker"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stderr is not None
    assert "Listening" in started.stderr.readline()
    yield path
    started.kill()
    started.wait()
    started.stderr.close()


def test_a_bundle_is_tried_behind_the_socket(checker, tmp_path):
    good = bundles.save(bundles.tiny_effect(), tmp_path / "good.ondine")
    evil = bundle(tmp_path, {MEMBER: model([node("Loop", "audio", "wet")]).SerializeToString()})
    with Worker(checker) as worker:
        assert worker.try_bundle(good).say == ""
        assert "cannot be played" in worker.try_bundle(evil).say
        assert worker.try_bundle(good).stage == "end"
        assert isinstance(worker._room, LockedRoom)


def listening(path, serve):
    """Somebody who listens and does `serve(connection)` with the first that comes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def run():
        connection, _ = listener.accept()
        with connection, listener:
            serve(connection)

    threading.Thread(target=run, daemon=True).start()


@pytest.mark.parametrize("serve", [lambda c: None, lambda c: c.sendall(b"what?\n")])
def test_a_room_that_never_is_ready_is_done_without(serve, tmp_path):
    good = bundles.save(bundles.tiny_effect(), tmp_path / "good.ondine")
    listening(tmp_path / "s", serve)
    with Worker(tmp_path / "s") as worker:
        assert worker.try_bundle(good).say == ""
        assert not isinstance(worker._room, LockedRoom)


def test_one_that_ends_in_the_middle_is_no_verdict_and_no_second_chance(tmp_path):
    good = bundles.save(bundles.tiny_effect(), tmp_path / "good.ondine")
    ready = Outcome(stage="ready").line()
    listening(tmp_path / "s", lambda c: (c.sendall(ready), c.recv(1 << 10)))
    with Worker(tmp_path / "s") as worker, pytest.raises(BundleError, match="the worker ended"):
        worker.try_bundle(good)


def test_where_nobody_listens_there_is_no_room(tmp_path):
    assert locked_room(None) is None
    assert locked_room(tmp_path / "none") is None
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "stale"))
    stale.close()
    assert locked_room(tmp_path / "stale") is None


def test_it_is_looked_for_in_the_run_folder(tmp_path):
    assert checker_socket({}) is None
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    (tmp_path / "ondine").mkdir()
    assert checker_socket(environment) is None
    path = tmp_path / "ondine/checker.sock"
    path.write_text("")
    assert checker_socket(environment) is None
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert checker_socket(environment) == path


def test_nothing_stays_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        Worker().close()
    assert len(os.listdir("/proc/self/fd")) == before

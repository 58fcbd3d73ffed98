"""Audio processes that are found: real processes that do as much of audio as is looked at."""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from device.paths import RunFolder
from device.play.adopted import find_running, stop_stale
from device.status import Status
from tests.device.stage import ROOT, until

PROGRAM = """
import os, sys, time  # as device.audio does
from pathlib import Path
from device.status import Status

place, late_s, heart = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
time.sleep(late_s)
status = Status(place / "status", create=True)
status["pid"] = os.getpid()
print("there", flush=True)
while True:
    time.sleep(0.005)
    if heart == "beats":
        status["heartbeat_s"] = time.monotonic()
        status["blocks"] += 1
"""


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        yield RunFolder(Path(place))


@contextlib.contextmanager
def audio(folder, *, late_s=0.0, heart="beats"):
    """An audio process, with the lock that control gave it."""
    lock = os.open(folder.audio_lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    command = [sys.executable, "-c", PROGRAM, str(folder.path), str(late_s), heart]
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=[lock], stdout=subprocess.PIPE)
    os.close(lock)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_nothing_runs(folder):
    assert find_running(folder) is None
    stop_stale(folder)


def test_one_that_plays_is_found_and_its_death_is_heard_at_once(folder):
    async def scene(process, found):
        waiting = [asyncio.create_task(found.ended()) for _ in range(2)]
        await asyncio.sleep(0)
        process.kill()
        return await asyncio.gather(*waiting)

    with audio(folder) as process:
        process.stdout.readline()
        found = find_running(folder)
        assert found is not None
        ends = asyncio.run(scene(process, found))
    assert [(end.code, end.sentence, end.blamed) for end in ends] == 2 * [
        (1, "the audio process has died", False)
    ]
    assert find_running(folder) is None


def test_one_that_is_being_started_is_waited_for(folder):
    with audio(folder, late_s=0.3):
        assert find_running(folder) is not None


def test_one_that_is_being_started_can_be_stopped(folder):
    with audio(folder, late_s=0.3) as process:
        stop_stale(folder)
        assert process.wait(10) == -signal.SIGTERM


def test_one_that_ended_well_is_none_and_its_end_is_a_good_one(folder):
    async def scene(process, found):
        ended = asyncio.create_task(found.ended())
        await asyncio.sleep(0)
        Status(folder.status)["stopped"] = 1.0
        process.kill()
        return await ended

    with audio(folder) as process:
        process.stdout.readline()
        found = find_running(folder)
        assert asyncio.run(scene(process, found)).code == 0
    assert find_running(folder) is None


def test_stop_ends_one_that_does_not_listen(folder):
    with audio(folder) as process:
        process.stdout.readline()
        found = find_running(folder)
        asyncio.run(found.stop())
        assert process.wait(10) == -signal.SIGTERM


@pytest.mark.slow
def test_one_that_hangs_is_not_taken_over_and_is_killed(folder):
    with audio(folder) as process:
        process.stdout.readline()
        until(lambda: Status(folder.status)["blocks"] > 3)
        process.send_signal(signal.SIGSTOP)
        assert find_running(folder) is None
        stop_stale(folder)
        assert process.wait(10) == -signal.SIGKILL


def test_a_number_that_has_become_another_s_is_left_alone(folder):
    with subprocess.Popen(["sleep", "60"]) as stranger:
        status = Status(folder.status, create=True)
        status["pid"] = stranger.pid
        assert find_running(folder) is None
        stop_stale(folder)
        assert stranger.poll() is None
        stranger.kill()

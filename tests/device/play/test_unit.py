"""The audio process as a service, and control beside it; a short loop here is systemd."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from device.audio.unit import Pulse
from device.config import AudioProfile, Profile
from device.errors import AudioError
from device.notify import Notify
from device.params import ParamTable
from device.part import Part, Taken, end_file, lay, read_part, read_taken, write_taken
from device.paths import RunFolder
from device.play.company import AsUnit, is_unit
from device.play.pulse import Pulse as ControlPulse
from device.play.unit import AudioUnit, read_end
from device.play.wish import Play
from device.status import Status
from tests.bundles import save, tiny_decoder

ROOT = Path(__file__).parents[3]
BOUND_S = 20.0


class Service:
    """What systemd is to one process: it hears it, starts it again, and says how it ended."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.heard, self.starts = folder, [], 0
        self._ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ears.bind(str(folder.path / "notify"))
        self._over, self._process = False, None
        self._threads = [threading.Thread(target=work) for work in (self._keep, self._hear)]
        for thread in self._threads:
            thread.start()

    def _keep(self):
        while not self._over:
            self.starts += 1
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "device.audio.unit"],
                env=os.environ | {
                    "PYTHONPATH": str(ROOT),
                    "XDG_RUNTIME_DIR": str(self.folder.path.parent),
                    "NOTIFY_SOCKET": str(self.folder.path / "notify"),
                    "WATCHDOG_USEC": "1000000",
                },
                stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            code = self._process.wait()
            died = code < 0
            told = f"signal killed {signal.Signals(-code).name[3:]}" if died else ""
            end_file(self.folder).write_text(told or f"exit-code exited {code}")

    def _hear(self):
        while (message := self._ears.recv(4096)) != b"over":
            self.heard.append(message.decode())

    def until_heard(self, message, times=1):
        ends_s = time.monotonic() + BOUND_S
        while self.heard.count(message) < times:
            assert time.monotonic() < ends_s, self.heard
            time.sleep(0.005)

    def close(self):
        self._over = True
        if self._process is not None:
            self._process.kill()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"over", str(self.folder.path / "notify"))
        for thread in self._threads:
            thread.join(BOUND_S)
        self._ears.close()


@pytest.fixture
def folder():
    # Not pytest's folder: a Unix socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="ondine-") as scratch:
        path = Path(scratch) / "ondine"
        path.mkdir(mode=0o700)
        yield RunFolder(path)


@pytest.fixture
def service(folder):
    service = Service(folder)
    yield service
    service.close()


def options(folder, name="bells", serial=1):
    bundle = save(tiny_decoder(), folder.path / f"{name}.ondine")
    ParamTable(folder.params, create=True)
    return [
        *("--bundle", str(bundle or folder.path / f"{name}.ondine"), "--serial", str(serial)),
        *("--params", str(folder.params), "--status", str(folder.status)),
        *("--socket", str(folder.socket), "--card", "none", "--input", "silence"),
        "--keep-governor",
    ]


def test_it_plays_what_is_laid_and_again_when_it_dies_and_control_may_leave(folder, service):
    first = options(folder)

    async def story():
        unit = AudioUnit(folder, first)
        assert await unit.start() == "playing"
        status = Status(folder.status)
        service.until_heard("READY=1")
        service.until_heard("WATCHDOG=1")
        pid = int(status["pid"])
        # Control goes: the sound does not.
        await unit.stop()
        assert (await unit.ended()).code == 0
        os.kill(pid, 0)
        # The next control finds it, and nothing is started anew.
        again = AudioUnit(folder, first)
        await again.start()
        assert int(Status(folder.status)["pid"]) == pid
        assert service.starts == 1
        # It dies: nobody but systemd is needed, and control is told how it was.
        os.kill(pid, signal.SIGSEGV)
        end = await again.ended()
        assert (end.sentence, end.blamed) == ("the audio process was killed by SIGSEGV", True)
        third = AudioUnit(folder, first)
        await third.start()
        service.until_heard("READY=1", times=2)
        assert int(Status(folder.status)["pid"]) != pid
        # Something else is wanted: what plays ends in good order, and the other one plays.
        other = AudioUnit(folder, options(folder, "chimes", serial=2))
        await other.start()
        assert Status(folder.status)["serial"] in (0, 2)
        assert read_taken(folder).count == 3
        await other.stop()

    asyncio.run(story())


def test_what_dies_as_it_starts_is_told_and_held_against_it(folder, service):
    async def story():
        unit = AudioUnit(folder, ["--no-such-option"])
        with pytest.raises(AudioError, match="ended with status 2"):
            await unit.start()
        end = await unit.ended()
        assert (end.code, end.blamed) == (1, True)

    asyncio.run(story())


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    async def story():
        unit = AudioUnit(RunFolder(tmp_path / "nowhere"), ["--card", "none"])
        with pytest.raises(AudioError, match="cannot write to"):
            await unit.start()
        assert not (await unit.ended()).blamed

    asyncio.run(story())


def test_one_that_never_started_has_ended(folder):
    async def story():
        unit = AudioUnit(folder, [])
        unit.kill("why")
        assert (await unit.ended()).code == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("told", "sentence", "blamed"),
    [
        ("signal killed KILL", "the audio process was killed by SIGKILL", False),
        ("signal killed SEGV", "the audio process was killed by SIGSEGV", True),
        ("core-dump dumped ABRT", "the audio process was killed by SIGABRT", True),
        ("exit-code exited 3", "the audio process ended with status 3", True),
        ("watchdog killed KILL", "the audio process hung: no block for a while", True),
        ("oom-kill killed KILL", "the audio process was ended because memory ran out", True),
        ("success exited 0", "the audio service was stopped", False),
    ],
)
def test_an_end_is_told_in_words(folder, told, sentence, blamed):
    end_file(folder).write_text(f"{told}\n")
    end = read_end(end_file(folder))
    assert end is not None
    assert (end.code, end.sentence, end.blamed) == (1, sentence, blamed)


@pytest.mark.parametrize("told", ["", "x", "a b", "a b c d"])
def test_an_end_that_was_not_told_is_none(folder, told):
    end_file(folder).write_text(told)
    assert read_end(end_file(folder)) is None


def test_a_status_that_another_process_left_is_not_told_of(folder):
    status = Status(folder.status, create=True)
    status["pid"], status["blocks"] = 1, 5
    pulse = Pulse(folder.status, Notify(), pid=2)
    assert not pulse.look()
    assert not pulse.ready
    status["pid"] = 2
    assert not pulse.look()  # nothing to compare with yet
    assert pulse.ready
    assert not pulse.look()
    status["blocks"] = 6
    assert pulse.look()


def test_what_plays_is_told_by_its_name_and_not_before_it_has_one(folder):
    """The first block is played before anybody has had the time to write the name down."""
    status = Status(folder.status, create=True)
    status["pid"], status["blocks"] = os.getpid(), 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder.path / "n"))
        listening.setblocking(False)
        pulse = Pulse(folder.status, Notify(str(folder.path / "n")), os.getpid())

        def heard():
            pulse.look()
            told = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    told.append(listening.recv(256).decode())
            return told

        assert heard() == ["READY=1"]
        status.say("name", "glass")
        assert heard() == ["STATUS=Playing glass."]
        assert heard() == []
        status.say("trouble", "Box is gone. Looking for it.")
        assert heard() == ["STATUS=Box is gone. Looking for it."]
        status.say("trouble", "")
        assert heard() == ["STATUS=Playing glass."]


def test_the_part_stays_for_whoever_comes_next(folder):
    lay(folder, Part(("--a",)))
    write_taken(folder, Taken("x", 1))
    assert read_part(folder) == Part(("--a",))


def test_control_says_that_it_is_ready_and_beats_as_its_loop_turns(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder.path / "n"))

        async def story():
            pulse = ControlPulse(Notify(str(folder.path / "n"), watchdog_s=0.04))
            pulse.start(asyncio.get_running_loop(), lambda readings: None)
            heard = [listening.recv(64).decode() for _ in range(3)]
            assert heard == ["READY=1", "STATUS=Playing.", "WATCHDOG=1"]
            listening.setblocking(False)
            loop = asyncio.get_running_loop()
            assert await asyncio.wait_for(loop.sock_recv(listening, 64), 5) == b"WATCHDOG=1"
            pulse.close()
            pulse.close()

        asyncio.run(story())


def test_a_box_waits_for_the_cards_of_its_profile(folder):
    profile = Profile(audio=AudioProfile(cards=("usb", "hat")))
    box = AsUnit(folder, profile)
    assert box.wished(Play()).card == "usb,hat"
    assert AsUnit(folder, Profile()).wished(Play()).card == "any"
    wish = Play(card="none")
    assert box.wished(wish) is wish
    sound = dataclasses.replace(Play(), input="a.wav")
    assert box.wished(sound) is sound


def test_audio_is_a_service_where_it_is_said_to_be():
    assert is_unit({"ONDINE_AUDIO": "unit"})
    assert not is_unit({})
    assert not is_unit({"ONDINE_AUDIO": "child"})


@pytest.mark.parametrize(("serial", "ours"), [(0, True), (-1, True), (1, True), (2, False)])
def test_what_rises_out_of_silence_is_ours_and_another_load_is_not(folder, serial, ours):
    """On a card the sound rises, and until it is up the status names no load: serial -1."""
    unit = AudioUnit(folder, options(folder, serial=1))
    Status(folder.status, create=True)["serial"] = serial
    assert unit._is_ours(unit._part.token) is ours

"""One box in emulation: switched on, spoken to, things plugged in and out, its power cut.

    do(command)   a command of its shell, over the second serial port; what it printed, the time
    qmp(name, …)  what happens to it from outside: a card is plugged in
    cut()         the power goes: qemu is killed. Its disks keep what they were given

Time in the box is counted in its instructions (`-icount shift=0`), and leaps over pauses in which
nothing is to be done (`sleep=off`). While we think, it lives on.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.box.image import Image

CONSOLE = (
    *("console=ttyS0", "panic=-1", "mitigations=off", "no_timer_check"),
    *("random.trust_cpu=on", "systemd.show_status=0", "nokaslr", "rdinit=/init"),
    *("apparmor=0", "audit=0", "lsm=landlock", "cryptomgr.notests=1"),
)
MEMORY_MIB = 1024
MAILBOX_MIB = 192
"""Of no other disk's size: that is how the box knows it."""
START_S, ANSWER_S = 240.0, 600.0
"""How long this machine may take over it, however short it is for the box."""
_END = b"\x01 "


class SilentError(RuntimeError):
    """The box does not answer."""


@dataclass(frozen=True)
class Answer:
    """What a command printed, its exit code, and the box's time since its kernel started."""

    out: str
    code: int
    at_s: float


class Disks:
    """The copies of an image's disks that a box writes to; they outlive its power cuts."""

    def __init__(self, image: Image, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.image, self.folder = image, folder
        self.root, self.data = folder / "root.img", folder / "data.img"
        self.mailbox = folder / "mailbox"
        for source, copy in ((image.root, self.root), (image.data, self.data)):
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, copy], check=True)
        with self.mailbox.open("wb") as file:
            file.truncate(MAILBOX_MIB << 20)

    def remove(self) -> None:
        """Throw them away."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Machine:
    """A box that is switched on. A context: at its end the power goes."""

    def __init__(
        self,
        disks: Disks,
        *,
        network: bool = True,
        aloop: bool = True,
        partition: bool = False,
        words: Sequence[str] = (),
        devices: Sequence[str] = (),
    ) -> None:
        """A box as it is to be switched on.

        `aloop`: it has a loopback card from its start. `partition`: /var/lib/ondine is a disk of
        its own, by /etc/fstab. `words`: for its kernel; `devices`: arguments for qemu.
        """
        self.disks, self.folder = disks, disks.folder
        self._process: subprocess.Popen[bytes] | None = None
        self._agent, self._qmp = self.folder / "agent.sock", self.folder / "qmp.sock"
        self._log = self.folder / "console.log"
        told = [*CONSOLE, *words]
        told += [] if aloop else ["module_blacklist=snd_aloop"]
        told += [] if partition else ["fstab=no"]
        self._command = [
            *("qemu-system-x86_64", "-nodefaults", "-no-user-config"),
            *("-machine", "pc,nvdimm=on", "-accel", "tcg,thread=single,tb-size=512"),
            *("-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm"),
            *("-cpu", "max", "-smp", "1", "-display", "none", "-no-reboot"),
            *("-m", f"{MEMORY_MIB}M,slots=3,maxmem=8G"),
            *_memory_disk(0, disks.root),
            *_memory_disk(1, disks.data),
            *_memory_disk(2, disks.mailbox),
            *("-serial", f"file:{self._log}"),
            *("-chardev", f"socket,id=agent,path={self._agent},server=on,wait=off"),
            *("-serial", "chardev:agent"),
            *("-qmp", f"unix:{self._qmp},server=on,wait=off"),
            *("-kernel", str(disks.image.kernel), "-initrd", str(disks.image.initrd)),
            *("-append", " ".join(told)),
            *(("-nic", "user,model=virtio-net-pci,restrict=on") if network else ("-nic", "none")),
            *devices,
        ]

    def __enter__(self) -> "Machine":
        for stale in (self._agent, self._qmp, self._log):
            stale.unlink(missing_ok=True)
        said = (self.folder / "qemu.log").open("wb")
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        said.close()
        self._line = self._connect(self._agent)
        self._control = self._connect(self._qmp)
        self._greeting()
        self.up = self._answer(START_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """The power goes, now."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._line.close()
            self._control.close()
            self._process = None

    def do(self, command: str, within_s: float = ANSWER_S) -> Answer:
        """Have the box's shell do something, as root; `within_s` is this machine's time.

        Raises:
            SilentError: if no answer comes.
        """
        assert "\n" not in command
        self._line.sendall(command.encode() + b"\n")
        return self._answer(within_s)

    def show(self, command: str) -> str:
        """What a command that must not fail prints.

        Raises:
            SilentError: if it fails or does not answer.
        """
        answer = self.do(command)
        if answer.code:
            raise SilentError(f"`{command}` in the box ended with {answer.code}: {answer.out}")
        return answer.out

    def fetch(self, path: str) -> bytes:
        """A file of the box's as it is now, through the mailbox."""
        size = int(self.show(f"stat -c %s {path}"))
        assert size <= MAILBOX_MIB << 20, f"{path} is too large for the mailbox"
        self.show(f"head -c {size} {path} | dd of=$(mailbox) bs=1M status=none conv=fsync")
        with self.disks.mailbox.open("rb") as file:
            return file.read(size)

    def write(self, path: str, data: bytes) -> None:
        """Put a file into the box, through the mailbox."""
        with self.disks.mailbox.open("r+b") as file:
            file.write(data)
        self.show(f"blockdev --flushbufs $(mailbox) && head -c {len(data)} $(mailbox) > {path}")

    def qmp(self, name: str, **arguments: Any) -> Any:
        """A command of qemu's monitor.

        Raises:
            SilentError: if it refuses.
        """
        words = {"execute": name, "arguments": arguments}
        self._control.sendall(json.dumps(words).encode() + b"\n")
        while True:
            told = self._message()
            if "return" in told:
                return told["return"]
            if "error" in told:
                raise SilentError(f"qemu refused {name}: {told['error']['desc']}")

    def console(self) -> str:
        """What the kernel said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _connect(self, path: Path) -> socket.socket:
        ends_s = time.monotonic() + 60.0
        while time.monotonic() < ends_s:
            with contextlib.suppress(OSError):
                line = socket.socket(socket.AF_UNIX)
                line.connect(str(path))
                return line
            self._check()
            time.sleep(0.05)
        raise SilentError("qemu does not open its sockets")

    def _greeting(self) -> None:
        self._control.settimeout(60.0)
        self._received = b""
        self._message()
        self.qmp("qmp_capabilities")

    def _message(self) -> dict[str, Any]:
        while b"\n" not in self._received:
            self._received += self._control.recv(65536)
        line, _, self._received = self._received.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        return told

    def _answer(self, within_s: float) -> Answer:
        ends_s, got = time.monotonic() + within_s, b""
        self._line.settimeout(5.0)
        while True:
            place = got.rfind(_END)
            if place >= 0 and got.endswith(b"\n") and len(got) > place + len(_END):
                code, at_s = got[place + len(_END) :].split()
                out = got[:place].decode(errors="replace").removesuffix("\n")
                return Answer(out, int(code), float(at_s))
            if time.monotonic() > ends_s:
                raise SilentError(f"the box did not answer within {within_s:.0f} s: {self._last()}")
            try:
                more = self._line.recv(65536)
            except TimeoutError:
                self._check()
                continue
            if not more:
                self._check()
                raise SilentError(f"the box hung up: {self._last()}")
            got += more

    def _check(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            said = (self.folder / "qemu.log").read_text(errors="replace").strip()
            raise SilentError(f"qemu ended: {said or self._last()}")

    def _last(self) -> str:
        return " / ".join(self.console().strip().splitlines()[-4:]) or "its console is empty"


def _memory_disk(number: int, path: Path) -> list[str]:
    size = path.stat().st_size
    memory = f"memory-backend-file,id=m{number},share=on,mem-path={path},size={size}"
    return ["-object", memory, "-device", f"nvdimm,id=d{number},memdev=m{number}"]

"""Where MIDI bytes come from: the kernel's raw MIDI devices, and any path that is given.

    /dev/snd/midiC1D0      what the kernel gives each MIDI plug; found by its card's name
    /dev/serial0           a DIN plug on the board's serial port
    a FIFO, a pseudo-terminal   what another program writes: a port without hardware

The devices are read as they are, without a library: the kernel's rawmidi has done the framing of
USB already, and what is left is bytes. Numbers change from plug to plug, names do not
(/proc/asound/card1/id). One reader at a time is the kernel's rule: a port that another program
(a sequencer, PipeWire's ALSA bridge) has open is busy, and is tried again.
"""

import os
import re
import stat
import termios
import tty
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from device.errors import ControlError

_DEVICE = re.compile(r"midiC(\d+)D(\d+)")


@dataclass(frozen=True)
class Place:
    """A port as it is found: a name for people, its path, and its card's name if it has one."""

    name: str
    path: Path
    card: str = ""


def places(wanted: Sequence[str], root: Path = Path("/")) -> list[Place]:
    """The wanted ports that are there now; `root` is where /dev and /proc are.

    `wanted` are "all", cards' names, or paths (those are not under `root`).
    """
    found = [
        place
        for place in _devices(root)
        if "all" in wanted or place.card in wanted or str(place.path) in wanted
    ]
    taken = {place.path for place in found}
    for name in wanted:
        path = Path(name)
        if "/" in name and path not in taken and path.exists():
            found.append(Place(name, path))
    return found


def absent(wanted: Sequence[str], found: Sequence[Place]) -> list[str]:
    """Those of the wanted that were not found."""
    here = {"all", *(place.card for place in found), *(str(place.path) for place in found)}
    return [name for name in wanted if name not in here]


def _devices(root: Path) -> Iterator[Place]:
    try:
        names = sorted(os.listdir(root / "dev/snd"))
    except OSError:
        return  # No sound in this kernel at all.
    for name in names:
        if device := _DEVICE.fullmatch(name):
            try:
                card = (root / f"proc/asound/card{device[1]}/id").read_text().strip()
            except OSError:
                continue  # It was unplugged this instant.
            plug = "" if device[2] == "0" else f" (plug {int(device[2]) + 1})"
            yield Place(card + plug, root / "dev/snd" / name, card)


class Port:
    """One open port, read without waiting."""

    def __init__(self, place: Place) -> None:
        """Open it.

        Raises:
            ControlError: if it cannot be read, with why.
        """
        self.name, self.path = place.name, place.path
        try:
            mode = os.stat(place.path).st_mode
            if not (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
                raise ControlError(f"{place.path} is no MIDI port; give a device or a FIFO")
            # A FIFO that we could also write to does not end when its writer goes.
            access = os.O_RDWR if stat.S_ISFIFO(mode) else os.O_RDONLY
            flags = access | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            self.fd = os.open(place.path, flags)
        except OSError as error:
            raise ControlError(f"cannot read {place.name}: {error.strerror}") from None
        try:
            if os.isatty(self.fd):
                _set_raw(self.fd)
            self._is = _identity(os.fstat(self.fd))
        except (OSError, termios.error) as error:
            os.close(self.fd)
            raise ControlError(f"cannot read {place.name}: {error}") from None

    def read(self, most: int) -> bytes | None:
        """Up to `most` bytes that have come; empty if none has; None if the port is gone."""
        try:
            return os.read(self.fd, most) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    @property
    def replaced(self) -> bool:
        """Whether another device, or none, is at the path now."""
        try:
            return _identity(os.stat(self.path)) != self._is
        except OSError:
            return True

    def close(self) -> None:
        """Let go of it; calling it twice is allowed."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_dev, found.st_ino, found.st_rdev


def _set_raw(fd: int) -> None:
    """Bytes as they are. 38 400 baud: the overlay midi-uart0 makes MIDI's 31 250 of it."""
    tty.setraw(fd, termios.TCSANOW)
    settings = termios.tcgetattr(fd)
    settings[4] = settings[5] = termios.B38400
    termios.tcsetattr(fd, termios.TCSANOW, settings)

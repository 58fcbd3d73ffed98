"""MIDI as a sender makes it, and ports that can be plugged and unplugged: pseudo-terminals.

folder/dev/snd/midiC2D0 ──► /dev/pts/7 ◄── the sender's end
folder/proc/asound/card2/id = "Keys"
"""

import os
import tty
import weakref
from pathlib import Path


def control(number: int, value: int, channel: int = 1) -> bytes:
    return bytes([0xB0 + channel - 1, number, value])


def note_on(note: int, velocity: int = 100, channel: int = 1) -> bytes:
    return bytes([0x90 + channel - 1, note, velocity])


def note_off(note: int, channel: int = 1) -> bytes:
    return bytes([0x80 + channel - 1, note, 64])


def program(number: int, channel: int = 1) -> bytes:
    return bytes([0xC0 + channel - 1, number])


class Plug:
    """A controller on a raw MIDI device of `root`, until `pull`, or until nobody holds it."""

    def __init__(self, root: Path, card: int, name: str) -> None:
        self.fd, end = os.openpty()
        self._let_go = weakref.finalize(self, os.close, self.fd)
        tty.setraw(end)
        self._device = root / f"dev/snd/midiC{card}D0"
        self._home = root / f"proc/asound/card{card}"
        self._device.parent.mkdir(parents=True, exist_ok=True)
        self._home.mkdir(parents=True, exist_ok=True)
        (self._home / "id").write_text(f"{name}\n")
        self._device.symlink_to(os.ttyname(end))
        os.close(end)
        os.set_blocking(self.fd, False)

    def send(self, data: bytes) -> int:
        """How much of it the port took."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0

    def pull(self) -> None:
        """Unplug it, as the kernel does: reads fail, then the device and the card are gone."""
        self._let_go()
        self._device.unlink()
        (self._home / "id").unlink()

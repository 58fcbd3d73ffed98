"""Where a display's facts come from: the shared status, the scene that is on, the network."""

import contextlib
import fcntl
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from device.errors import AudioError
from device.oled.words import Shown
from device.show.display import deadline_s, dropouts, latency_ms
from device.status import Status

MESSAGE_S = 5.0
ADDRESS_S = 5.0
_GET_ADDRESS = 0x8915  # SIOCGIFADDR of netdevice(7)


class Facts:
    """Looked up by the display's thread; `say` may be called from any."""

    def __init__(
        self,
        status: Path,
        *,
        scene: Callable[[], str],
        address: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`scene` is the title of the one that is on, or ''; `address` as `own_address`."""
        self._path, self._scene, self._address, self._clock = status, scene, address, clock
        self._said: tuple[str, float] = ("", -MESSAGE_S)
        self._found: tuple[str, float] = ("", -ADDRESS_S)

    def say(self, sentence: str) -> None:
        """A sentence for the player: shown for a few seconds."""
        self._said = sentence, self._clock()

    def look(self) -> Shown:
        """The facts of now."""
        now_s = self._clock()
        sentence, said_s = self._said
        message = sentence if now_s - said_s < MESSAGE_S else ""
        if now_s - self._found[1] >= ADDRESS_S:
            self._found = self._address(), now_s
        address, scene = self._found[0], self._scene()
        try:
            status = Status(self._path)
        except AudioError:  # it is just being made
            return Shown(address=address, scene=scene, message=message)
        plays = status["blocks"] > 0
        return Shown(
            instrument=status.text("name"),
            scene=scene,
            address=address,
            latency_ms=latency_ms(status) if plays else None,
            load=status["step_last_s"] / deadline_s(status) if plays else None,
            dropouts=dropouts(status) if plays else None,
            trouble=status.text("trouble"),
            message=message,
        )


def own_address() -> str:
    """This computer's first IPv4 address in a network, '' without one; asks nobody else."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                asked = struct.pack("256s", name.encode()[:15])
                answer = fcntl.ioctl(asker.fileno(), _GET_ADDRESS, asked)
                address = socket.inet_ntoa(answer[20:24])
                if not address.startswith("127."):
                    return address
    return ""

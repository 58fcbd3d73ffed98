"""The board: how hot it is, whether it holds itself back, and how much memory is left.

Read from the files of the kernel under a root, and, on a Raspberry Pi, from its own program. What a
board does not tell is None: most desktops tell little, and containers less.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")

_POSSIBLE_C = (-40.0, 150.0)
_PROCESSOR = ("cpu", "soc", "x86_pkg", "tj")
"""Words in the names of zones that tell of the processor: a Pi's `cpu-thermal`, a Jetson's
`CPU-therm` or `tj-thermal`, a desktop's `x86_pkg_temp`."""
_FIRMWARE = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
_THROTTLED = {0: "too little voltage", 1: "a capped clock", 2: "throttling", 3: "too much heat"}
_SINCE_START = 16


@dataclass(frozen=True)
class Throttling:
    """Why the board is slower than it could be, in words."""

    now: tuple[str, ...] = ()
    since_start: tuple[str, ...] = ()


def temperature_c(root: Path = ROOT) -> float | None:
    """The processor's temperature, of its hottest part; any zone's if none is the processor's."""
    zones = list(_zones(root))
    own = [celsius for kind, celsius in zones if any(word in kind for word in _PROCESSOR)]
    # A Jetson's power chip says 100 °C whatever it is.
    others = [celsius for kind, celsius in zones if "pmic" not in kind]
    return max(own or others, default=None)


def throttling(root: Path = ROOT, ask: Callable[[], str] | None = None) -> Throttling | None:
    """What the board says of its power and heat; None if it says nothing.

    `ask` runs a Pi's `vcgencmd get_throttled` (see `ask_vcgencmd`) and is preferred to the file of
    the same name: some kernels keep an old answer there, and others forget it when it is read.
    """
    for tell in (ask, lambda: (root / _FIRMWARE).read_text()):
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            if tell is not None:
                return _of_bits(int(tell().strip().rpartition("=")[2], 16))
    alerts = [state for kind, state in _alerts(root) if "throttle" in kind or "alert" in kind]
    if alerts:
        return Throttling(now=(_THROTTLED[2],) if any(alerts) else ())
    return None


def ask_vcgencmd() -> str:
    """What a Raspberry Pi's own program answers, such as `throttled=0x50000`.

    Raises:
        OSError, subprocess.SubprocessError: if there is none, or it fails.
    """
    program = shutil.which("vcgencmd")
    if program is None:
        raise FileNotFoundError("vcgencmd")
    command = [program, "get_throttled"]
    return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout


def memory_free_bytes(root: Path = ROOT) -> int | None:
    """How much memory programs may still take without making others swap or die."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _of_bits(bits: int) -> Throttling:
    return Throttling(
        tuple(name for bit, name in _THROTTLED.items() if bits >> bit & 1),
        tuple(name for bit, name in _THROTTLED.items() if bits >> bit + _SINCE_START & 1),
    )


def _zones(root: Path) -> Iterator[tuple[str, float]]:
    """Every thermal zone that can be read: its kind, in small letters, and degrees Celsius."""
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        # A zone whose part is switched off cannot be read.
        with contextlib.suppress(OSError, ValueError):
            celsius = int((zone / "temp").read_text()) / 1000.0
            if _POSSIBLE_C[0] < celsius < _POSSIBLE_C[1]:
                yield _kind(zone), celsius


def _alerts(root: Path) -> Iterator[tuple[str, int]]:
    """Every cooling device: its kind and state. A Jetson has some that only tell of throttling."""
    for device in sorted(root.glob("sys/class/thermal/cooling_device*")):
        with contextlib.suppress(OSError, ValueError):
            yield _kind(device), int((device / "cur_state").read_text())


def _kind(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / "type").read_text().strip().lower()
    return ""

"""A simulated sound card for tests: compiles `pcm_simcard.c`, lays its two tapes, makes its faults.

    card = SimCard(tmp_path, speed=1.0)
    card.source[:] = ...                      what the card's input will hear, by card frame
    subprocess.run([...], env=card.environment(), ...)      a program that plays through "sim"
    card.sink                                 what its output played, on the same frame clock
    card.kick("playback")                     and while it plays: an xrun,
    card.fault("transfer", errno.EIO)         an error of a call,
    card.stall("capture"); card.release()     a pointer that stands still,
    card.unplug(); card.replug()              a card that is gone and comes back

alsa-lib reads its configuration once per process, so whatever plays must be a child process.
"""

import errno
import hashlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal

import numpy as np

Direction = Literal["playback", "capture"]
Site = Literal["open", "configure", "prepare", "start", "pointer", "transfer"]
DIRECTIONS: tuple[Direction, ...] = ("playback", "capture")
SITES: tuple[Site, ...] = ("open", "configure", "prepare", "start", "pointer", "transfer")

HEADER_BYTES = 1024
TAPE_CHANNELS = 2
_FRAMES, _UNPLUGGED, _STARTS, _OPENS, _DECIDED, _STILL, _NARROW, _FAULTS = 1, 2, 3, 5, 6, 7, 9, 16
"""Where the fields of `struct tape` lie, counted in words of 8 bytes."""
_ERROR, _AFTER, _COUNT, _FIRED, _FRAME, _FAULT_WORDS = 0, 1, 2, 3, 4, 5
_SOURCE = Path(__file__).with_name("pcm_simcard.c")
_SYSTEM_CONFIG = Path("/usr/share/alsa/alsa.conf")


def compile_plugin() -> Path:
    """The compiled plugin, from a cache keyed by its source.

    Raises:
        RuntimeError: if gcc or ALSA's headers are missing (apt: gcc libasound2-dev).
    """
    digest = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"ondine-simcard-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    library = folder / f"libasound_module_pcm_simcard_{digest}.so"
    if not library.exists():
        partial = library.with_suffix(f".{os.getpid()}")
        command = ["gcc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-DPIC"]
        built = subprocess.run(
            [*command, "-o", str(partial), str(_SOURCE), "-lasound", "-lm"],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise RuntimeError(f"the simulated card does not compile:\n{built.stderr}")
        partial.replace(library)
    return library


class SimCard:
    """One simulated card with tapes of `frames` frames, called `name` by alsa-lib."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "sim",
        frames: int = 1 << 20,
        speed: float = 1.0,
        exact: bool = True,
        ring: bool = False,
        rate_hz: int = 0,
        format_name: str = "",
        period_frames: int = 0,
        channels: int = 0,
        first: int = 0,
        loopback: int = -1,
    ) -> None:
        """Lay the tapes in `folder`; the other options are those of pcm_simcard.c."""
        self.name = name
        self.speed = speed
        self._rate_hz = rate_hz or 48_000
        tape, config = folder / f"{name}.tape", folder / f"{name}.conf"
        size = HEADER_BYTES + 2 * frames * TAPE_CHANNELS * 4
        with tape.open("wb") as file:
            file.truncate(size)
        raw = np.memmap(tape, np.uint8, "r+", shape=(size,))
        self._header = raw[:HEADER_BYTES].view(np.int64)
        self._header[_FRAMES] = frames
        tapes = raw[HEADER_BYTES:].view(np.int32).reshape(2, frames, TAPE_CHANNELS)
        self.source, self.sink = tapes
        """int32 [frames, 2], full scale 2^31, by card frame. Of a ring's sink use `heard`."""
        self._config = config
        only = f'format "{format_name}" ' if format_name else ""
        config.write_text(
            f'pcm_type.simcard {{ lib "{compile_plugin()}" }}\n'
            f'pcm.{name} {{ type simcard tape "{tape}" speed {speed} exact {int(exact)} '
            f"ring {int(ring)} rate {rate_hz} period {period_frames} channels {channels} "
            f"first {first} {only}loopback {loopback} }}\n"
        )

    def environment(self, *others: "SimCard") -> dict[str, str]:
        """The environment for a child process that shall see this card, and others."""
        configs = [_SYSTEM_CONFIG, self._config, *(other._config for other in others)]
        return os.environ | {"ALSA_CONFIG_PATH": ":".join(map(str, configs))}

    @property
    def starts(self) -> tuple[int, int]:
        """The card frames at which playback and capture were last started."""
        return int(self._header[_STARTS]), int(self._header[_STARTS + 1])

    @property
    def opens(self) -> int:
        """How often one of its directions was opened."""
        return int(self._header[_OPENS])

    def frame_now(self) -> int:
        """The card frame that passes now; at the one rate of the card, else at 48 kHz."""
        passed_s = (time.monotonic_ns() - int(self._header[0])) * 1e-9
        return int(passed_s * self._rate_hz * self.speed)

    def heard(self, first: int, last: int) -> np.ndarray:
        """What was heard from card frame `first` up to `last`, int32 [frames, 2].

        Of a card with ring tapes too, for the last round; frames that nobody wrote are silent.
        """
        frames = np.arange(first, last)
        sound = self.sink[frames % len(self.sink)]
        sound[frames >= self._header[_DECIDED]] = 0
        return sound

    def unplug(self) -> None:
        """From now on every call to the card fails as if it were gone."""
        self._header[_UNPLUGGED] = 1

    def replug(self) -> None:
        """It is there again. What had it open must still open it afresh to play."""
        self._header[_UNPLUGGED] = 0

    def fault(
        self,
        site: Site,
        error: int,
        *directions: Direction,
        count: int = 1,
        after: int = 0,
    ) -> None:
        """Let `count` calls (-1: all) fail with an errno, once `after` more have passed.

        Without directions: in both of them, each with a count of its own.
        """
        for direction in directions or DIRECTIONS:
            fault = self._fault(site, direction)
            fault[_COUNT] = 0
            fault[_ERROR], fault[_AFTER] = error, after
            fault[_COUNT] = count  # Last: it arms the fault.

    def fired(self, site: Site, direction: Direction) -> int:
        """How many calls have failed so far."""
        return int(self._fault(site, direction)[_FIRED])

    def fired_at(self, site: Site, direction: Direction) -> int:
        """The card frame at which the last of them failed."""
        return int(self._fault(site, direction)[_FRAME])

    def kick(self, *directions: Direction) -> None:
        """An xrun: the next look at the pointer says that the program lost the race."""
        self.fault("pointer", errno.EPIPE, *directions)

    def stall(self, *directions: Direction) -> None:
        """Let the pointer stand still, without any error, until `release`."""
        for direction in directions or DIRECTIONS:
            self._header[_STILL + DIRECTIONS.index(direction)] = 1

    def release(self) -> None:
        """Let the pointers move again."""
        self._header[_STILL : _STILL + 2] = 0

    def narrow(self, frames: int) -> None:
        """Let the next write take only so many frames."""
        self._header[_NARROW] = frames

    def mend(self) -> None:
        """No fault any more: all are cleared, the card is plugged in and moves."""
        self._header[_FAULTS + _COUNT : _FAULTS + len(SITES) * 2 * _FAULT_WORDS : _FAULT_WORDS] = 0
        self._header[_NARROW] = 0
        self.release()
        self.replug()

    def _fault(self, site: Site, direction: Direction) -> np.ndarray:
        number = 2 * SITES.index(site) + DIRECTIONS.index(direction)
        first = _FAULTS + number * _FAULT_WORDS
        fault: np.ndarray = self._header[first : first + _FAULT_WORDS]
        return fault

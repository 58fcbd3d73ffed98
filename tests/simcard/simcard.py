"""A simulated sound card for tests: compiles `pcm_simcard.c` and lays its two tapes.

    card = SimCard(tmp_path, speed=1.0)
    card.source[:] = ...                      what the card's input will hear, by card frame
    subprocess.run([...], env=card.environment(), ...)      a program that plays through "sim"
    card.sink                                 what its output played, on the same frame clock

alsa-lib reads its configuration once per process, so whatever plays must be a child process.
"""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HEADER_BYTES = 64
TAPE_CHANNELS = 2
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
    """One simulated card, named `sim`, with tapes of `frames` frames."""

    name = "sim"

    def __init__(
        self,
        folder: Path,
        *,
        frames: int = 1 << 20,
        speed: float = 1.0,
        exact: bool = True,
        rate_hz: int = 0,
        format_name: str = "",
        loopback: int = -1,
    ) -> None:
        """Lay the tapes in `folder`; the other options are those of pcm_simcard.c."""
        tape, config = folder / "tape", folder / "asound.conf"
        size = HEADER_BYTES + 2 * frames * TAPE_CHANNELS * 4
        with tape.open("wb") as file:
            file.truncate(size)
        raw = np.memmap(tape, np.uint8, "r+", shape=(size,))
        self._header = raw[:HEADER_BYTES].view(np.int64)
        self._header[1] = frames
        tapes = raw[HEADER_BYTES:].view(np.int32).reshape(2, frames, TAPE_CHANNELS)
        self.source, self.sink = tapes
        """int32 [frames, 2], full scale 2^31, by card frame."""
        self._config = config
        only = f'format "{format_name}" ' if format_name else ""
        config.write_text(
            f'pcm_type.simcard {{ lib "{compile_plugin()}" }}\n'
            f'pcm.sim {{ type simcard tape "{tape}" speed {speed} exact {int(exact)} '
            f"rate {rate_hz} {only}loopback {loopback} }}\n"
        )

    def environment(self) -> dict[str, str]:
        """The environment for a child process that shall see this card."""
        return os.environ | {"ALSA_CONFIG_PATH": f"{_SYSTEM_CONFIG}:{self._config}"}

    @property
    def starts(self) -> tuple[int, int]:
        """The card frames at which playback and capture were last started."""
        return int(self._header[3]), int(self._header[4])

    def unplug(self) -> None:
        """From now on every call to the card fails as if it were gone."""
        self._header[2] = 1

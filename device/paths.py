"""Where things are on this computer: the shared tables, the bundles, the profile.

On a desktop the XDG folders are used. The tables live in a memory file system where there is one:
they are written hundreds of times a second and mean nothing after a restart.
"""

import importlib.util
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import BundleError, ConfigError
from device.words import nearest

SUFFIX = ".ondine"
DEFAULT_INSTRUMENT = "drift"
"""The built-in one, which ships."""
MAX_SOCKET_BYTES = 107
"""Linux keeps a Unix socket's path in 108 bytes with its closing zero."""


@dataclass(frozen=True)
class RunFolder:
    """The folder that control and audio share, this user's alone."""

    path: Path

    @property
    def params(self) -> Path:
        return self.path / "params"

    @property
    def status(self) -> Path:
        return self.path / "status"

    @property
    def socket(self) -> Path:
        return self.path / "audio.sock"

    @property
    def control(self) -> Path:
        return self.path / "control.sock"

    @property
    def tape(self) -> Path:
        return self.path / "tape"

    @property
    def playing(self) -> Path:
        """What is being played, for the control process that comes after this one."""
        return self.path / "play.json"

    @property
    def lock(self) -> Path:
        """Held by the control process for as long as it lives."""
        return self.path / "lock"

    @property
    def audio_lock(self) -> Path:
        """Held by the audio process for as long as it lives, from before its first instruction."""
        return self.path / "audio.lock"

    @property
    def demonstration(self) -> Path:
        return self.path / "demonstration.wav"


def run_folder(environment: Mapping[str, str] = os.environ) -> RunFolder:
    """The run folder of this user, made if need be: `$XDG_RUNTIME_DIR/ondine`, else in /dev/shm.

    Raises:
        ConfigError: if it cannot be made or belongs to someone else.
    """
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        path = Path(runtime) / "ondine"
    else:
        memory = Path("/dev/shm")
        base = memory if os.access(memory, os.W_OK) else Path("/tmp")
        path = base / f"ondine-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {path} ({error.strerror}). Set XDG_RUNTIME_DIR to a folder "
            "that you can write to"
        ) from None
    # In a shared folder someone else may have put one of that name there first.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(
            f"{path} is not a folder that only you can use. Remove it, or set XDG_RUNTIME_DIR"
        )
    folder = RunFolder(path)
    if len(os.fsencode(folder.control)) > MAX_SOCKET_BYTES:
        raise ConfigError(f"{path} is too long a path for a socket. Set XDG_RUNTIME_DIR")
    return folder


def seen_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the bench keeps what it measured on this machine."""
    state = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
    return Path(state) / "ondine/bench.json"


def admitted_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where it is kept which bundles were admitted on this machine."""
    state = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
    return Path(state) / "ondine/admitted.json"


def engines_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where it is kept what was tried and built for this machine's graphics card."""
    return admitted_file(environment).with_name("engines")


def model_folders(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Where bundles are looked for by name, in this order: here, this user's, those that ship."""
    data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    folders = [Path(), Path(data) / "ondine/models", Path("/var/lib/ondine/models")]
    return [*folders, *shipped_folders()]


def shipped_folders() -> list[Path]:
    """Where the bundles are that come with the program."""
    # Found without importing: the package belongs to the trainers' side of the house.
    found = importlib.util.find_spec("models")
    places = found.submodule_search_locations if found is not None else None
    return [Path(place) / "bundles" for place in places or ()]


def built_in() -> Path | None:
    """The instrument that ships, whatever else has its name; None where it was left out."""
    folders = reversed(model_folders()[2:])
    found = (folder / f"{DEFAULT_INSTRUMENT}{SUFFIX}" for folder in folders)
    return next((path for path in found if path.is_file()), None)


def bundles(environment: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """Every bundle by name; where two share one, the folder that is searched first wins."""
    return {path.stem: path for path in reversed(list(_bundles(model_folders(environment))))}


def _bundles(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.glob(f"*{SUFFIX}"))


def find_bundle(wanted: str, environment: Mapping[str, str] = os.environ) -> Path:
    """A bundle by path or by name.

    Raises:
        BundleError: if there is none, with the nearest name and the folders searched.
    """
    path = Path(wanted)
    # os.path and not pathlib, which raises for what is too long or another user's.
    if os.path.isfile(wanted):
        return path
    if os.path.isdir(wanted):
        raise BundleError(f"{wanted} is a folder. Give a {SUFFIX} file or the name of one")
    if "/" in wanted or path.suffix == SUFFIX:
        raise BundleError(f"there is no file {wanted}. Check the path")
    known = bundles(environment)
    if wanted in known:
        return known[wanted]
    near = nearest(wanted, known)
    if known and not near:
        near = f"; there are {', '.join(sorted(known))}"
    places = ", ".join(str(folder) for folder in model_folders(environment))
    raise BundleError(f"there is no instrument {wanted!r}{near} (looked in {places})")

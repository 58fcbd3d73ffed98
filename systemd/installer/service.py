"""The files of the service: which file of `systemd/` lies where on a box."""

import tomllib
from pathlib import Path

from .ground import Ground
from .source import Source
from .version import CURRENT

UNIT_FOLDER = "/etc/systemd/system"
STARTED_BY = f"{UNIT_FOLDER}/multi-user.target.wants/ondine.target"
BIN = "/opt/ondine/bin"
CONFIG = {
    "sysusers.conf": "/etc/sysusers.d/ondine.conf",
    "tmpfiles.conf": "/etc/tmpfiles.d/ondine.conf",
    "udev.rules": "/etc/udev/rules.d/70-ondine.rules",
    "journald.conf": "/etc/systemd/journald.conf.d/50-ondine.conf",
    "manager.conf": "/etc/systemd/system.conf.d/50-ondine.conf",
    "irq-first": f"{BIN}/irq-first",
    "ondine": "/usr/local/bin/ondine",
}
PROFILE = "/etc/ondine/profile.toml"
DATA_DROP_INS = tuple(
    f"{UNIT_FOLDER}/ondine-{unit}.service.d/50-data.conf" for unit in ("audio", "control")
)
"""See `read_only`; an install without that leaves them as they are."""
BOARD_DROP_IN = f"{UNIT_FOLDER}/ondine-audio.service.d/50-board.conf"


def lay_out(ground: Ground, source: Source) -> None:
    """Have all of them where they belong, and the settings where there are none yet."""
    for unit in sorted(source.units.iterdir()):
        # Through `current`: a version brings its units with it, and takes them back with it.
        ground.link(f"{UNIT_FOLDER}/{unit.name}", f"{CURRENT}/units/{unit.name}")
    ground.link(STARTED_BY, f"{UNIT_FOLDER}/ondine.target")
    for name, path in CONFIG.items():
        data = (source.config / name).read_bytes()
        ground.file(path, data, 0o755 if data.startswith(b"#!") else 0o644)
    # Here too: an update has to be able to go back when the checkout is long gone.
    own = Path(__file__).parent
    for module in sorted(own.glob("*.py")):
        ground.file(f"{BIN}/installer/{module.name}", module.read_bytes())
    for script in ("install", "update"):
        ground.file(f"{BIN}/{script}", (own.parent / script).read_bytes(), 0o755)
    _lay_out_board(ground, source)
    for folder in ("/var/lib/ondine", "/var/lib/ondine/models", "/var/lib/ondine/takes"):
        ground.folder(folder)


def _lay_out_board(ground: Ground, source: Source) -> None:
    profile = (source.folder / "hardware" / source.board / "profile.toml").read_bytes()
    ground.seed(PROFILE, profile)
    place = ground.place(PROFILE)
    try:
        # The player's own, if there is one: the core that it names is the core that is taken.
        audio = tomllib.loads((place.read_bytes() if place.is_file() else profile).decode())
        cpu = audio.get("audio", {}).get("cpu", -1)
    except (ValueError, OSError, AttributeError):
        ground.refused.append(f"{PROFILE} cannot be read; `ondine check` says why")
        return
    if isinstance(cpu, int) and cpu >= 0:
        text = f"# From audio.cpu in {PROFILE}.\n[Service]\nCPUAffinity={cpu}\n"
        ground.file(BOARD_DROP_IN, text.encode())
    elif BOARD_DROP_IN in ground.ours():
        ground.drop(BOARD_DROP_IN)


def drop_stale(ground: Ground, source: Source) -> None:
    """Take away what an older version had and this one has not."""
    wanted = {f"{UNIT_FOLDER}/{unit.name}" for unit in source.units.iterdir()}
    wanted |= {*CONFIG.values(), STARTED_BY, BOARD_DROP_IN, *DATA_DROP_INS}
    for path in ground.ours():
        unit = path.startswith(f"{UNIT_FOLDER}/ondine") and path not in wanted
        module = path.startswith(f"{BIN}/installer/")
        if unit or (module and not (Path(__file__).parent / Path(path).name).exists()):
            ground.drop(path)

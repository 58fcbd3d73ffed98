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
BOARD_DROP_IN = f"{UNIT_FOLDER}/ondine-audio.service.d/50-board.conf"
PI_DROP_IN = f"{UNIT_FOLDER}/ondine-control.service.d/50-board.conf"
PI = """# A Raspberry Pi tells by it that it is too hot or its supply too weak.
[Service]
DeviceAllow=/dev/vcio rw
"""
PIS = ("pi4", "pi5")
GRAPHICS_DROP_INS = tuple(
    f"{UNIT_FOLDER}/ondine-{unit}.service.d/60-graphics.conf" for unit in ("audio", "control")
)
CLOCKS_DROP_IN = f"{UNIT_FOLDER}/ondine-performance.service.d/50-board.conf"
CLOCKS = """# A Jetson: the clocks of its memory and graphics card, too, are held high.
# The power mode (nvpmodel) is the player's to choose: it is kept from one start to the next.
[Service]
ExecStart=-/usr/bin/jetson_clocks
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE
"""
GRAPHICS = f"""# From engine.provider in {PROFILE}: a Jetson's graphics card, under the names that
# JetPack 6 (nvhost, nvmap, nvgpu) and 7 (nvidia) give it. CUDA writes programs and runs them.
[Unit]
# Kinds of devices that are not there yet when a service starts are refused it for good.
Wants=modprobe@nvmap.service modprobe@nvgpu.service modprobe@nvidia.service
After=modprobe@nvmap.service modprobe@nvgpu.service modprobe@nvidia.service
[Service]
SupplementaryGroups=video render
DeviceAllow=char-nvhost* rw
DeviceAllow=char-nvgpu* rw
DeviceAllow=char-nvidia* rw
DeviceAllow=char-drm rw
DeviceAllow=/dev/nvmap rw
MemoryDenyWriteExecute=no
"""


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
        read = tomllib.loads((place.read_bytes() if place.is_file() else profile).decode())
        cpu = read.get("audio", {}).get("cpu", -1)
        provider = read.get("engine", {}).get("provider", "cpu")
    except (ValueError, OSError, AttributeError):
        ground.refused.append(f"{PROFILE} cannot be read; `ondine check` says why")
        return
    _keep_if(ground, CLOCKS_DROP_IN, CLOCKS, source.board.startswith("jetson"))
    core = f"# From audio.cpu in {PROFILE}.\n[Service]\nCPUAffinity={cpu}\n"
    _keep_if(ground, PI_DROP_IN, PI, source.board in PIS)
    _keep_if(ground, BOARD_DROP_IN, core, isinstance(cpu, int) and cpu >= 0)
    for path in GRAPHICS_DROP_INS:
        _keep_if(ground, path, GRAPHICS, provider in ("cuda", "tensorrt"))


def _keep_if(ground: Ground, path: str, text: str, wanted: bool) -> None:
    if wanted:
        ground.file(path, text.encode())
    elif path in ground.ours():
        ground.drop(path)


def drop_stale(ground: Ground, source: Source) -> None:
    """Take away what an older version had and this one has not."""
    wanted = {f"{UNIT_FOLDER}/{unit.name}" for unit in source.units.iterdir()}
    drop_ins = {BOARD_DROP_IN, PI_DROP_IN, CLOCKS_DROP_IN, *GRAPHICS_DROP_INS}
    wanted |= {*CONFIG.values(), STARTED_BY, *drop_ins}
    for path in ground.ours():
        unit = path.startswith(f"{UNIT_FOLDER}/ondine") and path not in wanted
        module = path.startswith(f"{BIN}/installer/")
        if unit or (module and not (Path(__file__).parent / Path(path).name).exists()):
            ground.drop(path)

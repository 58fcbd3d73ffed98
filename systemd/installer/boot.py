"""What a box does not wait for when it starts, and what its boot loader is told.

Masks are links to /dev/null, as `systemctl mask` makes them. In the boot loader's file our lines
stand between two markers, after `[all]`, so that a filter above them does not hold them back;
whatever else is there is left as it is, to the byte.
"""

import re
from pathlib import Path

from .ground import Ground
from .refusal import RefusalError
from .service import PIS, UNIT_FOLDER
from .source import Source

MASKED = (
    "NetworkManager-wait-online.service",
    "systemd-networkd-wait-online.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "man-db.timer",
    "ModemManager.service",
    "dphys-swapfile.service",
    "rpi-eeprom-update.service",
    "triggerhappy.service",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "systemd-binfmt.service",
    "proc-sys-fs-binfmt_misc.automount",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
)
"""What waits for a network, or works, writes or swaps while somebody plays; and what only costs a
start its time, for no instrument runs programs of other machines."""

LOADERS = ("/boot/firmware/config.txt", "/boot/config.txt")
BEGIN, END = "# >>> ondine", "# <<< ondine"
_LINES = (
    "boot_delay=0",
    "disable_splash=1",
    "dtparam=watchdog=on",
    "dtparam=spi=on",
    "dtparam=i2c_arm=on,i2c_arm_baudrate=400000",
)


def trim(ground: Ground) -> None:
    """Mask what an instrument does not need."""
    for unit in MASKED:
        ground.link(f"{UNIT_FOLDER}/{unit}", "/dev/null")


def overlay_lines(source: Source) -> list[str]:
    """The boot loader's lines for a board: those of every Raspberry Pi, and its own."""
    if source.board not in PIS:
        return []
    own = source.folder / "hardware" / source.board / "overlays.txt"
    text = own.read_text() if own.is_file() else ""
    lines = [line.strip() for line in text.splitlines()]
    return list(dict.fromkeys([*_LINES, *(x for x in lines if x and not x.startswith("#"))]))


def tell_loader(ground: Ground, lines: list[str]) -> None:
    """Have just these lines between our markers; without any, no markers either."""
    path = next((p for p in LOADERS if ground.place(p).is_file()), "")
    if not path:
        if lines:
            ground.refused.append(
                f"there is no {LOADERS[0]}: the panel's buses were not switched on"
            )
        return
    before = ground.place(path).read_bytes()
    after = with_lines(before, lines, path)
    if after == before:
        ground.kept.append(path)
    else:
        ground.edit(path, after, f"{len(lines)} lines of ours" if lines else "our lines are gone")


def with_lines(text: bytes, lines: list[str], name: str = "config.txt") -> bytes:
    """`text` with our block as `lines`.

    Raises:
        RefusalError: if there is a marker without the other.
    """
    return with_block(text, ["[all]", *lines] if lines else [], name)


def with_block(text: bytes, lines: list[str], name: str) -> bytes:
    """`text` with these lines alone between our markers; without any, no markers either.

    Raises:
        RefusalError: if there is a marker without the other.
    """
    begin, end = BEGIN.encode(), END.encode()
    if text.count(begin) != text.count(end) or text.count(begin) > 1:
        raise RefusalError(
            f"the markers {BEGIN!r} and {END!r} in {name} do not pair. Take them and what is "
            "between them away, and start this again"
        )
    pattern = rb"(?:\n)?" + re.escape(begin) + rb".*?" + re.escape(end) + rb"[^\n]*\n?"
    bare = re.sub(pattern, b"", text, flags=re.DOTALL)
    if not lines:
        return bare
    block = "\n".join([BEGIN, *lines, END]).encode()
    return bare + b"\n" + block + b"\n"


def board_model(root: Path) -> str:
    """What the board calls itself; '' where nobody knows."""
    try:
        return (root / "proc/device-tree/model").read_text().rstrip("\0\n")
    except (OSError, UnicodeDecodeError):
        return ""

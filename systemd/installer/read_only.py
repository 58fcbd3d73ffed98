"""A root that nothing is written to: what is needed of an image that is to be one, and back again.

    /                 the card, read; what is written lies in memory, and is gone with the power
    /var/lib/ondine   a small partition labelled `ondine`: what a player saves
    /boot/firmware    as it was

The work is done by the distribution's package `overlayroot`, which the kernel's command line
switches on. Its `recurse=0` matters: without it every other partition is laid under memory as well,
and what a player saves is gone with the power. Control waits for the partition, and a box without
it plays.
"""

from pathlib import Path

from .boot import with_block
from .ground import Ground
from .refusal import RefusalError

COMMAND_LINES = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
FSTAB = "/etc/fstab"
WORD = "overlayroot=tmpfs:recurse=0"
TOOL = "/usr/share/initramfs-tools/scripts/init-bottom/overlayroot"
# nofail: a partition that died is no reason not to boot; five seconds are looked for it.
MOUNT = (
    "LABEL=ondine /var/lib/ondine ext4 "
    "noatime,nosuid,nodev,noexec,data=journal,nofail,x-systemd.device-timeout=5s 0 2"
)


def make(ground: Ground) -> None:
    """Have the root read-only from the next start on.

    Raises:
        RefusalError: if this image cannot; then nothing is changed.
    """
    path = _command_line(ground)
    if not path:
        raise RefusalError(
            f"there is no {COMMAND_LINES[0]}. --read-only-root is for Raspberry Pi OS; elsewhere "
            "docs/box.md says what is needed"
        )
    if not ground.place(TOOL).is_file():
        raise RefusalError(
            "the package overlayroot is missing. Run: sudo apt-get install overlayroot"
        )
    words = ground.place(path).read_text().split()
    if other := next((w for w in words if w.startswith("overlayroot=") and w != WORD), ""):
        raise RefusalError(
            f"{path} has {other}, which lays /var/lib/ondine under memory, too. Take it away "
            "(`raspi-config nonint disable_overlayfs`) and start this again"
        )
    _tell_fstab(ground, [MOUNT])
    # Last: before all else is in place, this must not be on.
    _tell_kernel(ground, path, [*words, *([] if WORD in words else [WORD])])


def undo(ground: Ground, *, overlaid: bool = False) -> None:
    """Have the root writable from the next start on.

    `overlaid`: it is read-only now. Then only the kernel is told: all else would not last.
    """
    if path := _command_line(ground):
        words = ground.place(path).read_text().split()
        _tell_kernel(ground, path, [word for word in words if word != WORD])
    if not overlaid:
        _tell_fstab(ground, [])


def is_overlaid(mounts: str) -> bool:
    """Whether what the root is told is gone with the power; `mounts` as /proc/mounts has them."""
    lines = [line.split() for line in mounts.splitlines()]
    roots = [line[2] for line in lines if len(line) > 2 and line[1] == "/"]
    return bool(roots) and roots[-1] in ("overlay", "overlayfs")


def refuse_if_overlaid(ground: Ground, mounts: Path = Path("/proc/mounts")) -> None:
    """Nothing that is installed now would be there after the next start.

    Raises:
        RefusalError: saying how to do it all the same.
    """
    if ground.live and is_overlaid(mounts.read_text()):
        raise RefusalError(
            "the root is read-only, and what is changed now is gone with the power. Run "
            "systemd/install --writable-root, reboot, and start this again"
        )


def _command_line(ground: Ground) -> str:
    return next((path for path in COMMAND_LINES if ground.place(path).is_file()), "")


def _tell_kernel(ground: Ground, path: str, words: list[str]) -> None:
    before = ground.place(path).read_text()
    if before.split() == words:
        ground.kept.append(path)
    else:
        # One line: a kernel reads no second one.
        text = " ".join(words) + "\n"
        ground.edit(path, text.encode(), f"{WORD} is {'there' if WORD in words else 'gone'}")


def _tell_fstab(ground: Ground, lines: list[str]) -> None:
    place = ground.place(FSTAB)
    before = place.read_bytes() if place.is_file() else b""
    after = with_block(before, lines, FSTAB)
    if after == before:
        ground.kept.append(FSTAB)
    elif lines and b" /var/lib/ondine " in before:
        ground.refused.append(f"{FSTAB} has a line for /var/lib/ondine; it was let be")
    else:
        ground.edit(FSTAB, after, "our line for /var/lib/ondine" if lines else "our line is gone")

"""`systemd/install --read-only-root`, in a tree: what is told to whom, and every byte of it undone.

That a box then boots so is not shown here: it takes a machine.
"""

import pytest

from systemd.installer.ground import Ground
from systemd.installer.read_only import (
    MOUNT,
    TOOL,
    WORD,
    is_overlaid,
    refuse_if_overlaid,
)
from systemd.installer.refusal import RefusalError

pytestmark = pytest.mark.slow

KERNEL = "console=tty1 root=PARTUUID=1234-02 rootfstype=ext4 fsck.repair=yes rootwait\n"
TABLE = "proc /proc proc defaults 0 0\nPARTUUID=1234-02 / ext4 defaults,noatime 0 1\n"
LINE, FSTAB = "/boot/firmware/cmdline.txt", "/etc/fstab"


@pytest.fixture
def pi(box):
    """An installed box of Raspberry Pi OS with the package overlayroot."""
    for path, text in ((LINE, KERNEL), (FSTAB, TABLE), (TOOL, "#!/bin/sh\n")):
        box.at(path).parent.mkdir(parents=True, exist_ok=True)
        box.at(path).write_text(text)
    return box


def test_kernel_mounts_and_units_are_told(pi, wheels):
    code, out, err = pi.install(wheels, "--read-only-root")
    assert (code, err) == (0, ""), out
    assert pi.at(LINE).read_text() == KERNEL.replace("\n", f" {WORD}\n")
    fstab = pi.at(FSTAB).read_text()
    assert fstab.startswith(TABLE)
    assert fstab.count(MOUNT) == 1
    assert "recurse=0" in WORD  # else /var/lib/ondine would lie in memory, too
    assert "nofail" in MOUNT
    assert "x-systemd.device-timeout=5s" in MOUNT


def test_a_second_time_and_an_install_without_it_change_nothing(pi, wheels):
    pi.install(wheels, "--read-only-root")
    before = pi.snapshot()
    for more in (["--read-only-root"], []):
        code, out, _ = pi.install(wheels, *more)
        assert code == 0
        assert "nothing had to be done" in out
        assert pi.snapshot() == before


@pytest.mark.parametrize("how", [["--writable-root"], ["--uninstall"]])
def test_it_is_undone_to_the_byte(pi, wheels, how):
    pi.install(wheels, "--read-only-root")
    code, _, err = pi.run("install", *how)
    assert (code, err) == (0, "")
    assert pi.at(LINE).read_text() == KERNEL
    assert pi.at(FSTAB).read_text() == TABLE


def test_said_and_not_done(pi, wheels):
    before = pi.snapshot()
    code, out, _ = pi.install(wheels, "--read-only-root", "--dry-run")
    assert code == 0
    assert WORD in out
    assert FSTAB in out
    assert pi.snapshot() == before


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (LINE, None, "is for Raspberry Pi OS"),
        (TOOL, None, "apt-get install overlayroot"),
        (LINE, "root=x overlayroot=tmpfs\n", "lays /var/lib/ondine under memory"),
    ],
)
def test_where_it_cannot_be_nothing_of_it_is_changed(pi, wheels, path, text, sentence):
    if text is None:
        pi.at(path).unlink()
    else:
        pi.at(path).write_text(text)
    before = pi.snapshot()
    code, _, err = pi.install(wheels, "--read-only-root")
    assert code == 1
    assert sentence in err
    assert pi.snapshot() == before


def test_somebody_s_own_line_is_let_be(pi, wheels):
    own = TABLE + "LABEL=mine /var/lib/ondine ext4 defaults 0 2\n"
    pi.at(FSTAB).write_text(own)
    code, out, _ = pi.install(wheels, "--read-only-root")
    assert code == 0
    assert "has a line for /var/lib/ondine; it was let be" in out
    assert pi.at(FSTAB).read_text() == own


def test_one_wish_at_a_time(pi, wheels):
    code, _, err = pi.install(wheels, "--read-only-root", "--writable-root")
    assert code == 2
    assert "not allowed with" in err


MOUNTS = "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\nproc /proc proc rw 0 0\n"
OVERLAID = f"{MOUNTS}overlayroot / overlay rw,lowerdir=/media/root-ro 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "overlaid"),
    [(MOUNTS, False), (OVERLAID, True), ("", False), ("x\n", False),
     ("overlay /mnt overlay rw 0 0\n", False)],
)  # fmt: skip
def test_a_read_only_root_is_known_by_its_mount(mounts, overlaid):
    assert is_overlaid(mounts) is overlaid


def test_on_one_nothing_is_installed_or_updated(tmp_path):
    (tmp_path / "mounts").write_text(OVERLAID)
    ground = Ground(tmp_path)
    refuse_if_overlaid(ground, tmp_path / "mounts")  # an image is not what runs
    ground.live = True
    with pytest.raises(RefusalError, match="--writable-root, reboot"):
        refuse_if_overlaid(ground, tmp_path / "mounts")

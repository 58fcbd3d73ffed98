"""A stick with a real file system on it, mounted as systemd/units/ondine-stick@.service does."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from device.errors import ControlError
from device.sticks.found import look
from device.sticks.shelf import ModelShelf
from device.sticks.take import pieces_of, take

UNIT = Path(__file__).parents[3] / "systemd/units/ondine-stick@.service"
DATA = os.urandom(3 << 20)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def mounted(tmp_path):
    """(the folder of sticks, the image of the one that is plugged in)."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("only root may mount")
    content, image, point = tmp_path / "content", tmp_path / "image", tmp_path / "sticks/sda1"
    content.mkdir()
    point.mkdir(parents=True)
    (content / "glass.ondine").write_bytes(DATA)
    (content / "link.ondine").symlink_to("/etc/passwd")
    with image.open("wb") as file:
        file.truncate(8 << 20)
    assert run("mkfs.ext4", "-q", "-d", content, image).returncode == 0
    match = re.search(r"mount -o (\S+)", UNIT.read_text())
    assert match
    done = run("mount", "-o", f"loop,{match[1]}", image, point)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    yield tmp_path / "sticks", image
    run("umount", "--lazy", point)


def test_it_is_taken_and_the_stick_itself_cannot_be_written_to(mounted, tmp_path):
    sticks, _ = mounted
    (found,) = look(sticks)
    take(found, ModelShelf(tmp_path / "models"), pieces_of(sticks, found), check=lambda name: None)
    assert (tmp_path / "models/glass.ondine").read_bytes() == DATA
    with pytest.raises(OSError, match="Read-only"):
        (sticks / "sda1/mine").write_text("")


def test_a_stick_that_is_gone_in_the_middle_says_so(mounted, tmp_path):
    sticks, image = mounted
    (found,) = look(sticks)
    os.truncate(image, 1 << 20)  # the kernel now finds nothing where the rest was: EIO
    with pytest.raises(ControlError, match=r"cannot be read \(Input/output error\)\. Plug it in"):
        take(found, ModelShelf(tmp_path / "m"), pieces_of(sticks, found), check=lambda name: None)
    assert list((tmp_path / "m").iterdir()) == []


def test_one_that_is_unmounted_while_it_is_copied_is_still_whole_or_refused(mounted, tmp_path):
    sticks, _ = mounted
    (found,) = look(sticks)
    pieces = pieces_of(sticks, found)
    first = next(pieces)
    assert run("umount", "--lazy", sticks / "sda1").returncode == 0
    assert first + b"".join(pieces) == DATA
    assert look(sticks) == ()

"""Taking from a stick: whole and checked, or not at all, whatever fails, whenever it is pulled."""

import errno
import hashlib
import itertools
import os

import pytest

from device.errors import BundleError, ControlError
from device.sticks.found import look
from device.sticks.shelf import PIECE_BYTES, ModelShelf
from device.sticks.take import SPARE_BYTES, pieces_of, sweep, take
from tests.device.mapping.crashes import crashes
from tests.device.sticks.shelves import FailingShelf, MemoryShelf

PARTIAL = ".glass.ondine.partial"
DATA = bytes(range(256)) * (5 * PIECE_BYTES // 512)
OLD = {"reed.ondine": b"reed"}


@pytest.fixture
def sticks(tmp_path):
    """A stick with one bundle of two pieces and a half."""
    folder = tmp_path / "sticks"
    (folder / "sda1").mkdir(parents=True)
    (folder / "sda1/glass.ondine").write_bytes(DATA)
    return folder


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    for name, data in OLD.items():
        (folder / name).write_bytes(data)
    return folder


def glass(sticks):
    return look(sticks)[0]


def well(name):
    """A check that lets everything in."""


def refused(name):
    raise BundleError(f"/var/lib/ondine/models/{name}: it holds a loop.")


def took(sticks, shelf, check=well, **more):
    found = glass(sticks)
    return take(found, shelf, pieces_of(sticks, found), check=check, **more)


def lies(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_is_copied_whole_and_everybody_may_read_it(sticks, models):
    assert took(sticks, ModelShelf(models)) == "glass is here now"
    assert lies(models) == {**OLD, "glass.ondine": DATA}
    assert (models / "glass.ondine").stat().st_mode & 0o777 == 0o644


def test_the_copy_is_checked_before_it_has_its_name(sticks, models):
    seen = []

    def check(name):
        lying = lies(models)
        seen.append((name, lying.pop(name) == DATA, lying == OLD))

    took(sticks, ModelShelf(models), check)
    assert seen == [(PARTIAL, True, True)]


def test_a_refused_one_leaves_nothing_and_the_reason_has_no_path(sticks, models):
    with pytest.raises(ControlError, match=r"^glass was not taken: it holds a loop$"):
        took(sticks, ModelShelf(models), refused)
    assert lies(models) == OLD


def test_the_same_one_is_not_taken_twice_and_another_of_its_name_beside_it(sticks, models):
    shelf = ModelShelf(models)
    took(sticks, shelf)
    assert took(sticks, shelf) == "glass is here already"
    (sticks / "sda1/glass.ondine").write_bytes(b"other")
    assert took(sticks, shelf) == "glass is here now, as glass-2"
    assert took(sticks, shelf) == "glass-2 is here already"
    assert lies(models) == {**OLD, "glass.ondine": DATA, "glass-2.ondine": b"other"}


def test_it_does_not_hide_an_instrument_of_another_folder(sticks, models):
    shelf = ModelShelf(models)
    said = took(sticks, shelf, elsewhere={"glass": hashlib.sha256(DATA).hexdigest()}.get)
    assert said == "glass is here already"
    assert lies(models) == OLD
    said = took(sticks, shelf, elsewhere={"glass": "another"}.get)
    assert said == "glass is here now, as glass-2"


def test_a_hundred_of_one_name_are_enough(sticks):
    files = {f"glass{end}.ondine": b"x" for end in ["", *(f"-{n}" for n in range(2, 100))]}
    shelf = MemoryShelf(dict(files))
    with pytest.raises(ControlError, match="99 of that name"):
        took(sticks, shelf)
    assert shelf.files == files


def test_where_no_room_is_nothing_is_begun(sticks):
    shelf = MemoryShelf(free=SPARE_BYTES + len(DATA) - 1)
    with pytest.raises(ControlError, match=r"it has 2 MiB, and there is room for 2\. Remove"):
        took(sticks, shelf)
    assert shelf.log == []
    shelf.free += 1
    assert took(sticks, shelf)


@pytest.mark.parametrize("size", [0, (1 << 30) + 1])
def test_what_cannot_be_a_bundle_is_not_read(sticks, size):
    os.truncate(sticks / "sda1/glass.ondine", size)
    with pytest.raises(ControlError, match=f"it has {size} bytes"):
        took(sticks, shelf := MemoryShelf())
    assert shelf.log == []


@pytest.mark.parametrize(
    ("reads", "number"),
    list(enumerate((errno.EIO, errno.ENODEV, errno.ENOENT, errno.ESTALE))),
)
def test_a_stick_may_be_pulled_at_any_read(sticks, models, reads, number):
    left = iter(range(reads))

    def read(fd, most):
        if next(left, None) is None:
            raise OSError(number, os.strerror(number))
        return os.read(fd, most)

    found = glass(sticks)
    with pytest.raises(ControlError, match="pulled out, or cannot be read"):
        take(found, ModelShelf(models), pieces_of(sticks, found, read), check=well)
    assert lies(models) == OLD


def test_a_stick_may_be_pulled_before_it_is_opened(sticks, models):
    found = glass(sticks)
    (sticks / "sda1/glass.ondine").unlink()
    for _ in range(2):
        with pytest.raises(ControlError, match="Plug it in again"):
            take(found, ModelShelf(models), pieces_of(sticks, found), check=well)
        (sticks / "sda1").rmdir() if (sticks / "sda1").exists() else None
    assert lies(models) == OLD


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1])
def test_a_file_that_shrinks_or_grows_is_not_taken(sticks, models, size):
    found = glass(sticks)
    os.truncate(sticks / "sda1/glass.ondine", size)
    with pytest.raises(ControlError, match="changed while it was copied"):
        take(found, ModelShelf(models), pieces_of(sticks, found), check=well)
    assert lies(models) == OLD


SAID = {
    errno.EIO: "failed",
    errno.ENOSPC: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "not allowed",
}


def test_the_disk_may_fail_at_any_step(sticks, models):
    steps = steps_of_a_take(sticks, models)
    for at, (number, said) in zip(range(1, steps + 1), itertools.cycle(SAID.items()), strict=False):
        with pytest.raises(ControlError, match=rf"^glass was not taken: .*{said}"):
            took(sticks, FailingShelf(models, at, number))
        # After the rename it is there, for all that anybody can see.
        assert lies(models) in (OLD, {**OLD, "glass.ondine": DATA})
        (models / "glass.ondine").unlink(missing_ok=True)


@pytest.mark.parametrize(("number", "said"), SAID.items())
def test_why_it_failed_is_said_in_words(sticks, models, number, said):
    with pytest.raises(ControlError, match=rf"^glass was not taken: .*{said}"):
        took(sticks, FailingShelf(models, 2, number))
    assert lies(models) == OLD


def steps_of_a_take(sticks, models):
    shelf = FailingShelf(models, 0, 0)
    took(sticks, shelf)
    (models / "glass.ondine").unlink()
    assert shelf.steps > 7
    return shelf.steps


def test_a_power_cut_at_any_moment_leaves_the_old_or_the_whole_new_one(sticks):
    disk = MemoryShelf(dict(OLD))
    took(sticks, disk)
    after = 0
    for crash in crashes(OLD, disk):
        left = MemoryShelf(dict(crash.files))
        sweep(left)
        assert left.files in (OLD, {**OLD, "glass.ondine": DATA})
        after += left.files != OLD
        if crash.done == len(disk.log):
            assert left.files != OLD
    assert after


def test_sweeping_takes_away_what_is_half_and_ours_alone(models):
    for name in (PARTIAL, ".mine.partial", "notes.partial"):
        (models / name).write_text("")
    sweep(ModelShelf(models))
    assert sorted(lies(models)) == [".mine.partial", "notes.partial", "reed.ondine"]
    sweep(FailingShelf(models, 1, errno.EROFS))
    sweep(ModelShelf(models / "none"))
    assert not (models / "none").exists()

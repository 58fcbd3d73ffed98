"""`systemd/install`: what lies where, twice, undone, and everything that may go wrong."""

import contextlib
import fcntl
import os
import subprocess
import sys

import pytest

from tests.systemd.box import ROOT, Box
from tests.systemd.conftest import CONFIG
from tests.systemd.wheels import save_wheel

pytestmark = pytest.mark.slow

PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def test_everything_lies_where_a_box_looks_for_it(installed):
    for path in (
        "/etc/systemd/system/ondine-audio.service",
        "/etc/systemd/system/ondine-control.service",
        "/etc/systemd/system/ondine.target",
    ):
        assert os.readlink(installed.at(path)).startswith("/opt/ondine/current/units/ondine")
    wants = installed.at("/etc/systemd/system/multi-user.target.wants/ondine.target")
    assert os.readlink(wants) == "/etc/systemd/system/ondine.target"
    assert installed.at("/etc/ondine/profile.toml").read_bytes() == (
        (ROOT / "hardware/pi4/profile.toml").read_bytes()
    )
    assert (
        "CPUAffinity=3"
        in installed.at("/etc/systemd/system/ondine-audio.service.d/50-board.conf").read_text()
    )
    board = installed.at("/etc/systemd/system/ondine-control.service.d/50-board.conf")
    assert "DeviceAllow=/dev/vcio rw" in board.read_text()
    assert installed.at("/var/lib/ondine/models").is_dir()
    assert os.readlink(installed.at("/etc/systemd/system/apt-daily.timer")) == "/dev/null"
    assert os.access(installed.at("/usr/local/bin/ondine"), os.X_OK)


def test_programs_of_an_image_look_for_python_where_it_will_be(installed):
    version = installed.at(f"/opt/ondine/versions/{installed.version()}")
    first = (version / "bin/ondine").read_text().splitlines()[0]
    assert first == f"#!/opt/ondine/versions/{installed.version()}/bin/python"
    assert str(installed.folder) not in (version / "pyvenv.cfg").read_text()


def test_a_second_run_changes_nothing_not_even_a_date(installed, wheels):
    before = installed.snapshot()
    code, out, err = installed.install(wheels)
    assert (code, err) == (0, "")
    assert "nothing had to be done" in out
    assert installed.snapshot() == before


def test_a_dry_run_says_all_and_writes_nothing(tmp_path, wheels):
    box = Box(tmp_path / "box")
    code, out, err = box.install(wheels, "--dry-run")
    assert (code, err) == (0, "")
    assert "nothing is changed" in out
    assert "/etc/systemd/system/ondine-audio.service" in out
    assert box.snapshot() == {}


def test_a_dry_uninstall_writes_nothing(installed):
    before = installed.snapshot()
    assert installed.run("install", "--uninstall", "--dry-run")[0] == 0
    assert installed.snapshot() == before


def test_an_uninstall_leaves_what_is_the_player_s_and_nothing_else(box):
    box.at("/var/lib/ondine/models/mine.ondine").write_bytes(b"mine")
    box.at("/etc/ondine/profile.toml").write_text('name = "mine"\n')
    code, _out, err = box.run("install", "--uninstall")
    assert (code, err) == (0, "")
    left = {p for p, (what, *_) in box.snapshot().items() if what != "folder"}
    assert left == {
        "boot/firmware/config.txt",
        "etc/ondine/profile.toml",
        "var/lib/ondine/models/mine.ondine",
    }
    assert box.at("/boot/firmware/config.txt").read_bytes() == CONFIG
    assert box.at("/etc/ondine/profile.toml").read_text() == 'name = "mine"\n'
    assert box.run("install", "--uninstall")[1].startswith("There is nothing")


def test_settings_are_never_overwritten_and_their_core_is_taken(box, wheels):
    box.at("/etc/ondine/profile.toml").write_text("[audio]\ncpu = 1\n")
    code, _out, _ = box.install(wheels)
    assert code == 0
    assert box.at("/etc/ondine/profile.toml").read_text() == "[audio]\ncpu = 1\n"
    drop_in = box.at("/etc/systemd/system/ondine-audio.service.d/50-board.conf")
    assert "CPUAffinity=1\n" in drop_in.read_text()
    box.at("/etc/ondine/profile.toml").write_text("[audio]\n")
    assert box.install(wheels)[0] == 0
    assert not drop_in.exists()


def test_only_who_asks_for_the_graphics_card_reaches_it(box, wheels):
    profile = box.at("/etc/ondine/profile.toml")
    drop_ins = [
        box.at(f"/etc/systemd/system/ondine-{unit}.service.d/60-graphics.conf")
        for unit in ("audio", "control")
    ]
    assert not any(path.exists() for path in drop_ins)
    profile.write_text('[engine]\nprovider = "tensorrt"\n')
    assert box.install(wheels)[0] == 0
    for path in drop_ins:
        assert "DeviceAllow=/dev/nvmap rw\n" in path.read_text()
    profile.write_text('[engine]\nprovider = "cpu"\n')
    assert box.install(wheels)[0] == 0
    assert not any(path.exists() for path in drop_ins)


@pytest.mark.parametrize("text", [b"[audio\n", b"\xff", b"audio = 3\n"])
def test_settings_that_cannot_be_read_stop_nothing(box, wheels, text):
    box.at("/etc/ondine/profile.toml").write_bytes(text)
    code, out, err = box.install(wheels)
    assert (code, err) == (0, "")
    assert "profile.toml cannot be read" in out


def test_what_somebody_changed_is_let_be_and_said(box, wheels):
    rules = box.at("/etc/udev/rules.d/70-ondine.rules")
    rules.write_text("# mine\n")
    unit = box.at("/etc/systemd/system/ondine-control.service")
    unit.unlink()
    unit.write_text("[Service]\n")
    code, out, _ = box.install(wheels)
    assert code == 0
    assert out.count("it was let be") == 2
    code, out, _ = box.run("install", "--uninstall")
    assert code == 0
    assert rules.read_text() == "# mine\n"
    assert unit.read_text() == "[Service]\n"


@pytest.mark.slow
def test_a_mask_that_was_there_before_us_stays(tmp_path, wheels):
    box = Box(tmp_path / "box")
    mask = box.at("/etc/systemd/system/apt-daily.timer")
    mask.parent.mkdir(parents=True)
    mask.symlink_to("/dev/null")
    assert box.install(wheels)[0] == 0
    assert box.run("install", "--uninstall")[0] == 0
    assert os.readlink(mask) == "/dev/null"


@pytest.mark.slow
def test_boot_is_left_alone_if_asked(tmp_path, wheels):
    box = Box(tmp_path / "box")
    box.at("/boot").mkdir()
    box.at("/boot/config.txt").write_bytes(CONFIG)
    assert box.install(wheels, "--keep-boot")[0] == 0
    assert box.at("/boot/config.txt").read_bytes() == CONFIG
    assert not box.at("/etc/systemd/system/apt-daily.timer").is_symlink()


@pytest.mark.slow
def test_a_half_finished_version_is_made_again(box, wheels):
    version = box.at(f"/opt/ondine/versions/{box.version()}")
    (version / ".whole").unlink()
    (version / "bin/ondine").write_text("")
    code, out, err = box.install(wheels)
    assert (code, err) == (0, "")
    assert "half-finished" in out
    assert (version / ".whole").is_file()
    assert (version / "bin/ondine").read_text()


@pytest.mark.slow
def test_a_newer_one_does_not_push_aside_what_plays(box, tmp_path):
    before = box.version()
    code, out, _ = box.install(save_wheel(tmp_path / "w", "2.0.0"))
    assert code == 0
    assert "systemd/update" in out
    assert box.version() == before


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--wheels", "/nowhere"], 1, "there is no folder /nowhere with wheels"),
        (["--wheels", "{empty}"], 1, "there are no wheels (*.whl) in"),
        (["--wheels", "{wheels}", "--board", "toaster"], 1, "there is no box 'toaster'"),
        (["--root", "/nowhere"], 1, "there is no folder /nowhere"),
        (["--colour"], 2, "unrecognized arguments: --colour. See install --help"),
        (["--root"], 2, "expected one argument"),
        (["now"], 2, "unrecognized arguments: now"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence(tmp_path, wheels, arguments, code, sentence):
    box = Box(tmp_path / "box")
    (tmp_path / "empty").mkdir()
    given = [a.format(empty=tmp_path / "empty", wheels=wheels) for a in arguments]
    ended, out, err = box.run("install", *given)
    assert (ended, out) == (code, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert box.snapshot() == {}


def test_without_the_rights_nothing_is_begun():
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [PYTHON, "-B", "systemd/install"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **nobody,
    )
    assert done.returncode == 1
    assert done.stderr.endswith("Start it with sudo.\n")


@pytest.mark.slow
def test_a_wheel_that_is_missing_is_named_and_nothing_is_left(tmp_path):
    box = Box(tmp_path / "box")
    wheels = save_wheel(tmp_path / "w", needs="nosuchthing>=3")
    code, out, err = box.install(wheels)
    assert (code, out) == (1, "")
    assert "nosuchthing" in err
    assert err.count("\n") == 1
    assert box.versions() == []


@pytest.mark.slow
def test_a_folder_without_ondine_s_own_wheel_says_what_else_it_would_take(tmp_path):
    box = Box(tmp_path / "box")
    (tmp_path / "w").mkdir()
    (tmp_path / "w/other-1.0-py3-none-any.whl").write_bytes(b"")
    code, out, err = box.install(tmp_path / "w")
    assert (code, out) == (1, "")
    assert "cannot be installed: No matching distribution found for setuptools" in err
    assert err.count("\n") == 1
    assert box.versions() == []


@pytest.mark.parametrize("seconds", ["never", "-1", "nan", "inf", ""])
def test_a_wait_that_is_none_is_refused(tmp_path, seconds):
    code, out, err = Box(tmp_path / "box").run("update", f"--within={seconds}")
    assert (code, out) == (2, "")
    assert "is not 0 to 3600 seconds. See update --help" in err


def test_a_tree_that_nobody_says_the_board_of_is_pointed_out(tmp_path, wheels):
    box = Box(tmp_path / "box")
    code, out, _ = box.run("install", "--wheels", wheels, "--dry-run")
    assert code == 0
    assert "desktop was taken. Choose with --board" in out
    assert "was taken" not in box.install(wheels, "--dry-run")[1]


def test_a_jetson_s_clocks_are_held(tmp_path, wheels):
    out = Box(tmp_path / "box").run(
        "install", "--wheels", wheels, "--dry-run", "--board", "jetson-orin-nano"
    )[1]
    assert "ondine-performance.service.d/50-board.conf" in out
    assert "config.txt" not in out


@pytest.mark.parametrize("command", ["install", "update"])
def test_two_at_once_do_not_mix(box, wheels, command):
    fd = os.open(box.folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        code, _, err = box.run(command, "--wheels", wheels)
    finally:
        os.close(fd)
    assert code == 1
    assert "another install or update is at work" in err


def test_a_damaged_record_is_a_sentence(box, wheels):
    box.at("/opt/ondine/installed.json").write_text("{")
    code, _, err = box.install(wheels)
    assert code == 1
    assert "installed.json cannot be read" in err


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB, in memory."""
    if os.geteuid() != 0:
        pytest.skip("a small disk takes root's rights")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,nr_inodes=40", "none", folder], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
def test_a_disk_that_gets_full_on_the_way_is_a_sentence_and_is_cleared_up(small_disk, wheels):
    box = Box(small_disk / "box")
    for i in range(25):
        (small_disk / str(i)).touch()
    code, _, err = box.install(wheels)
    assert code == 1
    assert "the disk is full" in err
    assert err.count("\n") == 1
    assert box.versions() == []


def test_a_disk_without_room_is_told_before_anything_is_begun(small_disk, wheels):
    box = Box(small_disk / "box")
    (small_disk / "fill").write_bytes(bytes(5 << 19))
    code, _, err = box.install(wheels)
    assert code == 1
    assert "MiB free" in err
    with contextlib.suppress(FileNotFoundError):
        assert box.versions() == []

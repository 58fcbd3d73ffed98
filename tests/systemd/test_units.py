"""The units: read as systemd reads them, strictly, and weighed for what they expose."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from systemd.installer.service import (
    CLOCKS,
    CLOCKS_DROP_IN,
    GRAPHICS,
    GRAPHICS_DROP_INS,
    PI,
    PI_DROP_IN,
)
from tests.systemd.box import ROOT

UNITS = ROOT / "systemd/units"
CONFIG = ROOT / "systemd/config"
EXPOSURE = {
    "ondine-audio.service": 1.6,
    "ondine-control.service": 3.0,
    "ondine-checker@.service": 0.5,
    "ondine-poweroff.service": 0.5,
    "ondine-reboot.service": 0.5,
}
HELPERS = {
    *("ondine-devices.service", "ondine-performance.service", "ondine-irq.service"),
    "ondine-settle.service",
}
PROGRAMS = (
    *("/bin/sh", "/bin/mkdir", "/bin/mount", "/bin/umount", "/bin/rmdir", "/bin/rm"),
    *("/bin/chown", "/sbin/modprobe"),
)
OWN = ("current/bin/python", "current/bin/ondine", "bin/irq-first", "bin/update")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A tree with the distribution's units, ours, and every program that they name."""
    folder = tmp_path_factory.mktemp("tree")
    units = folder / "etc/systemd/system"
    shutil.copytree(UNITS, units)
    shutil.copytree("/lib/systemd/system", folder / "usr/lib/systemd/system", symlinks=True)
    for program in (*PROGRAMS, *(f"/opt/ondine/{p}" for p in OWN)):
        path = folder / program.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return folder


def verify(tree, *paths):
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            f"--root={tree}",
            "--man=no",
            "--recursive-errors=no",
            *paths,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def lines(name):
    """(section, key, value) of a unit, without comments."""
    section = ""
    for line in (UNITS / name).read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield section, key, value


def values(name, key):
    return [value for _, k, value in lines(name) if k == key]


def test_systemd_finds_nothing_wrong_in_any_unit(tree):
    assert verify(tree, *sorted((tree / "etc/systemd/system").glob("ondine*"))) == (0, "")


def test_nor_in_what_a_profile_adds(tree):
    drop_ins = {**dict.fromkeys(GRAPHICS_DROP_INS, GRAPHICS), CLOCKS_DROP_IN: CLOCKS}
    drop_ins |= {PI_DROP_IN: PI}
    for path, text in drop_ins.items():
        drop_in = tree / path.lstrip("/")
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        drop_in.write_text(text)
    names = ("audio", "control", "performance")
    units = [tree / f"etc/systemd/system/ondine-{name}.service" for name in names]
    try:
        assert verify(tree, *units) == (0, "")
    finally:
        for path in drop_ins:
            (tree / path.lstrip("/")).unlink()


def test_it_would_find_a_key_that_it_does_not_know(tree):
    wrong = tree / "etc/systemd/system/ondine-wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/sh\nWatchDogSec=3\n")
    try:
        code, said = verify(tree, wrong)
    finally:
        wrong.unlink()
    assert code != 0
    assert "WatchDogSec" in said


def test_every_program_that_a_unit_names_is_one_that_the_tree_has():
    named = set()
    for unit in UNITS.iterdir():
        for _, key, value in lines(unit.name):
            if key.startswith("Exec"):
                named.add(value.lstrip("-+!@").split()[0])
    own = {f"/opt/ondine/{program}" for program in OWN}
    assert named == own | set(PROGRAMS)


@pytest.mark.parametrize(("unit", "limit"), EXPOSURE.items())
def test_a_unit_exposes_no_more_than_it_may(unit, limit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager",
         f"--threshold={round(10 * limit)}", UNITS / unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    match = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert match, done.stderr
    print(f"{unit}: {match[1]} of {limit}")
    assert float(match[1]) <= limit
    assert done.returncode == 0


def test_nothing_waits_for_a_network():
    for unit in UNITS.iterdir():
        for _, key, value in lines(unit.name):
            if key in ("After", "Wants", "Requires", "BindsTo"):
                assert "network" not in value


def test_no_disk_but_the_program_s_is_needed():
    """A disk of what is kept that is dead must not take the sound along: it is only waited for."""
    for unit in ("ondine-audio.service", "ondine-control.service"):
        assert values(unit, "RequiresMountsFor") == ["/opt/ondine"]
        assert not values(unit, "Requires")
        for key in ("StateDirectory", "CacheDirectory", "LogsDirectory", "PrivateTmp"):
            assert not values(unit, key), f"{key} requires mounts, or waits for them"
        for key in ("WorkingDirectory", "ReadWritePaths"):
            for place in values(unit, key):
                assert place == "/" or place.startswith("-")
    after = " ".join(values("ondine-control.service", "After")).split()
    assert "var-lib-ondine.mount" in after
    assert "var-lib-ondine.mount" not in " ".join(values("ondine-audio.service", "After"))


def test_every_kind_of_device_is_there_before_a_unit_asks_for_it():
    """systemd looks kinds up when a service starts; later ones are refused to it for good."""
    for unit in ("ondine-audio.service", "ondine-control.service"):
        assert "ondine-devices.service" in " ".join(values(unit, "After")).split()
        assert "ondine-devices.service" in " ".join(values(unit, "Wants")).split()
    (program,) = values("ondine-devices.service", "ExecStart")
    assert program.startswith("-")
    assert program.split()[-3:] == ["snd", "spidev", "i2c-dev"]


def test_no_unit_waits_for_all_of_the_system():
    for unit in UNITS.glob("*.service"):
        assert values(unit.name, "DefaultDependencies") == ["no"]
        assert "shutdown.target" in values(unit.name, "Conflicts")


@pytest.mark.parametrize("unit", ["ondine-audio.service", "ondine-control.service"])
def test_what_dies_is_started_again_for_ever_and_within_a_second(unit):
    assert values(unit, "Restart") == ["always"]
    assert values(unit, "StartLimitIntervalSec") == ["0"]
    assert values(unit, "RestartSec")[0] in ("50ms", "100ms")
    assert values(unit, "Type") == ["notify"]
    assert float(values(unit, "WatchdogSec")[0]) <= 10


def test_neither_process_takes_the_other_along():
    for unit, other in (("audio", "control"), ("control", "audio")):
        for _, key, value in lines(f"ondine-{unit}.service"):
            if key in ("BindsTo", "Requires", "PartOf", "Wants"):
                assert other not in value


def test_only_the_sound_has_the_rights_of_real_time():
    assert values("ondine-audio.service", "LimitRTPRIO") == ["71"]
    assert values("ondine-audio.service", "LimitMEMLOCK") == ["infinity"]
    assert values("ondine-audio.service", "CPUSchedulingPolicy") == ["fifo"]
    assert values("ondine-audio.service", "PrivateNetwork") == ["yes"]
    assert values("ondine-control.service", "RestrictRealtime") == ["yes"]
    assert values("ondine-control.service", "LimitRTPRIO") == ["0"]
    assert not values("ondine-control.service", "CPUSchedulingPolicy")


def test_control_can_see_the_process_that_it_takes_over():
    # Under ProtectProc=invisible, one in a user namespace of its own is hidden from the same user.
    assert not values("ondine-audio.service", "PrivateUsers")
    assert values("ondine-control.service", "ProtectProc") == ["invisible"]


def test_no_process_that_runs_models_tells_anybody_of_it():
    for unit in ("ondine-audio.service", "ondine-control.service", "ondine-checker@.service"):
        told = " ".join(values(unit, "Environment")).split()
        assert "ORT_DISABLE_TELEMETRY=1" in told


def test_every_group_that_a_unit_is_in_is_made():
    basic = Path("/usr/lib/sysusers.d/basic.conf")
    told = (CONFIG / "sysusers.conf").read_text() + basic.read_text()
    made = {line.split()[1] for line in told.splitlines() if line[:2] in ("g ", "u ")}
    for unit in UNITS.glob("*.service"):
        for groups in values(unit.name, "SupplementaryGroups") + values(unit.name, "Group"):
            assert set(groups.split()) <= made


def test_the_target_wants_what_there_is():
    wanted = {name for value in values("ondine.target", "Wants") for name in value.split()}
    assert wanted <= {unit.name for unit in UNITS.iterdir()}
    assert wanted >= HELPERS


def test_users_folders_and_drop_ins_are_read_without_complaint(tmp_path):
    (tmp_path / "etc").mkdir()
    for tool in ("systemd-sysusers", "systemd-tmpfiles"):
        name = tool.removeprefix("systemd-")
        create = ["--create"] if name == "tmpfiles" else []
        folder = tmp_path / f"etc/{name}.d"
        folder.mkdir()
        shutil.copy(CONFIG / f"{name}.conf", folder / "ondine.conf")
        done = subprocess.run(
            [tool, f"--root={tmp_path}", *create, "ondine.conf"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, "rror" in done.stderr) == (0, False), done.stderr
    assert "ondine" in (tmp_path / "etc/passwd").read_text()
    assert (tmp_path / "run/ondine").stat().st_mode & 0o777 == 0o700


def test_the_machine_s_watchdog_is_one_that_a_raspberry_pi_has():
    match = re.search(r"^RuntimeWatchdogSec=(\d+)s$", (CONFIG / "manager.conf").read_text(), re.M)
    assert match
    assert int(match[1]) <= 15
    assert "Storage=volatile" in (CONFIG / "journald.conf").read_text()


@pytest.mark.parametrize("script", ["irq-first", "ondine"])
def test_a_shell_can_read_the_scripts(script):
    assert subprocess.run(["/bin/sh", "-n", CONFIG / script], check=False).returncode == 0


def test_every_rule_of_udev_is_whole():
    known = {"ACTION", "SUBSYSTEM", "KERNEL", "ENV", "TEST", "ATTR", "TAG", "PROGRAM",
             "RUN", "GROUP", "MODE"}  # fmt: skip
    for rule in (CONFIG / "udev.rules").read_text().splitlines():
        if not rule or rule.startswith("#"):
            continue
        parts = re.findall(r'([A-Z]+)(?:\{[\w./]+\})?(==|=|\+=|!=)"([^"]*)"(?:, |$)', rule)
        written = ", ".join(re.findall(r'[A-Z]+(?:\{[\w./]+\})?(?:==|=|\+=|!=)"[^"]*"', rule))
        assert written == rule
        assert {key for key, *_ in parts} <= known


@pytest.mark.parametrize(
    ("has", "gets"),
    [
        ('SUBSYSTEM=="gpio"', 'GROUP="gpio"'),
        ('SUBSYSTEM=="spidev"', 'GROUP="spi"'),
        ('SUBSYSTEM=="i2c-dev"', 'GROUP="i2c"'),
        ('SUBSYSTEM=="sound"', 'GROUP="audio"'),
        ('SUBSYSTEM=="input"', 'GROUP="input"'),
        ('KERNEL=="cpu_dma_latency"', 'GROUP="audio"'),
        ('ENV{ID_USB_INTERFACES}=="*:0101*:*"', 'ATTR{power/control}="on"'),
        ('ENV{ID_BUS}=="usb", ENV{ID_FS_USAGE}=="filesystem"', "ondine-stick@%k.service"),
        ('SUBSYSTEM=="net", KERNEL=="wl*"', "set power_save off"),
    ],
)
def test_what_a_box_has_gets_its_rule(has, gets):
    rules = [r for r in (CONFIG / "udev.rules").read_text().splitlines() if has in r]
    assert [gets in rule for rule in rules] == [True]


@pytest.mark.parametrize("unit", ["ondine-performance.service", "ondine-irq.service"])
def test_a_help_is_given_once_and_nobody_waits_for_it(unit):
    assert values(unit, "Type") == ["oneshot"]
    assert values(unit, "RemainAfterExit") == ["yes"]
    for other in UNITS.glob("*.service"):
        for key in ("After", "Requires", "BindsTo"):
            assert unit not in " ".join(values(other.name, key))


def test_the_full_clock_is_asked_for_where_it_can_be(tmp_path):
    """The unit's own lines, on a tree of two cores of which one lets nobody choose."""
    for start, wanted in (("ExecStart", "performance"), ("ExecStop", "schedutil")):
        (line,) = values("ondine-performance.service", start)
        script = line.split("'")[1].replace("$$", "$").replace("/sys/devices", str(tmp_path))
        policy = tmp_path / "system/cpu/cpufreq/policy0"
        policy.mkdir(parents=True, exist_ok=True)
        (policy / "scaling_governor").write_text("ondemand\n")
        policy.with_name("policy4").mkdir(exist_ok=True)
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert (policy / "scaling_governor").read_text() == f"{wanted}\n"


def test_the_irq_script_ends_well_where_there_is_nothing_to_do():
    # Without rights, lest this machine's own interrupts are moved.
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    script = (CONFIG / "irq-first").read_bytes()
    done = subprocess.run(
        ["/bin/sh"], input=script, capture_output=True, check=False, timeout=20, cwd="/", **nobody
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_control_keeps_lies_where_it_may_write():
    told = " ".join(values("ondine-control.service", "Environment")).split()
    for home in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        assert f"{home}=/var/lib" in told
    assert "XDG_CONFIG_HOME=/var/lib\n" in (CONFIG / "ondine").read_text()
    assert values("ondine-control.service", "ProtectSystem") == ["strict"]


@pytest.mark.parametrize("what", ["poweroff", "reboot"])
def test_the_power_is_switched_by_a_file_that_only_control_can_make(what):
    assert values(f"ondine-{what}.path", "PathExists") == [f"/run/ondine/{what}"]
    assert values(f"ondine-{what}.service", "SuccessAction") == [what]
    assert values(f"ondine-{what}.service", "ExecStart") == [f"/bin/rm /run/ondine/{what}"]
    # A folder of its own, which nobody else may even look into; the service has no right but that.
    assert "d /run/ondine              0700 ondine ondine" in (CONFIG / "tmpfiles.conf").read_text()
    assert values(f"ondine-{what}.service", "User") == ["ondine"]
    assert values(f"ondine-{what}.service", "CapabilityBoundingSet") == [""]
    assert f"ondine-{what}.path" in " ".join(values("ondine.target", "Wants"))

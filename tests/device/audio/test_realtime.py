"""What real time asks of the machine: granted, refused in a sentence, and given back.

The kernel's files are real files in a folder, so each case can be laid out.
"""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from device.audio.realtime import (
    NAP_US,
    PRIORITY,
    WATCH_PRIORITY,
    governors,
    isolated,
    longest_nap_us,
    process_started_s,
    share,
    stay_awake,
    take_governor,
)


def lay(root: Path, files: dict[str, str]) -> Path:
    """Write the kernel's files under `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


CPUFREQ = "sys/devices/system/cpu/cpufreq"


@pytest.fixture
def two_clusters(tmp_path: Path) -> Path:
    """Four small cores that save power, two large ones at full clock, as on a Jetson."""
    return lay(
        tmp_path,
        {
            f"{CPUFREQ}/policy0/affected_cpus": "0 1 2 3\n",
            f"{CPUFREQ}/policy0/scaling_governor": "ondemand\n",
            f"{CPUFREQ}/policy4/affected_cpus": "4 5\n",
            f"{CPUFREQ}/policy4/scaling_governor": "performance\n",
        },
    )


def governing(root: Path) -> list[str]:
    return [file.read_text().strip() for file in sorted(root.glob(f"{CPUFREQ}/*/scaling_governor"))]


def test_the_governor_is_taken_and_given_back(two_clusters: Path) -> None:
    held = take_governor(None, two_clusters)
    assert held.refused == ""
    assert governing(two_clusters) == ["performance", "performance"]
    held.give_back()
    assert governing(two_clusters) == ["ondemand", "performance"]


def test_only_the_clock_of_the_core_that_plays_is_taken(two_clusters: Path) -> None:
    assert list(governors(3, two_clusters).values()) == ["ondemand"]
    take_governor(5, two_clusters)
    assert governing(two_clusters) == ["ondemand", "performance"]
    take_governor(3, two_clusters)
    assert governing(two_clusters) == ["performance", "performance"]


def test_a_governor_that_somebody_chose_meanwhile_is_left(two_clusters: Path) -> None:
    held = take_governor(None, two_clusters)
    (two_clusters / CPUFREQ / "policy0/scaling_governor").write_text("powersave")
    held.give_back()
    assert governing(two_clusters) == ["powersave", "performance"]


def test_a_governor_that_cannot_be_taken_is_said_with_its_cost(tmp_path: Path) -> None:
    lay(tmp_path, {f"{CPUFREQ}/policy0/affected_cpus": "0"})
    # Nobody may write this one, root no more than anyone else.
    os.symlink("/proc/sys/kernel/ostype", tmp_path / CPUFREQ / "policy0/scaling_governor")
    held = take_governor(None, tmp_path)
    assert "governor Linux" in held.refused
    assert "policy*/scaling_governor" in held.refused
    assert "dropouts are likelier" in held.refused
    held.give_back()


def test_where_the_clock_is_fixed_nothing_is_said(tmp_path: Path) -> None:
    assert take_governor(None, tmp_path).refused == ""
    assert stay_awake(tmp_path).refused == ""


IDLE = "sys/devices/system/cpu/cpu{core}/cpuidle/state{state}/{what}"


def naps(root: Path, *latencies_us: int, disabled: bool = False) -> Path:
    files = {}
    for state, latency_us in enumerate(latencies_us):
        for core in range(2):
            files[IDLE.format(core=core, state=state, what="latency")] = f"{latency_us}\n"
            files[IDLE.format(core=core, state=state, what="disable")] = f"{int(disabled)}\n"
    return lay(root, files)


def test_deep_naps_are_kept_off_while_the_file_is_open(tmp_path: Path) -> None:
    naps(tmp_path, 0, 2, 890)
    assert longest_nap_us(tmp_path) == 890
    lay(tmp_path, {"dev/cpu_dma_latency": ""})
    before = set(os.listdir("/proc/self/fd"))
    held = stay_awake(tmp_path)
    assert held.refused == ""
    assert (tmp_path / "dev/cpu_dma_latency").read_bytes() == struct.pack("i", NAP_US)
    assert len(set(os.listdir("/proc/self/fd"))) == len(before) + 1
    held.give_back()
    assert len(set(os.listdir("/proc/self/fd"))) == len(before)


def test_naps_that_cannot_be_kept_off_are_said_with_their_cost(tmp_path: Path) -> None:
    naps(tmp_path, 0, 1500)
    assert "a block may begin 1.5 ms late" in stay_awake(tmp_path).refused


@pytest.mark.parametrize(("latencies_us", "disabled"), [((0, 1), False), ((0, 890), True)])
def test_light_and_forbidden_naps_are_let_be(
    tmp_path: Path, latencies_us: tuple[int, ...], disabled: bool
) -> None:
    assert stay_awake(naps(tmp_path, *latencies_us, disabled=disabled)).refused == ""


@pytest.mark.parametrize(
    ("text", "cores"), [("\n", set()), ("3\n", {3}), ("1,4-6\n", {1, 4, 5, 6}), ("what", set())]
)
def test_isolated_cores_are_read(tmp_path: Path, text: str, cores: set[int]) -> None:
    assert isolated(lay(tmp_path, {"sys/devices/system/cpu/isolated": text})) == cores


@pytest.mark.parametrize(
    ("runtime_us", "expected"), [("950000", 0.95), ("-1", 1.0), ("0", 0.0), ("what", 0.95)]
)
def test_the_share_of_real_time_is_read(tmp_path: Path, runtime_us: str, expected: float) -> None:
    kernel = "proc/sys/kernel"
    lay(
        tmp_path,
        {
            f"{kernel}/sched_rt_runtime_us": f"{runtime_us}\n",
            f"{kernel}/sched_rt_period_us": "1000000\n",
        },
    )
    assert share(tmp_path) == expected


def run(script: str) -> str:
    """The output of a process of its own: posture is for good."""
    script = f"from device.audio import realtime\nimport gc, os, sys, threading\n{script}"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_priority_is_taken_and_given_back() -> None:
    said = run(
        "refused = realtime.take_priority()\n"
        "granted = (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)\n"
        "realtime.step_back()\n"
        "print(repr(refused), *granted, os.sched_getscheduler(0), sep='|')"
    )
    refused, policy, priority, after = said.split("|")
    if refused == "''":
        assert (int(policy), int(priority)) == (os.SCHED_FIFO, PRIORITY)
    else:
        assert f"LimitRTPRIO={WATCH_PRIORITY}" in refused
    assert int(after) == os.SCHED_OTHER


def test_another_thread_can_be_made_to_step_back() -> None:
    """The watch does that to a step that hangs."""
    said = run(
        "ready, done, told = threading.Event(), threading.Event(), []\n"
        "def step():\n"
        "    told.append(realtime.take_priority())\n"
        "    ready.set()\n"
        "    done.wait(10)\n"
        "    told.append(os.sched_getscheduler(0))\n"
        "thread = threading.Thread(target=step)\n"
        "thread.start(); ready.wait(10)\n"
        "realtime.step_back(thread.native_id)\n"
        "done.set(); thread.join()\n"
        "print(told[1])"
    )
    assert int(said) == os.SCHED_OTHER


def test_the_rest_of_the_posture_is_taken_without_a_word() -> None:
    said = run(
        "realtime.freeze_garbage(); realtime.switch_quickly()\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 0, sys.getswitchinterval())\n"
    )
    assert said == "False True 0.0005"


def test_a_core_that_is_not_there_is_said() -> None:
    assert "core 1000 is not available (there are " in run("print(realtime.pin(1000))")
    assert process_started_s() > 0.0

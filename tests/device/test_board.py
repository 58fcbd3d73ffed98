"""The board, from files as the kernels of real boards lay them out."""

import subprocess

import pytest

from device.board import Throttling, ask_vcgencmd, memory_free_bytes, temperature_c, throttling


def lay(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def zones(*told):
    """Thermal zones, each a kind and what its `temp` holds."""
    return {
        f"sys/class/thermal/thermal_zone{i}/{name}": text
        for i, zone in enumerate(told)
        for name, text in zip(("type", "temp"), zone, strict=True)
    }


@pytest.mark.parametrize(
    ("told", "celsius"),
    [
        ((), None),
        ([("cpu-thermal\n", "48312\n")], 48.312),  # a Pi
        (  # a Jetson, whose power chip says 100 °C always
            [("CPU-therm\n", "41500\n"), ("GPU-therm\n", "43000\n"), ("PMIC-Die\n", "100000\n"),
             ("tj-thermal\n", "42750\n")],
            42.75,
        ),
        ([("acpitz\n", "27800\n"), ("x86_pkg_temp\n", "61000\n")], 61.0),
        ([("acpitz\n", "27800\n"), ("iwlwifi_1\n", "35000\n")], 35.0),
        ([("PMIC-Die\n", "100000\n")], None),
        ([("cpu-thermal\n", "not told\n"), ("cpu-thermal\n", "-274000\n")], None),
        ([("cpu-thermal\n", "")], None),
    ],
)  # fmt: skip
def test_the_temperature_is_the_processors(tmp_path, told, celsius):
    lay(tmp_path, zones(*told))
    assert temperature_c(tmp_path) == celsius


FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
BITS = [
    ("0\n", Throttling()),
    ("50000\n", Throttling((), ("too little voltage", "throttling"))),
    ("50005\n", Throttling(*[("too little voltage", "throttling")] * 2)),
    ("80008\n", Throttling(("too much heat",), ("too much heat",))),
]


@pytest.mark.parametrize(("text", "wanted"), BITS)
def test_a_pi_tells_of_its_power_and_heat(tmp_path, text, wanted):
    lay(tmp_path, {FIRMWARE: text})
    assert throttling(tmp_path) == wanted
    # What its program says is newer, and preferred.
    lay(tmp_path, {FIRMWARE: "0\n"})
    assert throttling(tmp_path, lambda: f"throttled=0x{text}") == wanted


def test_a_program_that_fails_leaves_the_file(tmp_path):
    lay(tmp_path, {FIRMWARE: "50000\n"})

    def fails():
        raise subprocess.TimeoutExpired("vcgencmd", 5)

    for ask in (fails, lambda: "VCHI initialization failed\n", lambda: ""):
        assert throttling(tmp_path, ask) == Throttling((), ("too little voltage", "throttling"))


def test_a_jetson_tells_by_its_alerts(tmp_path):
    device = "sys/class/thermal/cooling_device"
    lay(tmp_path, {f"{device}0/type": "pwm-fan\n", f"{device}0/cur_state": "3\n"})
    assert throttling(tmp_path) is None
    lay(tmp_path, {f"{device}1/type": "cpu-throttle-alert\n", f"{device}1/cur_state": "0\n"})
    assert throttling(tmp_path) == Throttling()
    lay(tmp_path, {f"{device}1/cur_state": "1\n"})
    assert throttling(tmp_path) == Throttling(now=("throttling",))


def test_what_a_board_does_not_tell_is_none(tmp_path):
    assert temperature_c(tmp_path) is None
    assert throttling(tmp_path) is None
    assert memory_free_bytes(tmp_path) is None
    lay(tmp_path, {FIRMWARE: "what\n", "proc/meminfo": "MemTotal: 1 kB\nMemAvailable:\n"})
    assert throttling(tmp_path) is None
    assert memory_free_bytes(tmp_path) is None


def test_memory_that_is_free_for_programs(tmp_path):
    lay(tmp_path, {"proc/meminfo": "MemTotal:  3884 kB\nMemFree: 10 kB\nMemAvailable:   2500 kB\n"})
    assert memory_free_bytes(tmp_path) == 2_560_000


def test_the_program_of_a_pi_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        ask_vcgencmd()
    program = tmp_path / "vcgencmd"
    program.write_text('#!/bin/sh\necho "throttled=0x50000 $1"\n')
    program.chmod(0o755)
    assert ask_vcgencmd() == "throttled=0x50000 get_throttled\n"

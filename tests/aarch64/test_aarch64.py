"""What needs no emulation: reading wheels' names, comparing sounds, the tables.

The rest is `make arm-test`.
"""

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.aarch64.playing import CASES, Case, Likeness, compare, phrase
from tests.aarch64.report import OWN, Played, notes, packages_table, played_table
from tests.aarch64.root import HERE, SUITES
from tests.aarch64.sizes import installed_bytes
from tests.aarch64.wheels import Package, Wheels, name_of, requirements, tag_of
from tests.benchmark.arm.root import CHECKOUT
from tests.systemd.wheels import save_wheel


@pytest.mark.parametrize(
    ("file", "tag"),
    [
        ("rich-15.0.0-py3-none-any.whl", "py3-none-any"),
        ("x-1-cp310-abi3-manylinux2014_aarch64.whl", "cp310-abi3-manylinux2014_aarch64"),
        (
            "x-1-cp311-cp311-manylinux_2_28_aarch64.manylinux_2_27_aarch64.whl",
            "cp311-cp311-manylinux_2_27_aarch64",
        ),
        (
            "x-1-2-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
            "cp311-cp311-manylinux2014_aarch64",
        ),
    ],
)
def test_a_wheels_name_tells_the_least_it_needs(file: str, tag: str) -> None:
    assert tag_of(file) == tag


def test_a_requirements_name() -> None:
    assert [name_of(r) for r in ("lgpio>=0.2", "luma.oled==3", "Jetson.GPIO", "a_b~=1")] == [
        *("lgpio", "luma-oled", "jetson-gpio", "a-b"),
    ]


def test_what_a_pi_installs_is_asked_of_pyproject() -> None:
    names = {name_of(r) for r in requirements()}
    assert {"numpy", "onnxruntime", "aiohttp", "spidev", "luma-oled", "rpi-lgpio"} <= names
    assert not names & {"torch", "onnx", "ondine", "pytest", "jetson-gpio"}


def test_sounds_are_compared_by_peak_and_by_power() -> None:
    sound = phrase()[:, None]
    same = compare(sound, sound)
    assert (same.of_peak, same.snr_db) == (0.0, np.inf)
    other = compare(1.01 * sound, sound)
    assert other.of_peak == pytest.approx(0.01, rel=1e-3)
    assert other.snr_db == pytest.approx(40.0, abs=0.01)
    assert same.holds(Case("drift", "fp32"))
    assert not other.holds(Case("drift", "fp32"))


@pytest.mark.parametrize("case", [Case("drift", "int8"), Case("reed", "fp32")])
def test_what_rounds_or_turns_is_held_to_its_power(case: Case) -> None:
    assert Likeness(0.1, 41.0, 1.0).holds(case)
    assert not Likeness(0.0001, 39.0, 1.0).holds(case)


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (np.zeros((4, 1)), "nothing to hear"),
        (np.full((4, 1), np.nan), "not every sample is finite"),
        (np.zeros((5, 1)), r"one is \[5, 1\], the other \[4, 1\]"),
    ],
)
def test_what_cannot_be_compared_is_said(sound: np.ndarray, why: str) -> None:
    reference = sound[:4] if len(sound) == 4 else np.ones((4, 1))
    with pytest.raises(ValueError, match=why):
        compare(sound, reference)


def test_every_case_is_a_bundle_that_ships() -> None:
    assert all((CHECKOUT / case.bundle).is_file() for case in CASES)


def test_sizes_go_by_a_distributions_own_list(tmp_path: Path) -> None:
    wheel = next(save_wheel(tmp_path / "wheels").glob("*.whl"))
    target = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(target)
    on_disk = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    (target / "stray").write_bytes(b"not of any distribution")
    assert installed_bytes(target) == {"ondine": on_disk}


def test_the_stand_in_says_what_it_cannot_do(tmp_path: Path) -> None:
    """Without an emulator in its place it ends with a reason, as a shell does."""
    program = tmp_path / "stand_in"
    source = str(HERE / "stand_in.c")
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(program), source], check=True)
    done = subprocess.run([program, "-V"], capture_output=True, text=True)
    assert done.returncode == 127
    assert "/x86/ld.so: No such file" in done.stderr


def found() -> list[Wheels]:
    """Two suites' wheels: one built, one neither here nor there."""
    pure = Package("rich", "15", "rich-15-py3-none-any.whl")
    built = Package("lgpio", "1", "lgpio-1-cp313-cp313-linux_aarch64.whl", built_s=41.6)
    abi3 = Package("soxr", "1", "soxr-1-cp312-abi3-manylinux_2_26_aarch64.whl")
    here = {p.name: p for p in (built, pure, abi3)}
    there = {p.name: p for p in (pure, abi3)}
    return [Wheels(Path(), here), Wheels(Path(), there, {"lgpio": "fatal error: no such file"})]


def test_the_table_tells_wheels_from_what_was_built() -> None:
    sizes = {"rich": 3_000_000, "lgpio": 100_000, "soxr": 500_000, OWN: 20_000_000}
    table = packages_table(found(), sizes)
    first, second = (list(table.columns[k].cells) for k in (2, 3))
    assert first[:3] == [
        "**built from source in 42 s**",
        "pure Python",
        "cp312 abi3 manylinux_2_26",
    ]
    assert second[0] == "**neither wheel nor build**"
    assert list(table.columns[4].cells) == ["0.1", "3.0", "0.5", "20.0"]
    page = notes(found(), sizes, {"cortex-a72": "all."}, "| played |", "drift")
    assert f"lgpio has no wheel for Python {SUITES[1].python} and was not built: fatal" in page
    assert "Together 24 MB" in page
    assert "`ondine play drift` itself" in page


def test_what_was_played_is_a_row_each() -> None:
    rows = [Played(Case("drift", "fp32"), cpu, Likeness(1e-2, 40.0, 0.5)) for cpu in ("a", "b")]
    rows.append(Played(Case("drift", "int8"), "a", Likeness(1e-2, 40.0, 0.5)))
    assert list(played_table(rows).columns[5].cells) == ["NO", "NO", "yes"]

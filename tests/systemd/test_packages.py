"""What the installer asks of the distribution: what compiles is asked for where it has to."""

from pathlib import Path

import pytest

from systemd.installer.packages import NEEDED, missing, spared
from systemd.installer.source import Source
from tests.systemd.wheels import save_wheel


def source(board: str, wheels: Path | None = None) -> Source:
    return Source(Path("."), board, wheels)


@pytest.mark.parametrize(
    ("board", "python", "wanted"),
    [
        ("pi4", (3, 11), False),
        ("pi5", (3, 12), False),
        ("pi4", (3, 13), True),
        ("pi5", (3, 14), True),
        ("desktop", (3, 13), False),
        ("jetson-orin-nano", (3, 13), False),
    ],
)
def test_a_pi_whose_lgpio_has_no_wheel_wants_swig(board, python, wanted):
    assert ("swig" not in spared(source(board), python)) == wanted


def test_nothing_is_compiled_of_a_folder_of_wheels(tmp_path):
    folder = save_wheel(tmp_path)
    assert spared(source("pi4", folder), (3, 13)) == {"swig"}
    (folder / "pyalsaaudio-0.11-cp313-cp313-linux_aarch64.whl").touch()
    assert spared(source("pi4", folder), (3, 13)) == {
        "swig",
        "gcc",
        "libasound2-dev",
        "python3-dev",
    }


def test_what_is_missing_is_something_that_is_needed():
    assert set(missing(source("desktop"))) <= set(NEEDED) - {"swig"}

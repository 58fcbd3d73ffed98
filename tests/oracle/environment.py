"""Make the oracle's environment: a place where acids-rave can build real exports to test against.

    python3 tests/oracle/environment.py [DIR]

DIR defaults to `.oracle` in the checkout, which git ignores. It holds a virtual environment with
exactly `requirements.txt` in it, and later the models `export_models.py` writes. A stamp (a hash of
the requirements and of the Python version) makes a second run return at once. Needs Python 3.11 and
the network or a wheel folder the first time; uses the standard library only.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
DEFAULT = HERE.parents[1] / ".oracle"
PYTHON = (3, 11)  # numpy 1.26 and scipy 1.10 have no wheels after it that fit the rest


def stamp_text() -> str:
    """Return what the environment depends on, as one line."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{version} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}\n"


def up_to_date(place: Path) -> bool:
    """Return whether `place` was completed from these very requirements."""
    stamp = place / "stamp"
    return stamp.exists() and stamp.read_text() == stamp_text()


def make(place: Path) -> Path:
    """Build or complete the environment in `place`; return its Python.

    Raises RuntimeError under another Python than 3.11, CalledProcessError where pip fails.
    """
    python = place / "bin" / "python"
    if up_to_date(place):
        return python
    if sys.version_info[:2] != PYTHON:
        raise RuntimeError(
            f"this is Python {sys.version_info[0]}.{sys.version_info[1]}; the oracle's packages "
            f"need {PYTHON[0]}.{PYTHON[1]}: run environment.py with that one"
        )
    if not python.exists():
        venv.create(place, with_pip=True)
    # The list is complete, so pip resolves nothing: the acids packages' own pins contradict it.
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(REQUIREMENTS)]
    subprocess.run([python, *install], check=True)
    subprocess.run([python, "-c", "import cached_conv, nn_tilde, scipy, torch"], check=True)
    (place / "stamp").write_text(stamp_text())
    return python


if __name__ == "__main__":
    print(make(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEFAULT))

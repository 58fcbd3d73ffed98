"""An arm64 Debian in which Python, pip and gcc run, and start what they like, under emulation.

    .arm/bookworm/   Python 3.11, as on Raspberry Pi OS of 2023
    .arm/trixie/     Python 3.13, as on that of 2025

Made as the root that counts instructions is (`tests.benchmark.arm.root`), with a compiler and the
headers that `docs/dependencies.md` asks for.
"""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.arm import root as arm

HERE = Path(__file__).parent
STARTED = (
    *("usr/bin/python3.??", "usr/bin/swig*", "usr/bin/aarch64-linux-gnu-gcc-??"),
    *("usr/bin/aarch64-linux-gnu-as", "usr/bin/aarch64-linux-gnu-ld.bfd"),
    *("usr/lib*/gcc/aarch64-linux-gnu/*/cc1", "usr/lib*/gcc/aarch64-linux-gnu/*/collect2"),
)
"""Programs that others start."""
KEEP_BACK = "-sys_nice,-ipc_lock"
"""Rights that the audio process would use if it had them: this machine is not the box."""


@dataclass(frozen=True)
class Suite:
    """A Debian, with its Python; `glibc` is the minor version, which says what wheels it takes."""

    name: str
    python: str
    glibc: int

    @property
    def root(self) -> Path:
        return arm.FOLDER / self.name

    @property
    def packages(self) -> tuple[str, ...]:
        """To play, and to compile what has no wheel."""
        own = (f"python{self.python}", "python3-pip", "python3-dev", "libstdc++6")
        return (*own, "gcc", "libc6-dev", "libasound2-dev", "swig")


SUITES = (Suite("bookworm", "3.11", 36), Suite("trixie", "3.13", 41))
STATIC_LGPIO = {"PYPI": "1"}
"""So its authors build their wheels: with their library inside, which Debian does not have."""


def ensure(suite: Suite) -> Path:
    """Make the suite's root if it is not there; returns its path.

    Raises:
        RuntimeError: if this machine cannot do it, with what to do.
        subprocess.CalledProcessError: if apt, mmdebstrap or gcc fails.
    """
    sources = b"".join(path.read_bytes() for path in (HERE / "stand_in.c", HERE / "root.py"))
    recipe = f"{suite}\n{hashlib.sha256(sources).hexdigest()}\n"

    def fill(root: Path, say: bool) -> None:
        arm.unpack_debian(root, suite.name, suite.packages, say)
        arm.copy_qemu(root, say)
        # What configuring ca-certificates would have made: pip opens it even without a network.
        known = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
        (root / "etc/ssl/certs/ca-certificates.crt").write_text(
            "".join(path.read_text() for path in known)
        )
        stand_in = root / "x86" / "stand_in"
        flags = ["-static", "-O2", "-Wall", "-Wextra", "-Werror"]
        arm.run("gcc", *flags, "-o", str(stand_in), str(HERE / "stand_in.c"))
        for pattern in STARTED:
            for program in root.glob(pattern):
                if not program.is_symlink():
                    program.rename(f"{program}.arm")
                    os.link(stand_in, program)

    arm.made(suite.root, recipe, fill, say=True)
    return suite.root


def emulated(
    suite: Suite, cpu: str, job: Path, arguments: list[str], timeout_s: float, path: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `python3 arguments…` on an emulated `cpu`; `job` is seen as `/job`, and is its home.

    Raises:
        RuntimeError: if it takes longer than `timeout_s`.
    """
    environment = {
        **arm.ENVIRONMENT,
        **{"PYTHONPATH": path, "QEMU_CPU": cpu, "HOME": "/job", "TMPDIR": "/job"},
        **STATIC_LGPIO,
        **{"XDG_RUNTIME_DIR": "/job", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    }
    back = ["setpriv", f"--bounding-set={KEEP_BACK}", f"--inh-caps={KEEP_BACK}"]
    command = [*back, *arm.within(suite.root, job), f"/usr/bin/python{suite.python}"]
    try:
        return subprocess.run(
            [*command, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{arguments[0]} on {cpu} took over {timeout_s:g} s") from None

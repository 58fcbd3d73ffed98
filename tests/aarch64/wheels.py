"""What a box installs on aarch64: a wheel of everything, built there where the index has none.

    pyproject.toml ─► pip, asked as that board's pip would ask ─► wheels of the index
                          │ "no matching distribution"
                          └─► its source, built in the emulated root ─► a wheel ─► asked again

pip on this machine does the asking, since it can for another platform; it looks at conditions such
as `platform_machine == …` with this machine's eyes. Whether all that is needed came along is asked
of the emulated pip afterwards (`pip check`).
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from tests.aarch64.root import Suite, emulated
from tests.benchmark.arm.root import CHECKOUT

EXTRAS = ("phone", "pi")
"""Of a Raspberry Pi with a panel; `pi` brings `panel` and `oled`."""
LEAST_GLIBC = 17
"""manylinux2014's; no package is built for an older one."""
TO_BUILD = ("setuptools", "wheel")
BUILD_S = 1200.0
BUILDER = "cortex-a72"
PROJECT = ("pyproject.toml", "README.md", "LICENSE", "device", "convert", "models", "hardware")


@dataclass(frozen=True)
class Package:
    """One distribution: what pip takes of it, and how long it took to build if that was needed."""

    name: str
    version: str
    file: str
    built_s: float = 0.0

    @property
    def tag(self) -> str:
        """Python, ABI and lowest platform of the wheel: `cp311-cp311-manylinux_2_27_aarch64`."""
        return tag_of(self.file)


@dataclass
class Wheels:
    """What a suite's Python needs: packages by name, and the folder of those that were built."""

    folder: Path
    packages: dict[str, Package] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """What could not be built, and why."""


def requirements(extras: tuple[str, ...] = EXTRAS) -> list[str]:
    """What pyproject.toml asks for, with extras that name other extras resolved."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        for line in project["optional-dependencies"][extra]:
            if inner := re.fullmatch(r"ondine\[(.+)\]", line):
                wanted += [r for r in requirements(tuple(inner[1].split(","))) if r not in wanted]
            else:
                wanted.append(line)
    return list(dict.fromkeys(wanted))


def find(suite: Suite, wanted: list[str], folder: Path) -> Wheels:
    """Everything that pip would install on the suite's board; what has no wheel is built.

    `folder` keeps what was built, for the next time.

    Raises:
        RuntimeError: if pip fails, or something can neither be had nor built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            return Wheels(folder, _packages(_ask(suite, wanted, folder), folder))
        except LookupError as missing:
            _build(suite, str(missing), folder)


def find_same(suite: Suite, other: Wheels, folder: Path) -> Wheels:
    """The very versions of `other`, for another suite. What cannot be built is in `refused`."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {p.name: f"{p.name}=={p.version}" for p in other.packages.values()}
    refused: dict[str, str] = {}
    while True:
        try:
            found = _ask(suite, list(wanted.values()), folder, "--no-deps")
            return Wheels(folder, _packages(found, folder), refused)
        except LookupError as missing:
            name = name_of(str(missing))
            try:
                _build(suite, str(missing), folder)
            except RuntimeError as error:
                refused[name] = str(error)
                del wanted[name]


def install(suite: Suite, wheels: Wheels, target: Path) -> None:
    """Put everything, and a wheel of this checkout, into the folder `target`.

    Raises:
        RuntimeError: if pip fails.
    """
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="arm-") as folder:
        own = _own_wheel(Path(folder))
        pinned = [f"{p.name}=={p.version}" for p in wheels.packages.values()]
        options = ["--no-deps", "--no-compile", "--target", str(target)]
        _pip("install", *options, *_platform(suite), *_places(wheels.folder), str(own), *pinned)


def _ask(suite: Suite, wanted: list[str], folder: Path, *options: str) -> dict:
    """pip's report of what it would install; LookupError(requirement) where it knows no wheel."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        options += ("--dry-run", "--ignore-installed", "--report", file.name, "--target", "none")
        try:
            _pip("install", *options, *_platform(suite), *_places(folder), *wanted)
        except RuntimeError as error:
            if missing := re.search(r"No matching distribution found for (\S+)", str(error)):
                raise LookupError(missing[1]) from None
            raise
        return json.loads(Path(file.name).read_text())


def _packages(report: dict, folder: Path) -> dict[str, Package]:
    """What a report of pip's lists, by name."""
    found = {}
    for item in report["install"]:
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        file = item["download_info"]["url"].rsplit("/", 1)[1]
        found[normal(name)] = Package(normal(name), version, file, _times(folder).get(file, 0.0))
    return dict(sorted(found.items()))


def _build(suite: Suite, requirement: str, folder: Path) -> None:
    """Build a wheel of the newest source that fits, in the root, and note how long it took."""
    name = name_of(requirement)
    if any(normal(path.name.split("-")[0]) == name for path in folder.glob("*.whl")):
        raise RuntimeError(f"the wheel in {folder} is not {requirement}. Remove it, and try again")
    print(f"arm: building {requirement} on {suite.name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="arm-") as place:
        sources = Path(place) / "sources"
        _pip("download", "--no-deps", f"--no-binary={name}", "-d", str(sources), requirement)
        _pip("download", "--no-deps", "-d", str(sources), *TO_BUILD)
        options = ["--no-index", "--no-deps", "--find-links", "/job/sources", "-w", "/job/wheels"]
        began_s = time.monotonic()
        arguments = ["-m", "pip", "wheel", "-q", *options, requirement]
        done = emulated(suite, BUILDER, Path(place), arguments, BUILD_S)
        took_s = time.monotonic() - began_s
        made = sorted((Path(place) / "wheels").glob("*.whl"))
        if done.returncode or len(made) != 1:
            raise RuntimeError(_reason(done.stdout + done.stderr))
        shutil.copy(made[0], folder)
        note = folder / "built.json"
        note.write_text(json.dumps(_times(folder) | {made[0].name: took_s}, indent=1))


def _reason(said: str) -> str:
    """The compiler's own words, if there are any."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if re.search(r"\berror: (?!subprocess-exited)", line)]
    return (told or lines or ["it said nothing"])[0][:200]


def _times(folder: Path) -> dict[str, float]:
    note = folder / "built.json"
    return json.loads(note.read_text()) if note.exists() else {}


def _own_wheel(folder: Path) -> Path:
    source = folder / "source"
    source.mkdir()
    for name in PROJECT:
        path = CHECKOUT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source)
    _pip("wheel", "--no-deps", "-w", str(folder / "wheel"), str(source))
    (wheel,) = (folder / "wheel").glob("*.whl")
    return wheel


def _platform(suite: Suite) -> list[str]:
    """What the pip of that board would take."""
    names = [f"manylinux_2_{minor}_aarch64" for minor in range(suite.glibc, LEAST_GLIBC - 1, -1)]
    options = [f"--platform={name}" for name in (*names, "manylinux2014_aarch64", "linux_aarch64")]
    return [*options, "--python-version", suite.python, "--only-binary=:all:"]


def _places(folder: Path) -> list[str]:
    return ["--find-links", str(folder)]


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"pip {arguments[0]} failed: {done.stderr[-2000:]}")


def name_of(requirement: str) -> str:
    """`lgpio` of `lgpio>=0.2`."""
    return normal(re.split(r"[^\w.-]", requirement)[0])


def normal(name: str) -> str:
    """A distribution's name as the index has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def tag_of(file: str) -> str:
    """What a wheel's name says it is for, with the lowest platform alone."""
    python, abi, platforms = file.removesuffix(".whl").rsplit("-", 3)[1:]
    return f"{python}-{abi}-{min(platforms.split('.'), key=_glibc)}"


def _glibc(platform: str) -> int:
    numbers = re.fullmatch(r"manylinux_2_(\d+)_\w+", platform)
    return int(numbers[1]) if numbers else LEAST_GLIBC

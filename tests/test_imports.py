"""Imports run one way: what keeps torch off the box and the audio process small is a table here.

models → torch      convert → models, and of device what ships and verifies      device → neither
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("device", "convert", "models")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TRAINING = ("torch", "torchaudio", "onnx", "onnxscript", "scipy")

BANNED = {
    "device": (*TRAINING, "convert", "models", "tests"),
    "device.engine": ("device.audio", "device.control", "alsaaudio", "soundfile", "asyncio"),
    "device.audio": ("device.control", "pythonosc", "asyncio", "click", "rich"),
    "device.control": ("device.audio", "device.engine", "onnxruntime", "alsaaudio"),
    "convert": ("tests",),
    "models": ("device", "convert", "tests", "onnx"),
}
"""Package → what no file of it may import, not even inside a function."""

MAY = {"models.demos": ("device",)}
"""Packages that may after all: a demonstration is played by what plays on the box."""

CONVERT_MAY = ("device.bundle", "device.manifest", "device.errors", "device.engine")
ENTRANCES = {"device.cli": (), "device.app": ("device.cli",)}
"""Modules at the top → who may import them."""


def imports(source: str, package: str = "") -> Iterator[str]:
    """Every module that Python source imports, by full name; `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            within = package.split(".")[: -node.level or None] if node.level else []
            module = ".".join([*within, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def inside(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of the packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def refused(module: str, name: str) -> bool:
    """Whether `module` must not import `name`."""
    if any(inside(module, (own,)) and inside(name, may) for own, may in MAY.items()):
        return False
    if any(inside(module, (own,)) and inside(name, banned) for own, banned in BANNED.items()):
        return True
    if inside(module, ("convert",)) and inside(name, ("device",)):
        return name != "device.__version__" and not inside(name, CONVERT_MAY)
    return any(inside(name, (top,)) and module not in (top, *may) for top, may in ENTRANCES.items())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_imports_only_what_its_folder_may(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    found = [name for name in imports(path.read_text(), module) if refused(module, name)]
    assert not found


@pytest.mark.parametrize(
    ("module", "source", "names"),
    [
        ("device.words", "import torch.nn as nn", ["torch.nn"]),
        ("device.words", "def f():\n    from onnx import helper", ["onnx.helper"]),
        ("device.words", "from onnxruntime import InferenceSession", []),
        ("device.engine.mix", "from device import audio", ["device.audio"]),
        ("device.engine.mix", "from ..audio import clock", ["device.audio.clock"]),
        ("device.audio.loop", "from device.engine.engine import Engine", []),
        ("device.render", "import device.cli", ["device.cli"]),
        ("device.cli", "from device.app import play", []),
        ("convert.cli", "from device.app import play", ["device.app.play"]),
        ("convert.cli", "from device.engine.step import Step", []),
        ("convert.cli", "from device import __version__, params", ["device.params"]),
        ("convert.cli", "import models.drift, torch", []),
        ("models.drift", "from device.bundle import read_bundle", ["device.bundle.read_bundle"]),
        ("models.demos.script", "from device.errors import OndineError", []),
        ("models.demos.script", "import convert", ["convert"]),
    ],
)
def test_the_table_refuses_what_it_should(module, source, names):
    assert [name for name in imports(source, module) if refused(module, name)] == names


def test_the_whole_box_loads_without_anything_of_training():
    program = (
        "import importlib, pkgutil, sys, device\n"
        "for found in pkgutil.walk_packages(device.__path__, 'device.'):\n"
        "    importlib.import_module(found.name)\n"
        f"print(sorted({{*{TRAINING!r}, 'convert', 'models'}} & sys.modules.keys()))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


def test_the_control_process_never_loads_the_engine():
    """Nor what only the converter, a phone or a player's own wish needs: it starts in a moment."""
    late = ("onnxruntime", "device.engine", "alsaaudio", "aiohttp", "zeroconf", "soundfile", "soxr")
    program = (
        "import sys, device.app, device.admission.admit\n"
        f"print(sorted({{*{late!r}}} & sys.modules.keys()))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


def test_onnxruntime_leaves_nothing_in_the_players_home(tmp_path):
    program = "import device.engine.step"
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=home, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []

"""Kills of a box that saves scenes: SIGKILL at random moments, and a look at what is on the disk.

    python -m tests.faults.scene_kills [COUNT]

A child saves, deletes and points at scenes in a loop, and says before and after each what it does.
After its death every scene is as it was said last, but for the one that it was busy with: that is
the old or the new one. A kill leaves what was written, synced or not; what a power cut takes of it
is enumerated in tests/device/mapping/test_store.py.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from device.caches import pack_caches
from device.mapping.disk import Folder
from device.mapping.last import read_last, write_last
from device.mapping.scene import Scene
from device.mapping.store import Store
from tests.faults.report import Report

_NAME = "scene kills"
_NUMBERS = 6
_LONGEST_S = 0.05
"""A save takes a few milliseconds: several lie between a start and a kill."""


@dataclass
class _Told:
    """What the child is known to have done. None stands for no scene."""

    scenes: dict[int, int | None] = field(default_factory=dict)
    """The version of each number."""
    last: int | None = None
    version: int = 0
    busy: tuple[str, int, int] | None = None
    """What it was about to do when it died."""
    done: int = 0


def run_scene_kills(folder: Path, count: int, seed: int) -> Report:
    """Kill `count` children, one after the other on the same scenes.

    `worst` has the time in which a store was loaded, and how many were killed in the middle of
    something and how many actions there were.
    """
    random = np.random.default_rng(seed)
    place = folder / "scenes"
    told = _Told()
    failures: list[str] = []
    worst = {"load_ms": 0.0, "killed_in_the_middle": 0.0, "actions": 0.0}
    for number in range(count):
        _live_and_die(place, told, int(random.integers(2**31)), float(random.random()))
        worst["killed_in_the_middle"] += told.busy is not None
        began_s = time.monotonic()
        found = _look(place, told)
        worst["load_ms"] = max(worst["load_ms"], 1000.0 * (time.monotonic() - began_s))
        failures += [f"kill {number} of seed {seed}: {problem}" for problem in found]
        if found:
            break  # what follows would tell the same again
    worst["actions"] = float(told.done)
    return Report(_NAME, count, tuple(failures), worst)


def expected(number: int, version: int) -> tuple[Scene, bytes | None]:
    """A version of a scene, all of it known from these two numbers; the third ones have caches."""
    random = np.random.default_rng([number, version])
    values = {f"latent_bias_{i}": float(random.uniform(-6.0, 6.0)) for i in range(40)}
    learned = {"pairs": random.uniform(0.0, 1.0, (20, 16)).tolist(), "version": version}
    scene = Scene(number, f"version {version}", "bells", values=values, learned=learned)
    if version % 3:
        return scene, None
    return scene, pack_caches({"cached_0": random.standard_normal((1, 16, 64), np.float32)})


def _live_and_die(place: Path, told: _Told, seed: int, moment: float) -> None:
    """A child works until it is killed; `told` is what it said."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _work(place, told, seed, mouth)
        finally:
            os._exit(9)
    os.close(mouth)
    try:
        first = os.read(ear, 1)  # it works
        time.sleep(moment * _LONGEST_S)
        os.kill(pid, signal.SIGKILL)
        words = first
        while more := os.read(ear, 1 << 16):
            words += more
    finally:
        os.close(ear)
        os.waitpid(pid, 0)
    told.busy = None
    for line in words.decode().splitlines():
        when, what, number, version = line.split()
        action = (what, int(number), int(version))
        told.version = max(told.version, int(version))
        if when == "begin":
            told.busy = action
        else:
            _apply(told, action)
            told.busy = None
            told.done += 1


def _work(place: Path, told: _Told, seed: int, mouth: int) -> None:
    """In the child: act for ever."""
    random = np.random.default_rng(seed)
    store = Store(disk := Folder(place), str(place))
    version = told.version
    there = {number for number, held in told.scenes.items() if held is not None}
    while True:
        number = int(random.integers(_NUMBERS))
        what = str(random.choice(["save", "save", "save", "last", "delete"]))
        if what == "delete" and number not in there:
            what = "save"
        version += 1
        scene, caches = expected(number, version)
        # One write of so few bytes is one whole line, or none.
        os.write(mouth, f"begin {what} {number} {version}\n".encode())
        if what == "save":
            store.save(scene, caches)
            there.add(number)
        elif what == "delete":
            store.delete(number)
            there.discard(number)
        else:
            write_last(disk, number)
        os.write(mouth, f"done {what} {number} {version}\n".encode())


def _apply(told: _Told, action: tuple[str, int, int]) -> None:
    what, number, version = action
    if what == "last":
        told.last = number
    else:
        told.scenes[number] = version if what == "save" else None


def _look(place: Path, told: _Told) -> list[str]:
    """What is wrong with the scenes on the disk; `told` then has what was found."""
    store = Store(Folder(place), str(place))
    loaded = store.load()
    problems = list(loaded.said)
    after = replace(told, scenes=dict(told.scenes))
    if told.busy:
        _apply(after, told.busy)
    for number in range(_NUMBERS):
        allowed = {told.scenes.get(number), after.scenes.get(number)}
        found = _version(store, loaded.scenes.get(number))
        if found not in allowed:
            problems.append(f"scene {number} is version {found}, not one of {allowed}")
        told.scenes[number] = found
    last = read_last(Folder(place))
    if last not in (told.last, after.last):
        problems.append(f"the last scene is {last}, not {told.last} or {after.last}")
    told.last = last
    return problems


def _version(store: Store, scene: Scene | None) -> int | None:
    """Which version a scene is, whole; -1 if it is none."""
    if scene is None:
        return None
    version = int(scene.name.removeprefix("version "))
    wanted, caches = expected(scene.number, version)
    same = replace(scene, caches="") == wanted and store.caches(scene) == caches
    return version if same else -1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as there:
        print(run_scene_kills(Path(there), int(sys.argv[1]) if sys.argv[1:] else 100, 0))

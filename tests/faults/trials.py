"""The fault trials, in full and in the order in which the soak runs them.

Nothing of a trial is imported before it runs: one that cannot be does not take the others along.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.report import Report

Tell = Callable[[float], None]
"""Called with how much of a piece is done; may raise to end it."""


@dataclass(frozen=True)
class Trial:
    """`total` faults, in pieces of `piece`; `run(folder, count, seed, tell)` runs one piece.

    `folder` is empty before each piece, unless the trial `keeps` it to go on within a piece.
    """

    name: str
    what: str
    total: int
    piece: int
    unit: str
    run: Callable[[Path, int, int, Tell], Report]
    keeps: bool = False


def _from(module: str, function: str) -> Callable[[Path, int, int, Tell], Report]:
    """The function of a fault's own module, which knows nothing of the soak."""

    def run(folder: Path, count: int, seed: int, tell: Tell) -> Report:
        report: Report = getattr(importlib.import_module(module), function)(folder, count, seed)
        return report

    return run


def _again(
    run: Callable[[Path, int, int, Tell], Report],
) -> Callable[[Path, int, int, Tell], Report]:
    """A piece that takes times and failed is run once more: what other programs did is not seen
    twice, what a seed does is. The worst of both is told, and that it was `tried_again`."""

    def run_again(folder: Path, count: int, seed: int, tell: Tell) -> Report:
        (folder / "first").mkdir()
        report = run(folder / "first", count, seed, tell)
        worst = {**report.worst, "tried_again": float(bool(report.failures))}
        if report.failures:
            (folder / "second").mkdir()
            report = run(folder / "second", count, seed, tell)
            worst |= {what: max(v, worst.get(what, v)) for what, v in report.worst.items()}
        return replace(report, worst=worst)

    return run_again


def _day(name: str) -> Callable[[Path, int, int, Tell], Report]:
    def run(folder: Path, count: int, seed: int, tell: Tell) -> Report:
        from tests.faults.long_run import run_hours, shipped_or_tiny

        return run_hours(folder, shipped_or_tiny(name, folder), count, seed, tell)

    return run


def _matrix(folder: Path, count: int, seed: int, tell: Tell) -> Report:
    from tests.faults.matrix import run_matrix, write_page

    outcomes = run_matrix(folder)
    write_page(outcomes)
    failures = [f"{o.fault}, {o.site}: {o.problem}" for o in outcomes if o.problem]
    worst = {"away_ms": max(o.away_ms for o in outcomes), "cells": float(len(outcomes))}
    return Report("matrix", count, tuple(failures), worst)


def _attacks(folder: Path, count: int, seed: int, tell: Tell) -> Report:
    from device.admission.trial import Worker
    from tests.faults.attacks import ALL, PAGE, attack_with, page

    results = []
    with Worker() as worker:
        for number, attack in enumerate(ALL):
            place = folder / str(number)
            place.mkdir()
            results.append(attack_with(attack, place, worker))
            tell(number / len(ALL))
    PAGE.write_text(page(results))
    failures = [
        f"{r.attack.name}: {r.say or 'it was let in'}"
        for r in results
        if bool(r.say) != bool(r.attack.word)
    ]
    worst = {
        "attacks": float(len(results)),
        "refusal_s": max(r.wall_s for r in results if r.say),
        "memory_mb": max(r.peak_bytes for r in results) / 1e6,
    }
    return Report("attacks", count, tuple(failures), worst)


_ALL = (
    Trial(
        "matrix",
        "each fault of a sound card at each place where it can happen",
        1,
        1,
        "round",
        _matrix,
    ),
    Trial(
        "attacks",
        "every bundle that was made to do harm",
        1,
        1,
        "round",
        _attacks,
    ),
    Trial(
        "xruns",
        "the simulated card loses its place, at random, in both directions",
        10_000,
        100,
        "xruns",
        _from("tests.faults.xruns", "run_xruns"),
    ),
    Trial(
        "replugs",
        "the card is pulled out and put back while it plays",
        1_000,
        25,
        "cycles",
        _from("tests.faults.replugs", "run_replugs"),
    ),
    Trial(
        "swaps",
        "bundles of other rates, blocks, channels and delays are swapped while they play",
        1_000,
        50,
        "swaps",
        _from("tests.faults.swaps", "run_swaps"),
    ),
    Trial(
        "live swaps",
        "the same in the real audio process, beside a busy program on every processor",
        100,
        10,
        "swaps",
        _from("tests.faults.swaps_live", "run_swaps_live"),
    ),
    Trial(
        "audio kills",
        "the audio process is killed at a random moment",
        1_000,
        20,
        "kills",
        _from("tests.faults.kills", "run_audio_kills"),
    ),
    Trial(
        "control kills",
        "the control process is killed at a random moment",
        1_000,
        20,
        "kills",
        _from("tests.faults.kills", "run_control_kills"),
    ),
    Trial(
        "kills",
        "either process or both are killed at a random moment",
        300,
        20,
        "kills",
        _from("tests.faults.kills", "run_kills"),
    ),
    Trial(
        "scene kills",
        "a box that saves scenes is killed at a random moment",
        5_000,
        100,
        "kills",
        _from("tests.faults.scene_kills", "run_scene_kills"),
    ),
    Trial(
        "mutations",
        "bundles with bytes changed, cut, moved and multiplied are offered",
        50_000,
        500,
        "bundles",
        _from("tests.faults.mutations", "run_mutations"),
    ),
    Trial(
        "flood",
        "OSC as fast as it can be sent, half of it malformed, and a busy program per processor",
        60,
        60,
        "seconds",
        _from("tests.faults.flood", "run_flood"),
    ),
    Trial(
        "OSC stream",
        "5 000 OSC messages a second, in time and all of use, with knobs and an app moving as well",
        600,
        60,
        "seconds",
        _again(_from("tests.faults.osc_stream", "run_osc_stream")),
    ),
    Trial(
        "OSC packets",
        "damaged packets to the ports for OSC and for other apps, over real sockets",
        1_000_000,
        10_000,
        "packets",
        _from("tests.faults.osc_packets", "run_osc_packets"),
    ),
    Trial(
        "dialect packets",
        "damaged packets of other apps, one after the other",
        1_000_000,
        20_000,
        "packets",
        _from("tests.faults.dialect_packets", "run_dialect_packets"),
    ),
    Trial(
        "query attacks",
        "malformed HTTP and WebSocket input to the phones' port",
        20_000,
        500,
        "connections",
        _from("tests.faults.query_attacks", "run_query_attacks"),
    ),
    Trial(
        "MIDI storm",
        "MIDI at full speed from nine ports, and without limit from one more",
        600,
        20,
        "seconds",
        _again(_from("tests.faults.midi_storm", "run_midi_storm")),
    ),
    Trial(
        "knob",
        "a knob is moved, and the block is looked for that sounds with it",
        1_200,
        300,
        "moves",
        _again(_from("tests.faults.knob_latency", "run_beside_nothing")),
    ),
    Trial(
        "knob, busy",
        "the same beside a busy program",
        1_200,
        300,
        "moves",
        _again(_from("tests.faults.knob_latency", "run_beside_another")),
    ),
    Trial(
        "day tiny",
        "24 hours of audio through a tiny bundle, every parameter moving",
        24,
        24,
        "hours",
        _day("tiny"),
        keeps=True,
    ),
    Trial(
        "day drift",
        "24 hours of audio through the built-in instrument, every parameter moving",
        24,
        24,
        "hours",
        _day("drift"),
        keeps=True,
    ),
)

TRIALS = {trial.name: trial for trial in _ALL}

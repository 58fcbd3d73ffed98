"""Kills: SIGKILL for either process at random moments, and the card's word that it was survived.

    python -m tests.faults.kills [COUNT]

A control process may die without a trace in the sound: over its death, over its absence and over
the start of the next one no frame is out of its place, and then OSC moves a parameter again. An
audio process that dies is heard again within `SOON_S`, with the values it had. If both die, the
next control process brings back the last scene.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tests.faults.report import Report
from tests.faults.victims import RATE_HZ, Victims
from tests.faults.witness import Seen, Witness

SOON_S = 1.0
EARLY_S = 0.6
"""Within that a process that was just started is still on its way."""
GAINS_DB = (0.0, -3.0, -6.0, -9.0)
OFF = 0.02
"""A gain is read from single samples; -60 dB beside a tenth of full scale are a hundredth."""
STEP, SLOPE = 0.03, 0.002
"""Of the gain from one loud sample to the next, and more for each frame between them; a glide
makes 0.001 a frame."""
RISE_FRAMES = round(0.1 * RATE_HZ)
"""It rises out of silence in half of that."""
CYCLE_S = 30.0
STALLED_S = 0.15
"""If the machine itself stood still for so long in all, a failure meanwhile is not ours: 0.2 s are
queued."""

Victim = Literal["audio", "control", "both"]


@dataclass
class _Trial:
    """What is known so far. `clean_to` is the card frame up to which the sound was looked at."""

    victims: Victims
    random: np.random.Generator
    failures: list[tuple[float, float, str]] = field(default_factory=list)
    """From when to when, on the monotonic clock, and what was wrong."""
    worst: dict[str, float] = field(default_factory=dict)
    clean_to: int = 0

    def fail(self, since_s: float, what: str) -> None:
        self.failures.append((since_s, time.monotonic(), what))

    def note(self, what: str, value: float) -> None:
        self.worst[what] = max(value, self.worst.get(what, value))

    def turn(self) -> None:
        """Another gain by OSC, until it is heard; the glide to it is looked at, too."""
        began_s = time.monotonic()
        before_db = self.victims.gain_db
        others = [gain_db for gain_db in GAINS_DB if gain_db != before_db]
        self.victims.turn(float(self.random.choice(others)))
        self.victims.wait_for(self._is_heard, "the gain that was sent was heard")
        self.look(began_s, "while a gain was turned", before_db)

    def look(self, since_s: float, when: str, before_db: float | None = None) -> None:
        """Look at all that was heard since the last look: every frame in its place."""
        v, now = self.victims, self.victims.card.frame_now() - RATE_HZ // 100
        frames, gains = v.gains(self.clean_to, now)
        dbs = (v.gain_db, v.gain_db if before_db is None else before_db)
        ends = [10 ** (gain_db / 20) for gain_db in dbs]
        beside = float(np.maximum(gains - max(ends), min(ends) - gains).max(initial=0.0))
        steps = np.abs(np.diff(gains)) - SLOPE * np.diff(frames)
        step = float(steps.max(initial=0.0))
        self.note("gain_off", max(beside, 0.0))
        self.note("gain_step", step)
        if beside > OFF or step > STEP:
            bad = (gains > max(ends) + OFF) | (gains < min(ends) - OFF)
            self.fail(
                since_s,
                f"{bad.sum()} of {len(frames)} loud frames are out of place, the gain steps by "
                f"{step:.3f}, {when}",
            )
        self.clean_to = now

    def sounds_again(self, killed: int, since_s: float, *, soon: bool = True) -> None:
        """Wait until it does: soon, and from its first frame on at the gain it had."""
        v, heard = self.victims, list[int]()

        def risen() -> bool:
            first = v.sounding_since(killed)
            if first is not None:
                heard.append(first)
            return first is not None and v.card.frame_now() > first + RISE_FRAMES + RATE_HZ // 20

        v.wait_for(risen, "it sounded again")
        took_s = (heard[0] - killed) / RATE_HZ
        self.note("silence_s" if soon else "silence_of_both_s", took_s)
        if soon and took_s > SOON_S:
            self.fail(since_s, f"it was heard again after {took_s:.2f} s")
        # The last of them: on a machine that stalls, it may have to begin a second time.
        first, end = heard[-1], heard[-1] + RISE_FRAMES
        gain = 10 ** (v.gain_db / 20)
        _, rise = v.gains(first, end)
        if rise.max(initial=0.0) > gain + OFF or rise.min(initial=0.0) < -OFF:
            self.fail(since_s, "it was louder than it was to be when it came back")
        self.clean_to = end
        self.look(since_s, "after audio was killed")

    def _is_heard(self) -> bool:
        now = self.victims.card.frame_now() - RATE_HZ // 100
        _, gains = self.victims.gains(now - RATE_HZ // 100, now)
        return bool(np.abs(gains - 10 ** (self.victims.gain_db / 20)).max() < OFF)

    # --- the faults ----------------------------------------------------------------------------

    def kill_audio(self) -> None:
        """At a random moment; one time in four its successor as well, before it is heard."""
        since_s, v = time.monotonic(), self.victims
        pid = v.audio_pid()
        killed = v.kill_audio()
        if self.random.random() < 0.25:
            self.wait(float(self.random.uniform(0.0, EARLY_S)))
            killed = v.kill_audio(but=pid)
        self.sounds_again(killed, since_s)

    def kill_control(self) -> None:
        """At a random moment; one time in four its successor as well, on its way."""
        since_s, v = time.monotonic(), self.victims
        pid, starts = v.audio_pid(), v.card.starts
        v.kill_control()
        if self.random.random() < 0.25:
            v.start_control()
            self.wait(float(self.random.uniform(0.0, EARLY_S)))
            v.kill_control()
        self.wait(float(self.random.uniform(0.0, 0.3)))
        began_s = time.monotonic()
        v.start_control()
        v.connect()
        self.note("control_back_s", time.monotonic() - began_s)
        self.look(since_s, "while control was killed and started again")
        if (v.audio_pid(), v.card.starts) != (pid, starts):
            self.fail(since_s, "another audio process plays")

    def kill_both(self) -> None:
        """One shortly after the other; the next control process brings the scene back.

        One time in two it is killed as well, on its way, with audio on its way or not.
        """
        since_s, v = time.monotonic(), self.victims
        v.kill_control()
        killed = v.kill_audio()
        v.start_control()
        if self.random.random() < 0.5:
            self.wait(float(self.random.uniform(0.0, 2.0 * EARLY_S)))
            v.kill_control()
            v.start_control()
        v.connect()
        self.sounds_again(killed, since_s, soon=False)

    def wait(self, seconds: float) -> None:
        """Let some of the card's time pass."""
        until = self.victims.card.frame_now() + round(seconds * RATE_HZ)
        self.victims.wait_for(lambda: self.victims.card.frame_now() >= until, "time passed")


def run_audio_kills(folder: Path, count: int, seed: int) -> Report:
    """Kill the audio process `count` times."""
    return _run("audio kills", folder, count, seed, ("audio",))


def run_control_kills(folder: Path, count: int, seed: int) -> Report:
    """Kill the control process `count` times."""
    return _run("control kills", folder, count, seed, ("control",))


def run_kills(folder: Path, count: int, seed: int) -> Report:
    """Kill one of them or both `count` times."""
    return _run("kills", folder, count, seed, ("audio", "control", "audio", "control", "both"))


def _run(name: str, folder: Path, count: int, seed: int, whom: Sequence[Victim]) -> Report:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    with Victims(folder) as victims:
        witness = Witness(CYCLE_S * count + 60.0)
        trial = _Trial(victims, random)
        try:
            victims.start_control()
            victims.connect()
            trial.sounds_again(0, time.monotonic(), soon=False)
            trial.worst.clear()
            for _ in range(count):
                trial.turn()
                trial.wait(float(random.uniform(0.0, 0.5)))
                trial.look(time.monotonic(), "while nothing happened")
                victim = whom[int(random.integers(len(whom)))]
                {
                    "audio": trial.kill_audio,
                    "control": trial.kill_control,
                    "both": trial.kill_both,
                }[victim]()
                trial.wait(float(random.uniform(0.0, 0.5)))
            trial.turn()
            since_s = time.monotonic()
            if code := victims.stop():
                trial.fail(since_s, f"control ended with {code}: {victims.said[-300:]}")
            left = sorted(path.name for path in victims.folder.path.glob("*.sock"))
            if left:
                trial.fail(since_s, f"{', '.join(left)} was left behind")
        finally:
            seen = witness.seen()
    ours = [what for *when, what in trial.failures if _stalled_s(seen, *when) < STALLED_S]
    trial.note("excused_by_a_stall", float(len(trial.failures) - len(ours)))
    trial.note("machine_worst_ms", 1e3 * seen.worst_s)
    said = tuple(f"seed {seed}: {what}" for what in ours)
    return Report(name, count, said, trial.worst)


def _stalled_s(seen: Seen, since_s: float, until_s: float) -> float:
    """For how long the machine ran nothing of ours between the two times."""
    overlaps = [min(s.ended_s, until_s) - max(s.began_s, since_s) for s in seen.stalls]
    return sum(max(overlap, 0.0) for overlap in overlaps)


def main(count: int) -> int:
    """Run each form once and tell."""
    code = 0
    for run in (run_audio_kills, run_control_kills, run_kills):
        with tempfile.TemporaryDirectory(prefix="ondine-") as place:
            began_s = time.monotonic()
            report = run(Path(place), count, seed=0)
        print(report, f"{time.monotonic() - began_s:.1f} s")
        code |= bool(report.failures)
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 10))

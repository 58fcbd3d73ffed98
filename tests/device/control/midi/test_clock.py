"""The clock with the jitter that clocks have: time is passed in."""

import random
from itertools import pairwise

import pytest

from device.control.midi.beat import Beat
from device.control.midi.clock import LOST_S, Clock
from device.control.midi.message import SongPosition, System

TICK, START, GO_ON, STOP = (System(k) for k in ("clock", "start", "continue", "stop"))


def ticks(bpm, count, start_s=0.0):
    return [start_s + i * 60.0 / (24 * bpm) for i in range(count)]


def heard(times, clock=None):
    clock = clock or Clock()
    for when_s in times:
        clock.tick(when_s)
    return clock


@pytest.mark.parametrize("bpm", [20.0, 60.0, 97.3, 120.0, 174.0, 300.0])
def test_a_steady_clock_is_told_exactly(bpm):
    assert heard(ticks(bpm, 60)).tempo_bpm == pytest.approx(bpm, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_of_two_milliseconds_moves_the_tempo_by_less_than_half_a_percent(seed):
    random_ = random.Random(seed)
    clock = Clock()
    for i, when_s in enumerate(ticks(120.0, 480)):
        clock.tick(when_s + random_.uniform(0.0, 0.002))
        if i >= 48:
            assert clock.tempo_bpm == pytest.approx(120.0, rel=0.005)


def test_bunches_late_ticks_and_a_lost_one_do_not_move_it():
    times = ticks(120.0, 96)
    late = [t + (0.015 if i % 31 == 0 else 0.0) for i, t in enumerate(times)]
    bunched = [0.004 * (1 + t // 0.004) for t in times]
    lost = times[:60] + times[61:]
    for wild in (late, bunched, lost):
        assert heard(sorted(wild)).tempo_bpm == pytest.approx(120.0, rel=0.01)


def test_a_new_tempo_is_followed_within_a_beat():
    clock = heard(ticks(100.0, 96))
    clock = heard(ticks(140.0, 24, 96 * 60.0 / 2400), clock)
    assert clock.tempo_bpm == pytest.approx(140.0, rel=0.01)


def test_a_slow_drift_is_followed():
    clock, when_s = Clock(), 0.0
    for i in range(960):
        bpm = 100.0 + 0.02 * i
        when_s += 60.0 / (24 * bpm)
        clock.tick(when_s)
    assert clock.tempo_bpm == pytest.approx(bpm, rel=0.01)


def test_the_phase_runs_from_beat_to_beat_and_not_backwards():
    random_ = random.Random(3)
    clock = Clock()
    clock.start()
    assert clock.phase(0.0) == 0.0
    seen = []
    times = [t + random_.uniform(0.0, 0.002) for t in ticks(120.0, 24 * 8)]
    for when_s, next_s in pairwise(times):
        clock.tick(when_s)
        seen += [clock.phase(when_s + share * (next_s - when_s)) for share in (0.0, 0.3, 0.6, 0.9)]
    back = [b for a, b in pairwise(seen) if b < a]
    assert len(back) == 7  # where a beat ends, and nowhere else
    assert all(phase < 0.01 for phase in back)
    assert all(0.0 <= phase < 1.0 for phase in seen)


def test_the_phase_stays_near_the_true_beat():
    random_ = random.Random(4)
    clock = Clock()
    clock.start()
    for i, when_s in enumerate(ticks(120.0, 24 * 8)):
        clock.tick(when_s + random_.uniform(0.0, 0.002))
        if i > 24:
            middle_s = when_s + 0.012
            error = clock.phase(middle_s) - 2.0 * middle_s % 1.0
            assert abs((error + 0.5) % 1.0 - 0.5) < 0.01  # 5 ms


def test_start_stop_continue_and_song_position():
    clock = Clock()
    clock.start()
    heard(ticks(120.0, 36), clock)
    assert clock.beats == pytest.approx(35 / 24)
    clock.stop()
    heard(ticks(120.0, 10, 0.75), clock)
    assert (clock.alive(1.0), clock.beats) == (False, pytest.approx(35 / 24))
    assert clock.tempo_bpm == pytest.approx(120.0)
    clock.resume()
    clock.tick(1.0)
    assert clock.beats == 1.5
    clock.position(16)
    clock.tick(1.02)
    assert clock.beats == 4.0
    clock.start()
    clock.tick(1.04)
    assert clock.beats == 0.0


def test_a_clock_that_falls_silent_holds_and_begins_anew():
    clock = heard(ticks(120.0, 30))
    last_s = ticks(120.0, 30)[-1]
    assert clock.alive(last_s + 0.1)
    assert not clock.alive(last_s + 2 * LOST_S)
    held = clock.phase(last_s + 10.0)
    assert held == clock.phase(last_s + 20.0)
    heard(ticks(90.0, 30, last_s + 30.0), clock)
    assert clock.tempo_bpm == pytest.approx(90.0)


def test_ticks_at_one_instant_are_no_tempo():
    clock = heard([5.0] * 100)
    assert clock.tempo_bpm is None
    assert 0.0 <= clock.phase(5.0) < 1.0


def test_one_port_leads_until_it_goes_or_falls_silent():
    beat = Beat()
    for when_s in ticks(120.0, 60):
        beat.hear("a", TICK, when_s)
        beat.hear("b", TICK, when_s + 0.003)
        beat.hear("b", STOP, when_s)
    assert (beat.clock.running, beat.clock.tempo_bpm) == (True, pytest.approx(120.0))
    beat.leave("b")
    assert beat.clock.running
    beat.leave("a")
    assert not beat.clock.running
    beat.hear("b", START, 2.0)
    beat.hear("b", SongPosition(8), 2.0)
    beat.hear("b", GO_ON, 2.0)
    beat.hear("b", TICK, 2.0)
    assert beat.clock.beats == 2.0
    beat.hear("c", TICK, 2.5)
    assert beat.clock.beats == 2.0
    beat.hear("c", TICK, 4.0)
    assert beat.clock.beats == 0.0

"""Onsets: a synthesised test set with known ones, and the edges."""

import numpy as np
import pytest

from device.library.onsets import RATE_HZ, onsets
from device.library.segments import LONGEST_S, segments
from models.drums.shots import shot

NEAR_S = 0.025
"""As near as an onset must be found; 50 ms is usual."""


def drum_loop(seed: int, seconds: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """A loop of synthesised drums over each other, 0..18 dB soft, with noise: sound and onsets."""
    rng, frames = np.random.default_rng([99, seed]), int(seconds * RATE_HZ)
    out, at, now_s = np.zeros(frames), [], float(rng.uniform(0.0, 0.3))
    while now_s < seconds - 0.3:
        first = int(now_s * RATE_HZ)
        sound = shot(41, int(rng.integers(100_000)))[0][: frames - first]
        out[first : first + len(sound)] += sound * 10 ** (-rng.uniform(0, 18) / 20)
        at.append(first)
        now_s += float(rng.choice([0.11, 0.15, 0.22, 0.3, 0.45]) * rng.uniform(0.95, 1.05))
    out += rng.normal(size=frames) * 10 ** (-rng.uniform(50, 80) / 20)
    return (out / np.abs(out).max()).astype(np.float32), np.array(at)


def matched(found: np.ndarray, wanted: np.ndarray) -> list[int]:
    """How far off each is that was found once, in frames."""
    left, off = list(found), []
    for each in wanted:
        near = min(left, key=lambda frame: abs(frame - each), default=None)
        if near is not None and abs(near - each) <= NEAR_S * RATE_HZ:
            left.remove(near)
            off.append(int(near - each))
    return off


def test_onsets_of_drum_loops_are_found_and_near() -> None:
    hits = found_all = wanted_all = 0
    off: list[int] = []
    for seed in range(4):
        sound, wanted = drum_loop(seed, 4.0)
        found = onsets(sound)
        near = matched(found, wanted)
        off += near
        hits, found_all, wanted_all = (
            hits + len(near), found_all + len(found), wanted_all + len(wanted)
        )  # fmt: skip
    precision, recall = hits / found_all, hits / wanted_all
    measure = 2 * precision * recall / (precision + recall)
    print(f"onsets: F {measure:.3f} (precision {precision:.3f}, recall {recall:.3f})")
    assert measure > 0.9
    assert np.median(np.abs(off)) < 0.002 * RATE_HZ


@pytest.mark.parametrize("begin", [0, 1, 4_800, 47_000])
def test_a_click_is_found_where_it_is(begin: int) -> None:
    sound = np.zeros(RATE_HZ, np.float32)
    sound[begin : begin + 200] = np.linspace(1, 0, 200)[: RATE_HZ - begin]
    (found,) = onsets(sound)
    assert abs(int(found) - begin) <= 96


def test_the_level_of_a_file_does_not_matter() -> None:
    sound, _ = drum_loop(3, 3.0)
    np.testing.assert_array_equal(onsets(sound), onsets(0.01 * sound))


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(10), np.zeros(50_000), np.full(9, 1e-6)])
def test_silence_has_none(sound: np.ndarray) -> None:
    assert not len(onsets(sound.astype(np.float32)))
    assert segments(sound.astype(np.float32)) == []


def test_a_steady_tone_has_one_at_most() -> None:
    tone = np.sin(np.arange(3 * RATE_HZ) * 0.05).astype(np.float32)
    assert len(onsets(tone)) <= 1
    assert len(segments(tone)) == 1


def test_segments_end_at_the_next_onset_or_in_silence() -> None:
    sound = np.zeros(4 * RATE_HZ, np.float32)
    decay = np.exp(-np.arange(RATE_HZ) / 2400) * np.sin(np.arange(RATE_HZ) * 0.3)
    for begin in (4_800, 12_000):
        sound[begin : begin + RATE_HZ] += decay.astype(np.float32)
    first, second = segments(sound)
    assert abs(first.start - 4_800) < 100
    assert first.start + first.frames <= second.start
    # 50 dB below its peak after 5.8 time constants.
    assert second.frames == pytest.approx(5.76 * 2400, rel=0.1)


def test_no_segment_is_too_long_or_too_soft() -> None:
    sound = np.sin(np.arange(5 * RATE_HZ) * 0.05).astype(np.float32)
    sound[4 * RATE_HZ :] *= 1e-4
    found = segments(sound)
    assert all(s.frames <= LONGEST_S * RATE_HZ for s in found)
    assert all(s.start < 4 * RATE_HZ for s in found)

"""Measure a model's algorithmic delay: how long after the input its answer comes.

Three ways, from the sharpest to the one that always works:

1. waveform   the output correlates with the input itself: exact to the frame (a delay, a filter).
2. envelope   its loudness follows the input's: what a trained autoencoder does; to 16 frames.
3. response   neither (an untrained or very free model): a click is added to quiet noise at several
              places in a block; the delay is the median of the energy of what changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Play = Callable[[np.ndarray], np.ndarray]
"""Maps a whole input [channels, frames] to the output [channels, frames], from rest."""

_CLICKS = 6
_BURSTS = 8
_ENVELOPE_FRAMES = 16
_WAVEFORM_LIKENESS = 0.9
_ENVELOPE_LIKENESS = 0.3


@dataclass(frozen=True)
class Delay:
    """The delay in frames and how it was found."""

    frames: int
    found_by: Literal["waveform", "envelope", "response"]


def measure_delay(play: Play, channels: int, block_frames: int, longest_frames: int) -> Delay:
    """The delay of `play`, at most `longest_frames`. The input is cut into whole blocks by it."""
    heard = _bursts(channels, block_frames, longest_frames)
    made = play(heard)
    lag, likeness = _lag(heard.sum(0), made.sum(0), longest_frames)
    if likeness >= _WAVEFORM_LIKENESS:
        return Delay(lag, "waveform")
    lag, likeness = _lag(_envelope(heard), _envelope(made), longest_frames // _ENVELOPE_FRAMES)
    if likeness >= _ENVELOPE_LIKENESS:
        return Delay(lag * _ENVELOPE_FRAMES, "envelope")
    return Delay(_median(_response(play, channels, block_frames, longest_frames)), "response")


def _bursts(channels: int, block_frames: int, longest_frames: int) -> np.ndarray:
    """Decaying noise bursts at uneven times, the last a `longest_frames` before the end."""
    rng = np.random.default_rng(1)
    spacing = longest_frames // 4
    total = (_BURSTS + 1) * spacing + longest_frames
    # Not quite silent between them: some models divide by the level of what they hear.
    frames = -(-total // block_frames) * block_frames
    sound = 1e-4 * rng.standard_normal((channels, frames)).astype(np.float32)
    length = min(1000, spacing // 2)
    for i in range(_BURSTS):
        at = i * spacing + int(rng.integers(spacing // 2))
        noise = rng.standard_normal((channels, length)) * np.exp(-np.arange(length) / 300)
        sound[:, at : at + length] = 0.4 * noise
    return sound


def _envelope(sound: np.ndarray) -> np.ndarray:
    """RMS [frames / 16], without its mean."""
    whole = sound[:, : sound.shape[1] // _ENVELOPE_FRAMES * _ENVELOPE_FRAMES]
    power = (whole.astype(np.float64) ** 2).sum(0).reshape(-1, _ENVELOPE_FRAMES).sum(1)
    level = np.sqrt(np.nan_to_num(power))
    return level - level.mean()


def _lag(a: np.ndarray, b: np.ndarray, longest: int) -> tuple[int, float]:
    """The lag of `b` behind `a` at which they are most alike, and how alike (-1..1)."""
    a, b = np.nan_to_num(a.astype(np.float64)), np.nan_to_num(b.astype(np.float64))
    size = 2 * a.size
    spectrum = np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size))
    alike = np.fft.irfft(spectrum, size)[: longest + 1]
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return int(alike.argmax()), float(alike.max() / scale) if scale > 0 else 0.0


def _response(play: Play, channels: int, block_frames: int, longest_frames: int) -> np.ndarray:
    """Mean energy [longest_frames] of the output's change, from the click on."""
    rng = np.random.default_rng(5)
    lead = longest_frames // 2 // block_frames * block_frames + block_frames
    blocks = -(-(lead + block_frames + longest_frames) // block_frames)
    quiet = 0.05 * rng.standard_normal((channels, blocks * block_frames)).astype(np.float32)
    before = play(quiet)
    total = np.zeros(longest_frames)
    for i in range(_CLICKS):
        at = lead + (2 * i + 1) * block_frames // (2 * _CLICKS)
        clicked = quiet.copy()
        clicked[:, at] += 0.5
        change = np.nan_to_num(play(clicked) - before) ** 2
        change = change.sum(0)[at : at + longest_frames]
        total += change / max(float(change.sum()), 1e-20)
    return total / _CLICKS


def _median(energy: np.ndarray) -> int:
    if not np.isfinite(energy).all() or energy.sum() <= 0:
        return 0
    return int(np.searchsorted(np.cumsum(energy), energy.sum() / 2))

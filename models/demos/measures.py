"""What a sound is, without ears: how loud, whether it clips, clicks, drifts or falls silent."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from models.demos import RATE_HZ

SILENT_DB = -60.0
PEAK_DB = -0.9
"""The limiter holds everything under -1; what is above was not limited."""
QUIETEST_LUFS, LOUDEST_LUFS = -32.0, -10.0
DC, CLICK_DB, SILENCE = 1e-3, -60.0, 0.2
_WINDOW = RATE_HZ // 20
_OWN, _NEAR = RATE_HZ * 30 // 1000, 6
_FLOOR = 1e-9
LOWEST_DB = -180.0
"""What nothing at all is told as."""
# Recommendation ITU-R BS.1770-4, tables 1 and 2, for 48 kHz: a head in the way, and ears that are
# deaf to the lowest.
_HEAD = ((1.53512485958697, -2.69169618940638, 1.19839281085285),
         (1.0, -1.69065929318241, 0.73248077421585))  # fmt: skip
_EARS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)


@dataclass(frozen=True)
class Measures:
    """Of one sound. Decibels are of full scale."""

    seconds: float
    peak_db: float
    loudness_lufs: float
    dc: float
    """The largest mean of a channel."""
    click_db: float
    """The largest step that stands alone."""
    silence: float
    """The share of windows of 50 ms that are below SILENT_DB."""


def measure(sound: np.ndarray) -> Measures:
    """Measure `sound` [channels, frames] at RATE_HZ."""
    channels = sound.astype(np.float64)
    return Measures(
        seconds=sound.shape[1] / RATE_HZ,
        peak_db=_db(float(np.abs(channels).max(initial=0.0))),
        loudness_lufs=loudness_lufs(channels),
        dc=float(np.abs(channels.mean(axis=1)).max()),
        click_db=_db(max(click(channel) for channel in channels)),
        silence=silent_share(channels),
    )


def loudness_lufs(sound: np.ndarray) -> float:
    """Integrated loudness of `sound` [channels, frames]: ITU-R BS.1770-4, gated."""
    weighted = signal.lfilter(*_EARS, signal.lfilter(*_HEAD, sound))
    frames, hop = RATE_HZ * 4 // 10, RATE_HZ // 10
    if sound.shape[1] < frames:
        return -np.inf
    windows = np.lib.stride_tricks.sliding_window_view(weighted, frames, axis=1)[:, ::hop]
    power = (windows**2).mean(axis=2).sum(axis=0)
    loud = power[_lufs(power) > -70.0]
    if not len(loud):
        return -np.inf
    return float(_lufs(loud[_lufs(loud) > _lufs(loud.mean()) - 10.0].mean()))


def _lufs(power: np.ndarray) -> np.ndarray:
    return np.asarray(-0.691 + 10.0 * np.log10(np.maximum(power, _FLOOR**2)))


def click(channel: np.ndarray) -> float:
    """The largest step of `channel` [frames] that stands alone, as an amplitude; 0 if none does.

    A step of 1 has fourth differences of 1, -3, 3, -1, where a smooth sound has next to none, and
    noise as many all the time. One stands alone if it is more than three times as large as all
    within 30 ms, and no sound begins there: a drum or a plucked string does begin with a step.
    """
    if len(channel) < 5:
        return 0.0
    missed = np.abs(np.convolve(channel, np.array([1.0, -4.0, 6.0, -4.0, 1.0]) / 3.0, "valid"))
    shift = _NEAR + _OWN // 2
    loudest = np.pad(ndimage.maximum_filter1d(missed, _OWN, mode="constant"), shift)
    around = np.maximum(loudest[: -2 * shift], loudest[2 * shift :])
    alone = np.flatnonzero(missed > np.maximum(3.0 * around, 1e-5)).tolist()
    return max((float(missed[n]) for n in alone if not _begins(channel, n + 2)), default=0.0)


def _begins(channel: np.ndarray, at: int) -> bool:
    """Whether a sound begins at a frame: the 30 ms after it are twice as loud as those before."""
    before = channel[max(at - _NEAR - _OWN, 0) : max(at - _NEAR, 0)]
    after = channel[at + _NEAR : at + _NEAR + _OWN]
    return bool(len(after) and _rms(after) > 2.0 * (_rms(before) if len(before) else 0.0))


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def silent_share(sound: np.ndarray) -> float:
    """The share of windows of 50 ms of `sound` [channels, frames] that no channel is heard in."""
    whole = sound[:, : sound.shape[1] // _WINDOW * _WINDOW].reshape(len(sound), -1, _WINDOW)
    if not whole.shape[1]:
        return 1.0
    loudest = np.sqrt((whole**2).mean(axis=2)).max(axis=0)
    return float((loudest < 10.0 ** (SILENT_DB / 20.0)).mean())


def _db(size: float) -> float:
    return float(20.0 * np.log10(max(size, _FLOOR)))


def faults(found: Measures) -> list[str]:
    """What of it nobody should have to hear, in words; empty if nothing."""
    wrong = []
    if not np.isfinite([found.peak_db, found.dc, found.click_db]).all():
        wrong.append("it is not finite")
    if found.peak_db > PEAK_DB:
        wrong.append(f"it peaks at {found.peak_db:.1f} dBFS, above {PEAK_DB:g}")
    if not QUIETEST_LUFS <= found.loudness_lufs <= LOUDEST_LUFS:
        wrong.append(f"its loudness is {found.loudness_lufs:.0f} LUFS")
    if found.dc > DC:
        wrong.append(f"its mean is {found.dc:.1e}, more than {DC:g}")
    if found.click_db > CLICK_DB:
        wrong.append(f"it clicks: a step of {found.click_db:.0f} dBFS stands alone")
    if found.silence > SILENCE:
        wrong.append(f"{100 * found.silence:.0f} % of it is silent")
    return wrong

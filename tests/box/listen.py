"""What the listener in the box heard: when sound began, where it stopped, where it broke.

    0 0 0 0 0 │~~~~~~~~~~~~~~~~~~~~~~~│ 0 0 0 0 │~~~~~~~~~~~~~
              onset                     a gap: from the last sound before to the first after

The loopback card gives exact zeros while nobody plays, and the instrument, with a tone before it,
never does for long.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

RATE_HZ = 48_000
SOUND = 1e-3
"""Above this it is sound; -60 dB."""
GAP_FRAMES = 48
"""So many zeros are a gap: a millisecond. A tone's own zeros are single ones."""


_FLOOR_DB = -90.0
"""What lies below it is equal."""


@dataclass(frozen=True)
class Heard:
    """A recording, `samples` [frames] of the left channel, -1..1; `began_s` on the box's clock."""

    samples: np.ndarray
    began_s: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_HZ

    def at_s(self, frame: int) -> float:
        """When a frame was heard, on the box's clock."""
        return self.began_s + frame / RATE_HZ

    def onset_s(self) -> float | None:
        """When the first sound was heard; None if there was none."""
        loud = np.flatnonzero(np.abs(self.samples) > SOUND)
        return self.at_s(int(loud[0])) if len(loud) else None

    def between(self, first_s: float, last_s: float) -> "Heard":
        """What was heard between two times of the box's clock."""
        first = max(0, round((first_s - self.began_s) * RATE_HZ))
        last = max(first, round((last_s - self.began_s) * RATE_HZ))
        return Heard(self.samples[first:last], self.at_s(first))

    def gaps(self) -> list[tuple[float, float]]:
        """(when, how long) in seconds of each run of at least `GAP_FRAMES` zeros."""
        zero = np.concatenate(([0], self.samples == 0.0, [0])).astype(np.int8)
        edges = np.flatnonzero(np.diff(zero))
        begins, ends = edges[::2], edges[1::2]
        long = ends - begins >= GAP_FRAMES
        return [
            (self.at_s(int(b)), float(e - b) / RATE_HZ)
            for b, e in zip(begins[long], ends[long], strict=True)
        ]

    def peak(self) -> float:
        """The loudest sample; 0.0 if there is none."""
        return float(np.max(np.abs(self.samples), initial=0.0))

    def breaks(self, hz: float, tolerance: float = 1e-3) -> int:
        """How many frames do not follow from the two before them, were this a sine of `hz`.

        x[n+1] = 2 cos(w) x[n] - x[n-1] holds for a sine of any strength and phase. Where a sample
        is missing, doubled or another, it does not.
        """
        x = self.samples
        if len(x) < 3:
            return 0
        turn = 2.0 * np.cos(2.0 * np.pi * hz / RATE_HZ)
        error = np.abs(x[2:] - turn * x[1:-1] + x[:-2])
        return int(np.count_nonzero(error > tolerance * max(self.peak(), SOUND)))


def level_db(heard: Heard) -> float:
    """How loud it is on the whole, in dB of full scale; -120 for silence."""
    if not len(heard.samples):
        return -120.0
    return float(10.0 * np.log10(np.mean(heard.samples**2) + 1e-12))


def apart_db(one: Heard, other: Heard) -> float:
    """How far two sounds are apart: their levels in third octaves, the mean difference in dB."""
    return float(np.mean(np.abs(_thirds_db(one) - _thirds_db(other))))


def _thirds_db(heard: Heard) -> np.ndarray:
    """Levels [25] of the third octaves from 50 Hz to 16 kHz, no lower than `_FLOOR_DB`."""
    if not len(heard.samples):
        return np.full(25, _FLOOR_DB)
    x = heard.samples * np.hanning(len(heard.samples))
    power = np.abs(np.fft.rfft(x)) ** 2 / len(x) ** 2
    hz = np.fft.rfftfreq(len(x), 1.0 / RATE_HZ)
    edges = 50.0 * 2.0 ** ((np.arange(26) - 0.5) / 3.0)
    sums = [power[(hz >= a) & (hz < b)].sum() for a, b in pairwise(edges)]
    return np.maximum(10.0 * np.log10(np.array(sums) + 1e-30), _FLOOR_DB)


def heard_of(raw: bytes, began_s: float) -> Heard:
    """Of what `arecord -f S32_LE -c 2` wrote."""
    whole = len(raw) - len(raw) % 8
    samples = np.frombuffer(raw[:whole], "<i4").reshape(-1, 2)[:, 0] / 2.0**31
    return Heard(samples, began_s)


def heard_of_wav(data: bytes) -> Heard:
    """Of a file of 16 bits and two channels that was perhaps never closed; it begins at 0 s."""
    samples = np.frombuffer(data[44 : 44 + (len(data) - 44) // 4 * 4], "<i2")
    return Heard(samples.reshape(-1, 2)[:, 0] / 2.0**15, 0.0)

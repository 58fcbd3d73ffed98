"""A spectrogram over logarithmic frequency: long windows for low tones, short ones for high.

    8192 frames below 200 Hz │ … │ 512 above 3 kHz        in between two of them, mixed

A window holds about as many turns of every tone, as the ear does: low notes stay apart and high
attacks stay sharp. The idea is Brown's constant-Q transform (1991), of plain Fourier transforms.
"""

import numpy as np
from scipy import fft

LOW_HZ, HIGH_HZ = 40.0, 20_000.0
_SHORTEST, _LONGEST = 9, 13
"""Powers of two: 512 to 8192 frames."""
_TURNS = 34.0
_FINE = 4
_FLOOR = 1e-7


def places(rows: int) -> np.ndarray:
    """The frequency of each row in Hz, from the lowest: [rows]."""
    edges = np.geomspace(LOW_HZ, HIGH_HZ, rows + 1)
    return np.asarray(np.sqrt(edges[1:] * edges[:-1]))


def spectrogram_db(sound: np.ndarray, rate_hz: int, rows: int, columns: int) -> np.ndarray:
    """Levels of mono `sound` [frames]: dBFS [rows, columns], the lowest row first.

    A sine of amplitude 1 gives 0 dB where it is; the floor is -140.
    """
    wanted = places(rows * _FINE)
    longest = 1 << _LONGEST
    padded = np.pad(sound.astype(np.float32), longest // 2)
    centres = ((np.arange(columns) + 0.5) * len(sound) / columns).astype(int) + longest // 2
    power = np.zeros((rows * _FINE, columns))
    ideal = np.clip(np.log2(_TURNS * rate_hz / wanted), _SHORTEST, _LONGEST)
    for octave in range(_SHORTEST, _LONGEST + 1):
        share = np.maximum(1.0 - np.abs(ideal - octave), 0.0)
        used = share > 0.0
        frames = 1 << octave
        shape = np.hanning(frames + 1)[:-1].astype(np.float32)
        cut = padded[centres[:, None] + np.arange(-frames // 2, frames // 2)]
        # Twice as long with silence: between two places a sine would be 1.4 dB too low.
        size = np.abs(fft.rfft(cut * shape, 2 * frames)) / (0.5 * shape.sum())
        at = wanted[used] * 2 * frames / rate_hz
        low = np.minimum(at.astype(int), frames - 1)
        part = at - low
        between = (1.0 - part) * size[:, low] + part * size[:, low + 1]
        power[used] += share[used, None] * between.T**2
    loudest = power.reshape(rows, _FINE, columns).max(axis=1)
    return np.asarray(10.0 * np.log10(loudest + _FLOOR**2))

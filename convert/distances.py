"""How far a signal is from its reference: by power, by peak, and as the ear's spectrum."""

import numpy as np


def snr_db(reference: np.ndarray, other: np.ndarray) -> float:
    """Signal-to-noise ratio of `other`, dB, over what is finite in the reference."""
    finite = np.isfinite(reference)
    reference, other = reference[finite], other[finite]
    noise = float(((other - reference).astype(np.float64) ** 2).sum())
    signal = float((reference.astype(np.float64) ** 2).sum())
    return float(10 * np.log10(max(signal, 1e-20) / max(noise, 1e-20)))


def peak_error(reference: np.ndarray, other: np.ndarray) -> float:
    """Largest difference as a share of the reference's peak; inf where only one is finite."""
    finite = np.isfinite(reference)
    if not np.array_equal(finite, np.isfinite(other)):
        return float("inf")
    if not finite.any():
        return 0.0
    peak = float(np.abs(reference[finite]).max())
    return float(np.abs(reference[finite] - other[finite]).max()) / max(peak, 1e-12)


def log_spectral_distance_db(
    reference: np.ndarray, other: np.ndarray, window: int = 2048, floor_db: float = -80.0
) -> float:
    """Log-spectral distance, dB: RMS over frequency of the level difference, mean over frames.

    Both are [channels, frames]. Levels below `floor_db` under the reference's loudest bin count as
    the floor: nobody hears them.
    """
    a, b = (_spectrogram(x, window) for x in (reference, other))
    floor = a.max() * 10 ** (floor_db / 20) + 1e-12
    difference = 20 * np.log10(np.maximum(a, floor) / np.maximum(b, floor))
    return float(np.sqrt((difference**2).mean(-1)).mean())


def _spectrogram(x: np.ndarray, window: int) -> np.ndarray:
    flat = np.nan_to_num(x.reshape(-1, x.shape[-1]))
    flat = np.pad(flat, ((0, 0), (0, max(0, window - flat.shape[1]))))
    frames = np.lib.stride_tricks.sliding_window_view(flat, window, -1)[:, :: window // 4]
    return np.abs(np.fft.rfft(frames * np.hanning(window), axis=-1))

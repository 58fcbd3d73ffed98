"""What a model is measured on: the user's own sounds, or a built-in varied set.

The set holds what a player may throw at an instrument: plucked and bowed tones, chords, a sweep,
noise, clicks, beats, a voice-like tone with vibrato, loud, soft and silent. It is seeded, so the
same conversion gives the same bundle.
"""

from pathlib import Path

import numpy as np

from device.errors import ConvertError

_SECONDS = 1.0
"""Length of each sound of the built-in set."""


def calibration_audio(
    folder: Path | None, sample_rate_hz: int, channels: int, seconds: float
) -> np.ndarray:
    """Float32 [channels, frames] at the model's rate, `seconds` long: the folder's WAVs or the set.

    Raises:
        ConvertError: if the folder is missing, or holds no readable sound.
    """
    frames = int(seconds * sample_rate_hz)
    if folder is None:
        mono = built_in_set(sample_rate_hz)
        audio = np.stack([np.roll(mono, 137 * c) for c in range(channels)])
    else:
        audio = _read_folder(folder, sample_rate_hz, channels)
    repeats = -(-frames // audio.shape[1])
    return np.tile(audio, repeats)[:, :frames].astype(np.float32)


def _read_folder(folder: Path, sample_rate_hz: int, channels: int) -> np.ndarray:
    import soundfile
    import soxr

    paths = sorted(p for p in folder.glob("**/*") if p.suffix.lower() in {".wav", ".flac", ".aiff"})
    if not paths:
        raise ConvertError(f"there are no WAV, FLAC or AIFF files in {folder} to calibrate on.")
    parts = []
    for path in paths:
        try:
            sound, rate = soundfile.read(path, dtype="float32", always_2d=True, frames=10 * 192_000)
        except (soundfile.LibsndfileError, OSError) as error:
            raise ConvertError(f"cannot read {path} to calibrate on: {error}") from None
        sound = soxr.resample(sound, rate, sample_rate_hz)
        parts.append(np.stack([sound[:, c % sound.shape[1]] for c in range(channels)]))
    audio = np.concatenate(parts, 1)
    if audio.shape[1] < sample_rate_hz // 2 or not np.isfinite(audio).all():
        raise ConvertError(f"{folder} holds less than half a second of usable sound.")
    return audio


def built_in_set(sample_rate_hz: int) -> np.ndarray:
    """Float32 [frames]: twelve one-second sounds, interleaved so that any cut is varied."""
    rng = np.random.default_rng(20)
    t = np.arange(int(_SECONDS * sample_rate_hz)) / sample_rate_hz
    nyquist = sample_rate_hz / 2

    def tone(f0: float, partials: int, fall: float) -> np.ndarray:
        wave = np.zeros_like(t)
        for k in range(1, partials + 1):
            if k * f0 < nyquist:
                phase = rng.uniform(0, 2 * np.pi)
                wave += k**-fall * np.sin(2 * np.pi * k * f0 * t + phase)
        return wave / np.abs(wave).max()

    vibrato = np.sin(2 * np.pi * 5 * t) * 0.01
    voice = np.sin(2 * np.pi * 180 * np.cumsum(1 + vibrato) / sample_rate_hz)
    voice = np.tanh(4 * voice) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    sweep = np.sin(2 * np.pi * 40 / np.log(200) * (200.0**t - 1) / 1.0)
    beats = np.where((t % 0.25) < 0.04, rng.standard_normal(t.size), 0.0) * np.exp(-(t % 0.25) * 40)
    clicks = np.zeros_like(t)
    clicks[rng.integers(0, t.size, 12)] = 0.9
    sounds = [
        0.7 * tone(110, 20, 1.0) * np.exp(-3 * t),
        0.5 * tone(220, 30, 0.7) * np.minimum(1, 5 * t),
        0.3 * (tone(130.8, 8, 1.2) + tone(164.8, 8, 1.2) + tone(196, 8, 1.2)),
        0.6 * sweep,
        0.25 * rng.standard_normal(t.size),
        clicks,
        0.8 * beats,
        0.5 * voice,
        0.02 * tone(330, 10, 1.0),
        0.9 * tone(55, 40, 0.8),
        0.4 * tone(880, 6, 1.5) * np.exp(-8 * (t % 0.2)),
        np.zeros_like(t),
    ]
    third = t.size // 3
    parts = [sound[i * third : (i + 1) * third] for i in range(3) for sound in sounds]
    return np.clip(np.concatenate(parts), -1, 1).astype(np.float32)


def latent_walk(channels: int, steps: int, seed: int = 3) -> np.ndarray:
    """Float32 [channels, steps]: slow random curves of about unit variance, for decoders alone."""
    rng = np.random.default_rng(seed)
    walk = np.zeros((channels, steps))
    for i in range(1, steps):
        walk[:, i] = 0.9 * walk[:, i - 1] + np.sqrt(1 - 0.81) * rng.standard_normal(channels)
    return walk.astype(np.float32)

"""The demonstration: a phrase to play into an instrument, and a slow walk through its latents.

The plucked string is Karplus and Strong's (1983): a ring of noise, averaged with its neighbour at
every turn. It is there so that a newcomer without card or microphone hears something at once.
"""

from pathlib import Path

import numpy as np

from device.control.timeline import Event
from device.manifest import Latent, Manifest

SECONDS = 60.0
_NOTES_HZ = (110.0, 146.8, 164.8, 196.0, 220.0, 261.6, 329.6)
_LATENTS = 4
_STRIDE_S = 5.0


def pluck(frequency_hz: float, frames: int, rate_hz: int, noise: np.random.Generator) -> np.ndarray:
    """One plucked string, float32 [frames], in -1..1, of the whole-frame period nearest below."""
    ring = noise.uniform(-1.0, 1.0, int(rate_hz / frequency_hz)).astype(np.float32)
    turns = []
    for _ in range(-(-frames // len(ring))):
        turns.append(ring)
        ring = np.float32(0.498) * (ring + np.roll(ring, 1))
    return np.concatenate(turns)[:frames]


def phrase(seconds: float, rate_hz: int, seed: int = 1) -> np.ndarray:
    """A phrase of plucks over all of `seconds`, float32 [frames], peak 0.5."""
    noise = np.random.default_rng(seed)
    audio = np.zeros(int(seconds * rate_hz), np.float32)
    at = 0
    while at < len(audio):
        frames = min(2 * rate_hz, len(audio) - at)
        audio[at : at + frames] += pluck(noise.choice(_NOTES_HZ), frames, rate_hz, noise)
        at += int(rate_hz * noise.choice([0.25, 0.5, 0.5, 0.75, 1.5]))
    return audio * np.float32(0.5 / max(float(np.abs(audio).max(initial=0.0)), 0.5))


def write_phrase(path: Path, rate_hz: int) -> None:
    """Write the demonstration's phrase as a WAV file."""
    import soundfile

    soundfile.write(path, phrase(SECONDS, rate_hz), rate_hz, subtype="PCM_16")


def wander(manifest: Manifest, seconds: float = SECONDS, seed: int = 1) -> list[Event]:
    """A slow walk of the first latents' biases, within half of the ranges they were seen in."""
    steps = np.random.default_rng(seed)
    latents = manifest.latents or (Latent("", -1.5, 1.5),) * manifest.latent_size
    events = []
    for i, latent in enumerate(latents[:_LATENTS]):
        reach = min(max((latent.high - latent.low) / 4.0, 0.0), 6.0)
        for at_s in np.arange(i * _STRIDE_S / _LATENTS, seconds, _STRIDE_S).tolist():
            to = float(steps.uniform(-reach, reach))
            events.append(Event(at_s, f"latent_bias_{i}", to, _STRIDE_S))
    return events

"""Playing sound through an engine, block by block: what the tests in this folder do."""

import numpy as np

from device.engine.engine import Engine
from device.params import FIXED, MODEL, default_values

RATE = 48_000


def table(**values: float) -> np.ndarray:
    """The default parameters, float32 [SLOTS], with some changed; `model_0` … are the bundle's."""
    params = default_values()
    for name, value in values.items():
        slot = MODEL.start + int(name[6:]) if name.startswith("model_") else FIXED[name].slot
        params[slot] = value
    return params


def play(engine: Engine, sound: np.ndarray, params: np.ndarray | None = None) -> np.ndarray:
    """Float32 [channels_in, frames] to [channels_out, frames]; whole blocks."""
    params = table() if params is None else params
    block = engine.block_frames
    out = np.zeros((engine.channels_out, sound.shape[1]), np.float32)
    assert sound.shape[1] % block == 0
    for at in range(0, sound.shape[1], block):
        engine.process(sound[:, at : at + block], out[:, at : at + block], params)
    return out


def noise(channels: int, frames: int, seed: int = 1, level: float = 0.2) -> np.ndarray:
    """White noise, float32 [channels, frames], of the given standard deviation."""
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((channels, frames))).astype(np.float32)


def tone(frequency_hz: float, frames: int, level: float = 0.5) -> np.ndarray:
    """A sine that starts at zero, float32 [1, frames]."""
    phase = 2 * np.pi * frequency_hz * np.arange(frames) / RATE
    return (level * np.sin(phase)).astype(np.float32)[None]

"""Finding a sound worth pairing: anywhere, near this one, or far from all that are known.

As anguilla's randomise inside and outside a neighbourhood, and MEMLNaut's jolt. Chance is passed
in: a seeded generator finds the same sounds again. All sounds are raw 0..1, float64 [targets].
"""

import numpy as np

from device.errors import ControlError

_CANDIDATES = 64


def anywhere(targets: int, chance: np.random.Generator) -> np.ndarray:
    """A sound [targets], each value as likely as any other."""
    return chance.random(targets)


def near(sound: np.ndarray, reach: float, chance: np.random.Generator) -> np.ndarray:
    """A sound whose every value is at most `reach` (0..1) from that of `sound`, inside 0..1."""
    if not 0 <= reach <= 1:
        raise ControlError(f"a reach of {reach:g} is not within 0..1")
    moved = sound + chance.uniform(-reach, reach, sound.shape)
    # Turned back at the ends rather than cut off there, or many sounds would share the very end.
    return np.clip(np.where(moved > 1, 2 - moved, np.abs(moved)), 0, 1)


def far(sounds: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Of many random sounds that one whose nearest of `sounds` [n, targets] is the farthest.

    Mitchell's best candidate ("Spectrally optimal sampling", SIGGRAPH 1991).
    """
    candidates = chance.random((_CANDIDATES, sounds.shape[1]))
    if not len(sounds):
        return candidates[0]
    # |a-b|² from products: differences would be 64 · 1000 · 160 numbers.
    squared = (candidates**2).sum(1)[:, None] - 2 * candidates @ sounds.T + (sounds**2).sum(1)
    return candidates[int(np.argmax(squared.min(axis=1)))]


def only(found: np.ndarray, sound: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """`found` where `chosen` (bool [targets]) is true, elsewhere `sound` as it was."""
    return np.where(chosen, found, sound)

"""What the instruments hear: synthesised, the same every time, and nobody's recording.

Phrases of the players that the instruments learned from, of seeds that none of them has met.
"""

from collections.abc import Callable

import numpy as np

from device.demo import phrase as plucks
from models.corpus import PLAYERS, Player, drum, plucked, struck, voice
from models.corpus import phrase as played
from models.demos import RATE_HZ
from models.eddy.pieces import piece

PEAK = 0.5


def heard(name: str, seconds: float) -> np.ndarray:
    """What instrument `name` hears, float32 [frames] at 48 kHz, peak at PEAK; silent where
    nothing is played."""
    out = np.zeros(int(seconds * RATE_HZ), np.float32)
    for at_s, sound in INPUTS[name]():
        at = int(at_s * RATE_HZ)
        sound = sound[: len(out) - at]
        out[at : at + len(sound)] += sound
    return out


def _by(player: Player, seconds: float, seed: int) -> np.ndarray:
    """A phrase of one of the corpus' players."""
    sound = played(np.random.default_rng(seed), player, int(seconds * RATE_HZ))
    return _levelled(sound)


def _piece(player: Player, turn: int, seconds: float) -> np.ndarray:
    """A piece of those that eddy learned phrases from, the `turn`-th of a player."""
    index = PLAYERS.index(player) + turn * len(PLAYERS)
    return _levelled(piece(777, index, seconds))


def _levelled(sound: np.ndarray) -> np.ndarray:
    """The sound from its peak at PEAK, without DC, let go in 20 ms."""
    sound = sound - sound.mean()
    sound = sound * (PEAK / max(float(np.abs(sound).max()), 1e-6))
    close = RATE_HZ // 50
    sound[-close:] *= np.linspace(1.0, 0.0, close)
    return sound.astype(np.float32)


Played = list[tuple[float, np.ndarray]]


def _drift() -> Played:
    return [(0.0, _levelled(plucks(16.0, RATE_HZ)))]


def _brook() -> Played:
    return [
        (0.0, _by(voice, 3.5, 136)),
        (3.6, _by(plucked, 2.7, 153)),
        (6.4, _by(drum, 2.5, 212)),
    ]


def _reed() -> Played:
    return [(15.2, _by(voice, 3.6, 319))]


def _eddy() -> Played:
    return [(0.0, _piece(plucked, 2, 5.0)), (12.0, _piece(struck, 0, 3.0))]


INPUTS: dict[str, Callable[[], Played]] = {
    "drift": _drift,
    "brook": _brook,
    "reed": _reed,
    "eddy": _eddy,
}
"""By instrument: at which second what begins. The drums hear nothing."""

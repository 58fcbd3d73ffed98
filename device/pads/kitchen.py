"""What may become of a kit: every change as a function from one to another, without any sound.

random  vary  mix  similar  from a file ...      all chance and all engines are arguments
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from device.errors import ControlError
from device.library.segments import read_mono, segments
from device.pads.bank import PADS
from device.pads.generator import Generator
from device.pads.kit import Kit, Pad
from device.pads.layout import CLASSES

MOST_SEED = 1 << 31


def number_of(pad: float) -> int:
    """The place 0..15 of a pad that a player calls 1..16.

    Raises:
        ControlError: if there is no such pad.
    """
    if not float(pad).is_integer() or not 1 <= pad <= PADS:
        raise ControlError(f"there is no pad {pad:g}; there are 1 to {PADS}")
    return int(pad) - 1


def made(pad: Pad, latents: np.ndarray, rng: np.random.Generator, kind: str = "") -> Pad:
    """A pad with a sound of the drum engine's; its level, place and group stay."""
    return dataclasses.replace(
        pad,
        kind=kind or pad.kind,
        latents=tuple(float(x) for x in latents),
        seed=int(rng.integers(1, MOST_SEED)),
        file="",
        start=0,
        frames=0,
        empty=False,
    )


def randomised(
    kit: Kit, numbers: Sequence[int], engine: Generator, rng: np.random.Generator
) -> Kit:
    """Other drums of their classes on some pads."""
    for number in numbers:
        pad = kit.pads[number]
        latents = engine.random(CLASSES.index(pad.kind), rng)
        kit = kit.with_pad(number, made(pad, latents, rng))
    return kit


def varied(
    kit: Kit, number: int, amount: float, engine: Generator, rng: np.random.Generator
) -> Kit:
    """A drum near the one on a pad.

    Raises:
        ControlError: if the pad is empty or the amount not possible.
    """
    pad = full(kit, number)
    latents = engine.vary(np.array(pad.latents), amount, rng)
    return kit.with_pad(number, made(pad, latents, rng))


def mixed(
    kit: Kit, number: int, parts: Sequence[float], engine: Generator, rng: np.random.Generator
) -> Kit:
    """Pads by weights, onto a pad: `parts` are pads 1..16 and weights in turn.

    Raises:
        ControlError: if one is empty, or a weight is missing or not possible.
    """
    if not parts or len(parts) % 2:
        raise ControlError("give pads and weights in turn, such as 1 0.7 3 0.3")
    chosen = [
        (np.array(full(kit, number_of(pad)).latents), weight)
        for pad, weight in zip(parts[::2], parts[1::2], strict=True)
    ]
    latents = engine.mix(chosen)
    kind, seed = CLASSES[_likeliest(engine, latents)], kit.pads[number_of(parts[0])].seed
    pad = made(kit.pads[number], latents, rng, kind)
    return kit.with_pad(number, dataclasses.replace(pad, seed=seed))


def _likeliest(engine: Generator, latents: np.ndarray) -> int:
    return int(engine.encode(engine.make(latents))[1].argmax())


def from_file(kit: Kit, number: int, path: Path, hit: int, engine: Generator) -> Kit:
    """One hit of a sound file on a pad; it can be varied and mixed like any other.

    Raises:
        AudioError, ControlError: if it cannot be read, or has not so many hits.
    """
    sound = read_mono(path)
    found = segments(sound)
    if not 1 <= hit <= len(found):
        have = f"{len(found)} hits" if found else "nothing to be heard"
        raise ControlError(f"{path.name} has {have} in it; hit {hit} is not there")
    segment = found[hit - 1]
    latents, kinds = engine.encode(sound[segment.start : segment.start + segment.frames])
    pad = dataclasses.replace(
        kit.pads[number],
        kind=CLASSES[int(kinds.argmax())],
        latents=tuple(float(x) for x in latents),
        file=str(path),
        start=segment.start,
        frames=segment.frames,
        empty=False,
    )
    return kit.with_pad(number, pad)


def full(kit: Kit, number: int) -> Pad:
    """A pad with something on it.

    Raises:
        ControlError: if it is empty.
    """
    pad = kit.pads[number]
    if pad.empty:
        raise ControlError(f"pad {number + 1} is empty; put something on it with pads/random")
    return pad

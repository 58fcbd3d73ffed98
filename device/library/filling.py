"""A kit out of a library: on each pad what is most surely of its class, no file twice.

What the library has none of, the drum engine makes.
"""

import dataclasses

import numpy as np

from device.library.library import Library
from device.library.search import Found
from device.pads.generator import Generator
from device.pads.kit import Kit, blank
from device.pads.kitchen import randomised
from device.pads.layout import CLASSES

SURE = 0.5
"""What is less likely of its class is not put on a pad of that class."""
CHOSEN_FROM = 24


def filled(library: Library, engine: Generator, rng: np.random.Generator) -> tuple[Kit, int]:
    """A kit, and how many of its pads are from the library."""
    kit, missing, count = blank(), [], 0
    left = {kind: _candidates(library, kind, rng) for kind in range(len(CLASSES))}
    for number, pad in enumerate(kit.pads):
        candidates = left[CLASSES.index(pad.kind)]
        if not candidates:
            missing.append(number)
            continue
        found = candidates.pop(0)
        kit = kit.with_pad(
            number,
            dataclasses.replace(
                pad,
                latents=found.latents,
                file=str(library.path_of(found)),
                start=found.segment.start,
                frames=found.segment.frames,
                empty=False,
            ),
        )
        count += 1
    return randomised(kit, missing, engine, rng), count


def _candidates(library: Library, kind: int, rng: np.random.Generator) -> list[Found]:
    """Sure ones in an order of chance, so that another time it is another kit."""
    sure = [f for f in library.search.surest(kind, CHOSEN_FROM) if f.sure >= SURE]
    return [sure[n] for n in rng.permutation(len(sure))]

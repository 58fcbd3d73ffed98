"""A demonstration: `python -m device.pads.demo demo.wav`, half a minute of pads, faster than life.

    made up │ varied │ on the way to another kit │ another kit

The pattern is a few lines below; everything goes through the mixer that plays on stage.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from device.audio.clock import VirtualClock
from device.audio.fit import Shape
from device.errors import AudioError, OndineError
from device.pads.bank import PADS, Bank
from device.pads.generator import Generator, shipped
from device.pads.hits import Hits
from device.pads.kit import Kit, blank
from device.pads.kitchen import made, randomised, varied
from device.pads.mixer import Mixer
from device.pads.rendering import place, sound_of
from device.params import default_values

RATE_HZ, BLOCK = 48_000, 256
STEP_S = 60 / 112 / 4
PATTERN = {  # pad: sixteenths of two bars
    0: "x.....x...x.....x.....x..xx.....",
    2: "....x.......x.......x.......x..x",
    3: "............x...............x...",
    6: "x.xxx.xxx.xxx.x.x.xxx.xxx.xxx...",
    10: "..............x...............x.",
    5: ".......................x........",
    9: "..........................x.x...",
    1: "...x.....x.....x...x.....x......",
    13: "x...............................",
}
PARTS = 7


def perform(engine: Generator, folder: Path, seed: int, parts: int = PARTS) -> np.ndarray:
    """The demonstration: float32 [2, frames] at 48 kHz; its tables lie in `folder`."""
    rng, clock, shape = np.random.default_rng(seed), VirtualClock(1.0), Shape(RATE_HZ, BLOCK, 0, 2)
    bank = Bank(folder / "pads", sample_rate_hz=RATE_HZ, create=True)
    hits = Hits(folder / "hits", create=True)
    mixer = Mixer(shape, bank, Hits(hits.path), clock)
    first, last = (randomised(blank(), range(PADS), engine, rng) for _ in range(2))
    params, played, begun_s = default_values(), [], 1.0
    block = np.zeros((2, BLOCK), np.float32)
    for part in range(parts):
        kit = _between(first, last, max(part - 1, 0) / max(parts - 2, 1), engine, rng)
        for number in PATTERN:
            kit = varied(kit, number, 0.3, engine, rng) if part == 1 else kit
            place(bank, number, kit.pads[number])
            bank.put(number, sound_of(kit.pads[number], engine, RATE_HZ))
        for step in range(32):
            struck_s = begun_s + (step + 0.08 * (step % 2)) * STEP_S
            for number, line in PATTERN.items():
                if line[step] == "x":
                    hits.hit(number, 0.85 if step % 4 == 0 else rng.uniform(0.45, 0.75), struck_s)
        begun_s += 32 * STEP_S
        while clock.now() < begun_s:
            block[...] = 0.0
            mixer.add(block, params)
            played.append(block.copy())
            clock.advance(BLOCK / RATE_HZ)
    return np.concatenate(played, axis=1)


def _between(a: Kit, b: Kit, way: float, engine: Generator, rng: np.random.Generator) -> Kit:
    """A kit on the way from one to another: 0..1."""
    for number in PATTERN:
        pair = [np.array(kit.pads[number].latents) for kit in (a, b)]
        latents = engine.mix([(pair[0], 1.0 - way), (pair[1], way)])
        a = a.with_pad(number, made(a.pads[number], latents, rng))
    return a


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a demonstration of the drum engine.")
    parser.add_argument("wav", type=Path)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    import soundfile

    try:
        with tempfile.TemporaryDirectory() as folder:
            sound = perform(Generator(shipped()), Path(folder), options.seed)
        try:
            soundfile.write(options.wav, sound.T, RATE_HZ, subtype="PCM_24")
        except (OSError, RuntimeError) as error:
            raise AudioError(f"cannot write {options.wav}: {error}") from None
    except OndineError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

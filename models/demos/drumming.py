"""Playing a beat: the board, the mixer and the drum engine of the stage, faster than life.

    beat ─► acts ────► board ─► renderer ─► bank ─┐
         └► strokes ─► board ─► queue of hits ────┴─► mixer, block by block ─► sound

Time is a clock that the blocks move on, so nothing waits and the sound is the same every time.
"""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from device.audio.clock import VirtualClock
from device.audio.fit import Shape
from device.errors import ControlError
from device.mapping.disk import Folder
from device.pads.bank import Bank
from device.pads.board import Board
from device.pads.hits import Hits
from device.pads.kit import PLAN
from device.pads.mixer import Mixer
from device.params import FIXED, default_values
from device.play.acts import Acts
from device.render import write_wav
from models.demos import RATE_HZ
from models.demos.beat import Beat, read_beat
from models.demos.script import SCRIPTS, Part
from models.demos.shown import Lane, Shown

BLOCK = 256
TAIL_S = 1.2
GAIN_DB = -5.0
_BEGUN_S = 1.0
_LATE_S = BLOCK / RATE_HZ
"""Strokes are heard one block after they were made."""


def perform(name: str, bundle: Path, folder: Path, progress: Callable[[float], None]) -> Shown:
    """Play the beat of `name` on the drum engine `bundle`; writes NAME.wav.

    Raises:
        OndineError: if the engine or the beat cannot be used, or the file not be written.
    """
    beat = read_beat(SCRIPTS / f"{name}.json")
    with tempfile.TemporaryDirectory() as here:
        played, limited = asyncio.run(_play(beat, bundle, Path(here), progress))
    write_wav(folder / f"{name}.wav", played, RATE_HZ)
    starts = np.cumsum([0, *(part.steps for part in beat.parts)]) * beat.step_s
    parts = tuple(Part(float(at), p.about) for at, p in zip(starts, beat.parts, strict=False))
    return Shown(name, played, None, parts, _lanes(beat), limited)


def strokes(beat: Beat, part: int) -> list[tuple[float, int, float]]:
    """When, which pad 0..15 and how hard, for every stroke of a part."""
    before = sum(each.steps for each in beat.parts[:part])
    return [
        (beat.step_s * (before + at + beat.swing * (at % 2)), pad, velocity)
        for at, pad, velocity in beat.parts[part].strokes
    ]


async def _play(
    beat: Beat, bundle: Path, folder: Path, progress: Callable[[float], None]
) -> tuple[np.ndarray, float]:
    """The sound [2, frames] of a beat, and the share of its blocks that were limited."""
    clock, said = VirtualClock(_BEGUN_S), list[str]()
    bank = Bank(folder / "pads", sample_rate_hz=RATE_HZ, create=True)
    hits = Hits(folder / "hits", create=True)
    mixer = Mixer(Shape(RATE_HZ, BLOCK, 0, 2), bank, hits, clock)
    board = Board(
        folder, Folder(folder / "kits"), say=said.append, clock=clock.now, engine=bundle,
        seed=beat.seed,
    )  # fmt: skip
    acts, params = Acts(board.acts()), default_values()
    params[FIXED["output_gain_db"].slot] = GAIN_DB
    blocks = -(-int((beat.seconds + TAIL_S) * RATE_HZ) // BLOCK)
    out, limited, done, end_s = np.zeros((2, blocks * BLOCK), np.float32), 0, 0, 0.0
    try:
        board.start(asyncio.get_running_loop(), lambda readings: None)
        for number, part in enumerate(beat.parts):
            for line in part.acts:
                spec, arguments = acts.read(line)
                await acts.do(spec.name, arguments)
            if not await asyncio.to_thread(board.rendered) or said:
                raise ControlError(" ".join(said) or "the drums are not rendered after 10 s")
            for at_s, pad, velocity in strokes(beat, number):
                board.strike(pad, velocity, _BEGUN_S + at_s)
            end_s += part.steps * beat.step_s
            last = number == len(beat.parts) - 1
            until = blocks if last else int((end_s - _LATE_S) * RATE_HZ) // BLOCK
            while done < until:
                mixer.add(out[:, done * BLOCK : (done + 1) * BLOCK], params)
                limited += mixer.limited
                clock.advance(BLOCK / RATE_HZ)
                done += 1
                progress(done / blocks)
    finally:
        board.close()
    return out, limited / blocks


def _lanes(beat: Beat) -> tuple[Lane, ...]:
    every = [stroke for part in range(len(beat.parts)) for stroke in strokes(beat, part)]
    found = []
    for pad in sorted({pad for _, pad, _ in every}):
        own = [(at_s, velocity) for at_s, number, velocity in every if number == pad]
        times_s, heights = np.array(own).T
        found.append(Lane(f"pad {pad + 1}, {PLAN[pad]}", times_s, heights, strikes=True))
    return tuple(found)

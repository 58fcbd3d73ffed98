"""Real-time safety: 20 000 steps leave no more blocks behind than they found."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from device.engine.engine import Engine
from tests.bundles import tiny_autoencoder, tiny_breakable, tiny_noise
from tests.device.engine.playing import noise, table

STEPS = 20_000


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("bundle", [tiny_autoencoder(64), tiny_noise(64)])
def test_steps_allocate_nothing_that_stays(bundle):
    engine = Engine(bundle)
    sound = noise(engine.channels_in, 64)
    out = np.zeros((engine.channels_out, 64), np.float32)
    # Calm, gliding, and limiting by turns: every path of a healthy block.
    loud = table(input_gain_db=24.0, output_gain_db=12.0, latent_bias_0=1.0)
    tables = [table(), loud, table(dry_wet=0.5)]
    limited = 0
    for i in range(600):
        engine.process(sound, out, tables[i // 100 % 3])
        limited += engine.limited
    assert 100 <= limited < 600
    gc.collect()
    gc.disable()
    try:
        blocks, resident = sys.getallocatedblocks(), resident_bytes()
        for i in range(STEPS):
            engine.process(sound, out, tables[i // 100 % 3])
        more_blocks = sys.getallocatedblocks() - blocks
        more_resident = resident_bytes() - resident
    finally:
        gc.enable()
    assert more_blocks < 50
    assert more_resident < 1 << 20


def test_a_broken_model_does_not_eat_memory_either():
    engine = Engine(tiny_breakable(64))
    sound, out = noise(1, 64), np.zeros((1, 64), np.float32)
    params = table(model_0=1.0)
    for _ in range(200):
        engine.process(sound, out, params)
    blocks = sys.getallocatedblocks()
    for _ in range(2000):
        engine.process(sound, out, params)
    assert sys.getallocatedblocks() - blocks < 50

"""What the engine costs around the graph, against the goal of docs: 0.15 ms a block."""

import statistics
import time

import numpy as np
import pytest

from device.engine.engine import Engine
from device.engine.step import Step
from tests.bundles import tiny_autoencoder
from tests.device.engine.playing import noise, table

GOAL_S = 150e-6


def median_s(call, times=2000):
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


@pytest.mark.benchmark
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("block", [64, 256, 2048])
def test_a_block_costs_little_around_its_graph(block, channels):
    bundle = tiny_autoencoder(block, channels_in=channels, channels_out=channels)
    engine = Engine(bundle)
    steps = [Step(bundle, name, "fp32") for name in ("encode", "decode")]
    sound = noise(channels, block)  # not DC, which never reaches the limiter
    out = np.zeros_like(sound)
    calm, loud = table(), table(input_gain_db=24.0)

    def play(params):
        engine.process(sound, out, params)

    def limit_and_glide():
        loud[5] = -loud[5] or 0.1
        play(loud)

    graph_s = sum(median_s(step.run) for step in steps)
    calm_s = median_s(lambda: play(calm)) - graph_s
    assert not engine.limited
    busy_s = median_s(limit_and_glide) - graph_s
    assert engine.limited
    print(f"\nblock {block} × {channels}: {calm_s * 1e6:.0f} µs, at most {busy_s * 1e6:.0f} µs")
    assert busy_s < GOAL_S

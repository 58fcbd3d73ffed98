"""Time a step hot on the machine that converts: a ratio to go by, not a promise for a board."""

import time
from collections.abc import Container

import numpy as np

from device.engine.step import Step

_WARM_UP = 5


def median_ms(step: Step, runs: int = 40, keep: Container[str] = ()) -> float:
    """Median time of one step in ms, one thread; inputs in `keep` stay as they are."""
    rng = np.random.default_rng(0)
    for name, port in step.inputs.items():
        if name in keep:
            continue
        port[...] = 0.3 * rng.standard_normal(port.shape, np.float32)
    for _ in range(_WARM_UP):
        step.run()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        step.run()
        seconds.append(time.perf_counter() - begin)
    return 1000.0 * float(np.median(seconds))

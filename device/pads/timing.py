"""What a shot costs this machine: `python -m device.pads.timing`, a line of JSON.

Milliseconds of processor time from latents to sound, as the renderer beside the loop spends them:
what else the machine does meanwhile is not in it. Of each class the 10th, 50th and 90th percentile.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from device.errors import OndineError
from device.pads.generator import Generator, shipped
from device.pads.layout import CLASSES

EACH = 20
SHARES = (10, 50, 90)


def timings(
    engine: Generator, each: int = EACH, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """By class, the percentiles SHARES of the milliseconds that `each` random shots of it take."""
    rng = np.random.default_rng(5)
    engine.make(engine.random(0, rng))  # the first one makes the noise for all
    found = {}
    for kind, name in enumerate(CLASSES):
        took = []
        for _ in range(each):
            latents = engine.random(kind, rng)
            began = clock()
            engine.make(latents)
            took.append(1e3 * (clock() - began))
        found[name] = np.percentile(took, SHARES).round(2).tolist()
    return found


def main() -> int:
    """Print them; 1 if the drum engine is not there."""
    try:
        print(json.dumps(timings(Generator(shipped()))))
    except OndineError as error:
        print(f"timing: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

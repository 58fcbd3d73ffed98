"""The worker: `python -m device.admission.worker`, a process that tries bundles for another.

It loads Python and onnxruntime once, then forks for each examination: no bundle ever meets what a
bundle before it has left. A line with a path in JSON comes in, a line with an `Outcome` goes out.
It ends with its input, or with whoever started it.
"""

import dataclasses
import gc
import json
import os
import sys
from pathlib import Path
from typing import cast

import numpy.random  # noqa: F401 - loaded now: nothing can be opened in the sandbox

from device.admission.allowance import allowance
from device.admission.limits import SLOWEST
from device.admission.outcome import Outcome
from device.admission.sandbox import die_with_parent
from device.admission.watch import watch
from device.manifest import Precision


def try_bundle(path: Path) -> Outcome:
    """Examine a bundle in every precision it can be played in, each in a process of its own."""
    try:
        size = path.stat().st_size
    except OSError as error:
        return Outcome(f"it cannot be read ({error.strerror}). Check the path.")
    outcome = watch(path, None, allowance(size))
    fastest = outcome.slowdown
    for precision in outcome.precisions[1:]:
        if outcome.say:
            break
        after = watch(path, cast(Precision, precision), allowance(size, outcome))
        outcome = dataclasses.replace(
            after,
            cpu_s=outcome.cpu_s + after.cpu_s,
            wall_s=outcome.wall_s + after.wall_s,
            peak_bytes=max(outcome.peak_bytes, after.peak_bytes),
        )
        fastest = min(fastest, after.slowdown)
    if not outcome.say and fastest > SLOWEST:
        # Not said of one precision alone: on a small board a large model plays in int8 only.
        say = f"it is too slow for this machine: {fastest:.0f} s of work for a second of sound"
        outcome = dataclasses.replace(outcome, say=say)
    return dataclasses.replace(outcome, slowdown=fastest)


def main() -> None:
    """Answer until the input ends."""
    die_with_parent()
    # Answers go where nothing else that is loaded here can write.
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    gc.freeze()
    os.write(answers, Outcome(stage="ready").line())
    for line in sys.stdin:
        os.write(answers, try_bundle(Path(json.loads(line))).line())


if __name__ == "__main__":
    main()

"""An nn~ export as players run it today: its own TorchScript, in a process of its own.

    python -m tests.benchmark.torchscript MODEL.ts BLOCK_FRAMES

One thread, inference mode, and TorchScript's own profiling optimiser, warmed up. The process is
its own because conversion turns that optimiser off for good. It answers each line on stdin (a
number of blocks) with a line of JSON: the processor's seconds that encode and decode took for each.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
WARM_UP_BLOCKS = 12
"""The profiling optimiser settles within the first three."""


class TorchScript:
    """The process, seen from outside: `with TorchScript(model, block) as it: it.seconds(4)`."""

    def __init__(self, model: Path, block_frames: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmark.torchscript", str(model), str(block_frames)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def seconds(self, blocks: int) -> list[float]:
        """What each of the next `blocks` blocks takes, encode and decode together.

        Raises:
            RuntimeError: if the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{blocks}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the TorchScript process ended; it says why on stderr")
        return [float(second) for second in json.loads(line)]


def main(model: str, block_frames: str) -> None:
    """Load, warm up, and measure as often as asked."""
    import torch

    torch.set_num_threads(1)
    module = torch.jit.load(model, map_location="cpu").eval()
    sound = 0.1 * torch.randn(8, 1, 1, int(block_frames), generator=torch.manual_seed(0))

    def play(k: int) -> float:
        began_s = time.thread_time()
        module.decode(module.encode(sound[k % 8]))
        return time.thread_time() - began_s

    with torch.inference_mode():
        for k in range(WARM_UP_BLOCKS):
            play(k)
        for line in sys.stdin:
            print(json.dumps([play(k) for k in range(int(line))]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

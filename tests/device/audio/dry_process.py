"""The audio process with the dry engine in a model's place: what tests run as a child.

python dry_process.py RATE BLOCK CHANNELS DELAY STALL_BLOCK STALL_S -- the process's options
"""

import sys
import time

import numpy as np

from device.audio.dry import Dry
from device.audio.process import main


class Stalling(Dry):
    """A dry engine that stalls once, like a model that meets a page fault."""

    stall_block = -1
    stall_s = 0.0
    _blocks = 0

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """As Dry, but one block takes `stall_s` longer."""
        super().process(audio_in, audio_out, params)
        if self._blocks == self.stall_block:
            time.sleep(self.stall_s)
        self._blocks += 1


if __name__ == "__main__":
    own, options = sys.argv[1:7], sys.argv[8:]
    rate, block, channels, delay, stall_block = map(int, own[:5])
    player = Stalling(rate, block, channels, 2, delay)
    player.stall_block, player.stall_s = stall_block, float(own[5])
    sys.exit(main(options, build=lambda *_: player))

"""The stream: what the loop needs of a sound card, whether it is one or not.

A stream hands the loop blocks of input and takes blocks of output, both planar float32
`[channels, frames]`, and keeps one promise: a block's output starts `headroom_frames` after the
block was read, so in → out is block + headroom frames, always. A stream that loses its place (an
xrun, a late block) comes back to exactly that distance; it never shifts.

    card frame    0         B        2B        3B
    input         |  in 0   |  in 1   |  in 2   |
    read returns            ^in 0     ^in 1     ^in 2
    output        | silence ......|  out 0  |  out 1  |      B = block, H = headroom
                                  B+H
"""

import enum
from typing import Protocol

import numpy as np


class Flow(enum.Enum):
    """What became of a block: the answer of `read` and `write`, which raise only for real faults.

    Members are made once, so that the loop compares by identity and allocates nothing.
    """

    OK = "ok"
    """It followed the one before it, frame by frame."""
    GAP = "gap"
    """read: a good block, but frames are missing before it. write: the block came too late."""
    END = "end"
    """read only: the input is over and the block was not filled."""


class Stream(Protocol):
    """Blocks in, blocks out, at a fixed distance."""

    sample_rate_hz: int
    channels_in: int
    channels_out: int
    block_frames: int
    headroom_frames: int
    xruns: int
    """How often the stream lost its place and came back to it."""

    def start(self) -> None:
        """Begin; the first `read` waits for the first block.

        Raises:
            AudioError: if the card or file refuses.
        """

    def read(self, into: np.ndarray) -> Flow:
        """Wait for the next block of input and fill float32 `into` [channels_in, block_frames].

        Raises:
            AudioError: for faults that only opening the stream afresh can mend.
        """

    def write(self, block: np.ndarray) -> Flow:
        """Queue float32 `block` [channels_out, block_frames]: the output of the block last read.

        Raises:
            AudioError: for faults that only opening the stream afresh can mend.
        """

    def left_s(self) -> float:
        """Seconds until what is queued has been played; 0.0 if nothing runs.

        Never raises, and any thread may ask. (`read` and `write` may be called by one thread or
        another, but never by two at once.)
        """

    def close(self) -> None:
        """Let what is queued play out, then let go of card and files. May be called twice."""

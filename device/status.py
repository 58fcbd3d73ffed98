"""The status table: counters that the audio process writes and everyone else may read.

One file of float64 in shared memory, a named slot each (whole numbers are exact to 2^53), and
behind them a histogram of load: bin i counts blocks whose step took i..i+1 percent of the deadline.
"""

import mmap
import os
from pathlib import Path

import numpy as np

from device.errors import AudioError

FIELDS = (
    "magic",
    "heartbeat_s",  # monotonic clock at the last block
    "started_s",
    "pid",
    "blocks",
    "late_blocks",  # steps that missed their deadline
    "xruns",
    "sample_rate_hz",
    "block_frames",
    "headroom_frames",
    "delay_frames",  # the model's
    "step_last_s",
    "step_max_s",
    "peak_in",
    "peak_out",
    "limited_blocks",  # blocks the limiter worked in
    "repaired_blocks",  # blocks that held NaN or Inf and were muted
    "realtime",  # 1 where SCHED_FIFO was granted
    "locked",  # 1 where memory is locked
    "stopped",  # 1 after a clean stop
    "precision_bits",  # 32 or 8
    "first_block_s",  # from process start to the first block written
)
SLOT = {name: i for i, name in enumerate(FIELDS)}
BINS = 201
"""1 percent of the deadline each; the last bin counts everything from 200 percent up."""
_MAGIC = 4_604_500.0
_SIZE = 8 * (len(FIELDS) + BINS)


class Status:
    """The shared status. `values` [FIELDS] and `histogram` [BINS] are live float64 views."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Map the status at `path`; `create` makes it afresh.

        Raises:
            AudioError: if the file is missing or is no status of this version.
        """
        try:
            fd = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o660)
            try:
                if create:
                    os.ftruncate(fd, _SIZE)
                if os.fstat(fd).st_size != _SIZE:
                    raise AudioError(f"{path} is no status of this version; restart Ondine")
                self._map = mmap.mmap(fd, _SIZE)
            finally:
                os.close(fd)
        except FileNotFoundError:
            raise AudioError(f"no audio process has a status at {path}; start Ondine") from None
        except OSError as error:
            if isinstance(error, AudioError):
                raise
            raise AudioError(f"cannot open the status {path}: {error.strerror}") from None
        self.values = np.frombuffer(self._map, np.float64, len(FIELDS))
        self.histogram = np.frombuffer(self._map, np.float64, BINS, 8 * len(FIELDS))
        if create:
            self.values[:] = 0.0
            self.histogram[:] = 0.0
            self.values[0] = _MAGIC
        elif self.values[0] != _MAGIC:
            raise AudioError(f"{path} is no status of this version; restart Ondine")

    def __getitem__(self, name: str) -> float:
        return float(self.values[SLOT[name]])

    def __setitem__(self, name: str, value: float) -> None:
        self.values[SLOT[name]] = value

    def load_percentile(self, percent: float) -> float:
        """The load (share of the deadline, 0..) below which `percent` of the blocks lie."""
        total = self.histogram.sum()
        if total == 0:
            return 0.0
        below = np.cumsum(self.histogram)
        return float(np.searchsorted(below, total * percent / 100.0) + 1) / 100.0

"""Frames of landmarks put together from their parts."""

import numpy as np
from numpy.typing import NDArray

from device.control.dialects.heard import Part


class Frames:
    """The frames that are being put together, by name.

    UDP loses packets. A part with point 0's x begins a frame anew, so that after a loss x and y of
    different moments are never taken for one frame:

        lx ly   lx (ly lost)   lx ly   (lx lost) ly   lx ly
        frame                  frame                  frame
    """

    def __init__(self) -> None:
        self._frames: dict[str, NDArray[np.float64]] = {}

    def put(self, part: Part) -> NDArray[np.float64] | None:
        """Add a part. The frame `[points, axes]` if this made it whole, for the caller to keep."""
        frame = self._frames.get(part.name)
        begins = part.points.start == 0 and part.axes.start == 0
        if begins or frame is None or frame.shape != part.shape:
            # NaN marks what has not come: no dialect lets one through.
            frame = self._frames[part.name] = np.full(part.shape, np.nan, np.float64)
        frame[part.points, part.axes] = part.values
        if np.isnan(frame).any():
            return None
        del self._frames[part.name]
        return frame

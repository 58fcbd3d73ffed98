"""Captures frames of landmarks while a player moves, for PCA to learn from."""

import numpy as np
from numpy.typing import NDArray

MOST_FRAMES = 1000
"""Half a minute of a camera, and more than enough: 7 MB of face mesh."""


class Capture:
    """The frames of one name from first to last, never more than `MOST_FRAMES`.

    When there are too many, every second one is dropped, and of those that come only every second
    one is kept from then on, and so forth: however long it takes, the frames are spread evenly.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._kept: list[NDArray[np.float64]] = []
        self._seen = 0
        self._every = 1

    def see(self, name: str, frame: NDArray[np.float64]) -> None:
        """Take a frame `[points, axes]` if it has the name; one of another shape begins anew."""
        if name != self.name:
            return
        if self._kept and frame.shape != self._kept[0].shape:
            self._kept, self._seen, self._every = [], 0, 1
        if self._seen % self._every == 0:
            if len(self._kept) == MOST_FRAMES:
                self._kept = self._kept[::2]
                self._every *= 2
            self._kept.append(frame)
        self._seen += 1

    @property
    def frames(self) -> NDArray[np.float64]:
        """What was captured, `[frames, points, axes]`, for `device.control.pca.learn`."""
        return np.stack(self._kept) if self._kept else np.zeros((0, 0, 0))

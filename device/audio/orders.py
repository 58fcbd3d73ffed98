"""Orders: what other threads may ask of the loop, and what it tells them, without ever waiting."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.audio.memory import Remembered
    from device.audio.track import Track


class Orders:
    """Plain flags, set by one thread and read by another once a block."""

    def __init__(self) -> None:
        self.stop = False
        """Fade out over one more block, then end."""
        self.reset = False
        """Start the model's memory afresh; the loop clears the flag."""
        self.next: Track | None = None
        """An instrument that is loaded and warm, to be swapped to; the deck takes it."""
        self.shed = False
        """Let go of the spare instruments: memory is short. The deck clears the flag."""
        self.remember: Remembered | None = None
        """Arrays for the deck to copy into what the model remembers; it tells them on."""
        self.late = False
        """The last block came too late and was covered. The loop sets it, the deck clears it."""
        self.told: queue.SimpleQueue[object] = queue.SimpleQueue()
        """What others hear from the loop, and the stagehand from others: see `stagehand.py`. The
        loop only puts, which does not wait, and only when something has changed."""

"""The thread that reads a panel: some hundred turns a second, and what moved in one together."""

import threading
from collections.abc import Callable, Sequence

from device.control.panel.absent import Guarded
from device.control.signal import Hear, Signal

JOIN_S = 2.0


class Poller:
    """Reads parts in a thread of its own and hands their signals over, still in that thread."""

    def __init__(
        self,
        name: str,
        parts: Sequence[Guarded],
        rate_hz: float,
        clock: Callable[[], float],
        hand_over: Hear,
    ) -> None:
        self._parts, self._period_s = parts, 1.0 / rate_hz
        self._clock, self._hand_over = clock, hand_over
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def turn(self, now_s: float) -> None:
        """Read every part whose time it is."""
        found: list[Signal] = []
        for part in self._parts:
            found += part.turn(now_s)
        if found:
            self._hand_over(found)

    def close(self) -> None:
        """Stop, and let go of the parts. One that hangs in the kernel is left to it."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)
        else:
            self._let_go()

    def _run(self) -> None:
        next_s = self._clock()
        try:
            while not self._over.is_set():
                self.turn(self._clock())
                # A turn that took too long is not made up for: the next is a period away.
                next_s = max(next_s + self._period_s, self._clock())
                self._over.wait(max(next_s - self._clock(), 0.0005))
        finally:
            self._let_go()

    def _let_go(self) -> None:
        for part in self._parts:
            part.close()

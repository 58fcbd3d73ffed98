"""Signals gathered between two ticks: of a storm only each control's last value is handed on.

A gate is the exception. A key that is let go and struck again within one tick is a new note, so
its gate is handed on as 0, then 1.
"""

from device.control.signal import Signal


class Gathered:
    """Bounded by the number of names, which MIDI bounds: 16 channels of some 130 signals."""

    def __init__(self) -> None:
        self._latest: dict[str, Signal] = {}
        self._fell: set[str] = set()

    def __len__(self) -> int:
        return len(self._latest)

    def put(self, name: str, value: float, when_s: float) -> None:
        """The signal `name` is at `value`, 0..1, since `when_s`."""
        # It keeps its place in the order: a control that never rests is not put off for ever.
        self._latest[name] = Signal(name, value, when_s)

    def put_gate(self, name: str, open: bool, when_s: float) -> None:
        """The gate `name` opens or closes; one that closed is not forgotten when it opens."""
        if not open:
            self._fell.add(name)
        self.put(name, float(open), when_s)

    def take(self, most: int) -> list[Signal]:
        """Up to `most` signals (and the gates among them that fell), longest waiting first."""
        signals: list[Signal] = []
        for name in list(self._latest)[:most]:
            signal = self._latest.pop(name)
            if name in self._fell:
                self._fell.remove(name)
                if signal.value:
                    signals.append(signal._replace(value=0.0))
            signals.append(signal)
        return signals

    def clear(self) -> None:
        """Forget what was gathered."""
        self._latest.clear()
        self._fell.clear()

"""A simulated panel, and a clock that a test turns by hand."""

from collections.abc import Sequence
from pathlib import Path

from device.control.panel.absent import Guarded
from device.control.panel.leds import Leds
from device.control.panel.parts import i2c_parts, quick_parts
from device.control.panel.profile import PanelProfile
from device.control.panel.simulate import SimulatedWiring
from device.control.signal import Signal


class Stage:
    """The parts of a profile on simulated wiring, read turn by turn."""

    def __init__(self, panel: PanelProfile, script: Path | None = None) -> None:
        self.now_s = 100.0
        self.wiring = SimulatedWiring(panel, self.clock, script)
        self.leds = Leds(self.clock)
        self.parts = [
            Guarded(part)
            for part in (
                *quick_parts(panel, self.wiring, self.leds),
                *i2c_parts(panel, self.wiring),
            )
        ]
        self.heard: list[Signal] = []
        self.values: dict[str, float] = {}

    def clock(self) -> float:
        """The time of the test."""
        return self.now_s

    def play(self, seconds: float, turn_s: float = 0.004) -> Sequence[Signal]:
        """Read the panel for a while; returns what was heard meanwhile."""
        self.heard = []
        for _ in range(round(seconds / turn_s)):
            self.now_s += turn_s
            for part in self.parts:
                self.heard += part.turn(self.now_s)
        self.values |= {signal.name: signal.value for signal in self.heard}
        return self.heard

    def said(self, name: str) -> list[float]:
        """What one control said in the last `play`."""
        return [signal.value for signal in self.heard if signal.name == name]

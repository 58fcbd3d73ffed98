"""The controls: what comes from the sources, conditioned, with the time passed in.

A control that was moved comes to rest some time after its last reading, so `tick` is to be called
every few milliseconds until all are `settled`. Whatever has no settings of its own (streams of
other programs, which know their range) passes as it is, if it is a number.
"""

import math
from collections.abc import Mapping, Sequence

from device.control.signal import Signal
from device.mapping.conditioning import Conditioning, RangeLearner, refuse_unsound

_NEAR = 1e-4
"""A filter that is this near has arrived: a tenth of a 10-bit count, and no end to it otherwise."""
_SLACK = 1e-9
"""Two counts of a converter, as a difference of floats, may be a hair more than two counts."""


class Control:
    """One control on its way: the reading that counts, and where the signal is."""

    def __init__(self, name: str, settings: Conditioning) -> None:
        """`settings` must be sound (`problems_of` finds nothing)."""
        self.name = name
        self.settings = settings
        self._reading: float | None = None
        self._target = 0.0
        self._value = 0.0
        self._when_s = 0.0

    @property
    def value(self) -> float:
        """Where its signal is, 0..1."""
        return self._value

    @property
    def settled(self) -> bool:
        """Whether nothing more comes of it until its next reading."""
        return self._value == self._target

    def hear(self, reading: float, now_s: float) -> Signal | None:
        """Use one reading; a signal if the control's has changed. What is no number is no reading.

        The first one is where the control stands, and is not smoothed.
        """
        if not math.isfinite(reading):
            return self.tick(now_s)
        new = self.settings.inside(reading)
        if self._reading is None:
            self._reading = new
            self._target = self._value = self.settings.position(new)
            self._when_s = now_s if math.isfinite(now_s) else 0.0
            return Signal(self.name, self._value, self._when_s)
        before = self._value
        self._move(now_s)
        away = abs(new - self._reading) > self.settings.deadband + _SLACK
        if away or (self.settings.at_end(new) and new != self._reading):
            self._reading = new
            self._target = self.settings.position(new)
            self._arrive()
        return self._told(before)

    def tick(self, now_s: float) -> Signal | None:
        """Time goes on; a signal if the control's has changed."""
        before = self._value
        self._move(now_s)
        return self._told(before)

    def change(self, settings: Conditioning) -> None:
        """Other settings hold: from where the signal is, it moves to where they put it."""
        self.settings = settings
        if self._reading is not None:
            # Without smoothing, too, it arrives with the next tick, which tells of it.
            self._target = settings.position(self._reading)

    def _move(self, now_s: float) -> None:
        """One pole, over the time that has passed since the last call."""
        if not math.isfinite(now_s):
            return
        # A clock that was set back is taken as it is: waiting for it could take for ever.
        passed_ms = 1000.0 * max(now_s - self._when_s, 0.0)
        self._when_s = now_s
        if not self.settled and self.settings.smoothing_ms > 0.0:
            share = -math.expm1(-passed_ms / self.settings.smoothing_ms)
            self._value += share * (self._target - self._value)
        self._arrive()

    def _arrive(self) -> None:
        if self.settings.smoothing_ms == 0.0 or abs(self._target - self._value) < _NEAR:
            self._value = self._target

    def _told(self, before: float) -> Signal | None:
        if self._value == before:
            return None
        return Signal(self.name, self._value, self._when_s)


class Controls:
    """Every control of a box, by the name of its signal."""

    def __init__(self, settings: Mapping[str, Conditioning]) -> None:
        """Raises:
        ControlError: with everything that is wrong with the settings.
        """
        refuse_unsound(settings)
        self._controls = {name: Control(name, s) for name, s in settings.items()}
        self._learning: dict[str, RangeLearner] = {}

    @property
    def settings(self) -> dict[str, Conditioning]:
        """The settings that hold, by name."""
        return {name: control.settings for name, control in self._controls.items()}

    @property
    def settled(self) -> bool:
        """Whether a tick would change nothing."""
        return all(control.settled for control in self._controls.values())

    def hear(self, signals: Sequence[Signal]) -> list[Signal]:
        """Readings of sources that came together; the signals that they have changed."""
        heard = []
        for signal in signals:
            if learner := self._learning.get(signal.name):
                learner.hear(signal.value)
            if control := self._controls.get(signal.name):
                if changed := control.hear(signal.value, signal.when_s):
                    heard.append(changed)
            elif math.isfinite(signal.value):
                heard.append(signal._replace(value=min(max(signal.value, 0.0), 1.0)))
        return heard

    def tick(self, now_s: float) -> list[Signal]:
        """Time goes on; the signals that have changed by it."""
        moving = [control for control in self._controls.values() if not control.settled]
        return [signal for control in moving if (signal := control.tick(now_s))]

    def change(self, settings: Mapping[str, Conditioning]) -> None:
        """Other settings hold. A control that has some before and after goes on from where it is.

        Raises:
            ControlError: with everything that is wrong with them; the old ones hold then.
        """
        refuse_unsound(settings)
        kept = self._controls
        self._controls = {name: kept.get(name) or Control(name, s) for name, s in settings.items()}
        for name, control in self._controls.items():
            if control.settings != settings[name]:
                control.change(settings[name])

    def learn(self, name: str) -> None:
        """Begin to learn the range of a control: the player moves it from end to end now."""
        self._learning[name] = RangeLearner()

    def learned(self, name: str) -> Conditioning:
        """End it: the new range holds, and the settings with it are returned to be stored.

        Raises:
            ControlError: if the control was hardly moved since `learn`; the old range holds then.
        """
        learner = self._learning.pop(name, RangeLearner())
        control = self._controls.get(name)
        settings = learner.learned(control.settings if control else Conditioning(), name)
        self.change({**self.settings, name: settings})
        return settings

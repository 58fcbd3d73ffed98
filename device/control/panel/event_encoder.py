"""A kernel-decoded encoder as a control."""

from collections.abc import Callable

from device.control.panel.encoder import stepped
from device.control.panel.evdev_encoder import Events, detents
from device.control.panel.profile import EncoderProfile
from device.control.signal import Signal


class EventEncoder:
    """One encoder whose turns come as events."""

    def __init__(self, name: str, open: Callable[[str], Events], profile: EncoderProfile) -> None:
        self.name = f"{name} ({profile.event})"
        self.period_s = 0.0
        self._control, self._open, self._profile = name, open, profile
        self._at = round(profile.default * profile.detents)
        self._events: Events | None = None

    def open(self) -> None:
        """Find it. Raises OSError if it is not there."""
        self._events = self._open(self._profile.event)

    def read(self, now_s: float) -> list[Signal]:
        """Where it stands, if it was turned. Raises OSError if it is gone."""
        assert self._events is not None
        by = detents(self._events.read())
        at = stepped(self._at, by, self._profile.detents, self._profile.wrap)
        if at == self._at:
            return []
        self._at = at
        return [Signal(self._control, at / self._profile.detents, now_s)]

    def lost(self, now_s: float) -> list[Signal]:
        """Nothing: it stays where it was turned to."""
        return []

    def close(self) -> None:
        """Let go of it."""
        events, self._events = self._events, None
        if events is not None:
            events.close()

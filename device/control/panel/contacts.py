"""Everything on pins: encoders, their push buttons, buttons, footswitches and lights.

Buttons are looked at every turn. The edges of encoders come from the library's own thread, are
queued with the level they had and counted here, so that no state is touched by two threads.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from device.control.panel.button import Button, Manner, looked
from device.control.panel.encoder import Turn, resting, stepped, turned
from device.control.panel.leds import Leds
from device.control.panel.pins import Pins
from device.control.panel.profile import ButtonProfile, EncoderProfile, LedProfile
from device.control.signal import Signal

EDGES = 4096
"""Queued between two turns: an encoder spun by hand makes some hundred in a second."""
QUIET_S = 0.05

T = TypeVar("T")
log = logging.getLogger("ondine.panel")


@dataclass
class _Encoder:
    name: str
    profile: EncoderProfile
    at: int
    a: bool = True
    b: bool = True
    turn: Turn = field(default_factory=Turn)
    watched: bool = False
    edge_s: float = -1e9


@dataclass
class _Button:
    name: str
    profile: ButtonProfile
    manner: Manner
    state: Button = field(default_factory=Button)
    looked_at: bool = False
    stuck: bool = False
    """Down since the first look, and not to be believed until it was let go."""


class Contacts:
    """All that is on pins, as one part: either the pins can be used or they cannot.

    A pin that by itself cannot be set up, because something else holds it, is said and left out.
    """

    name = "the pins"
    period_s = 0.0

    def __init__(
        self,
        open: Callable[[], Pins],
        encoders: Mapping[str, EncoderProfile],
        buttons: Mapping[str, ButtonProfile],
        lights: tuple[LedProfile, ...],
        leds: Leds,
    ) -> None:
        pushes = {
            f"{name}/push": ButtonProfile(pin=profile.push)
            for name, profile in encoders.items()
            if profile.push >= 0
        }
        self._open, self._leds, self._all_lights = open, leds, lights
        self._all_encoders = [
            _Encoder(name, profile, round(profile.default * profile.detents))
            for name, profile in encoders.items()
            if not profile.event
        ]
        self._all_buttons = [
            _Button(name, profile, manner(profile))
            for name, profile in {**buttons, **pushes}.items()
        ]
        self._edges: deque[tuple[int, bool]] = deque(maxlen=EDGES)
        self._encoders: list[_Encoder] = []
        self._buttons: list[_Button] = []
        self._lights: list[LedProfile] = []
        self._levels: dict[int, bool] = {}
        self._pins: Pins | None = None

    def open(self) -> None:
        """Set the pins up. Raises OSError if there are none, or none of ours is free."""
        self._pins = pins = self._open()
        self._edges.clear()
        self._levels.clear()
        refused: list[str] = []
        self._encoders = [
            e for e in self._all_encoders if _tried(e.name, refused, self._encoder, e)
        ]
        self._buttons = [b for b in self._all_buttons if _tried(b.name, refused, self._button, b)]
        self._lights = [
            light
            for light in self._all_lights
            if _tried(f"the light at pin {light.pin}", refused, self._light, light)
        ]
        if refused and not (self._encoders or self._buttons or self._lights):
            raise OSError(refused[0])
        for problem in refused:
            log.warning("%s is left out", problem)
        for encoder in self._encoders:
            a_tells = pins.watch(encoder.profile.pin_a, self._edge)
            b_tells = pins.watch(encoder.profile.pin_b, self._edge)
            encoder.watched = a_tells and b_tells

    def read(self, now_s: float) -> list[Signal]:
        """What was turned and pressed. Raises OSError if the pins cannot be read."""
        assert self._pins is not None
        pins = self._pins
        before = {encoder.name: encoder.at for encoder in self._encoders}
        while self._edges:
            self._take(*self._edges.popleft(), now_s)
        for encoder in self._encoders:
            # While edges come in, the level now may be that of an edge still on its way.
            if not encoder.watched or now_s - encoder.edge_s > QUIET_S:
                a, b = pins.read(encoder.profile.pin_a), pins.read(encoder.profile.pin_b)
                self._look(encoder, a, b)
        found = [
            Signal(encoder.name, encoder.at / encoder.profile.detents, now_s)
            for encoder in self._encoders
            if encoder.at != before[encoder.name]
        ]
        closed = [pins.read(b.profile.pin) != b.profile.active_low for b in self._buttons]
        self._doubt(closed)
        for button, contact in zip(self._buttons, closed, strict=True):
            if button.stuck and contact:
                continue
            button.stuck = False
            button.state, said = looked(button.state, contact, now_s, button.manner)
            found += [
                Signal(f"{button.name}/{part}" if part else button.name, float(on), now_s)
                for part, on in said
            ]
        for light in self._lights:
            self._set(light, self._leds.lit(light.shows, now_s))
        return found

    def lost(self, now_s: float) -> list[Signal]:
        """What holds while the pins cannot be used: nothing is pressed, encoders stay."""
        found = []
        for button in self._all_buttons:
            state = button.state
            if state.down and not button.manner.latching:
                found.append(Signal(button.name, 0.0, now_s))
            held = {"long": state.long, "double": state.double}
            found += [
                Signal(f"{button.name}/{part}", 0.0, now_s) for part, on in held.items() if on
            ]
            button.state = Button(on=button.state.on)
        return found

    def close(self) -> None:
        """Let go of the pins, with the lights out."""
        pins, self._pins = self._pins, None
        if pins is None:
            return
        try:
            for light in self._lights:
                pins.write(light.pin, light.active_low)
        finally:
            pins.close()

    def _encoder(self, encoder: _Encoder) -> None:
        assert self._pins is not None
        for pin in (encoder.profile.pin_a, encoder.profile.pin_b):
            self._pins.input(pin, "up")
        encoder.a = self._pins.read(encoder.profile.pin_a)
        encoder.b = self._pins.read(encoder.profile.pin_b)
        encoder.turn = resting(encoder.a, encoder.b)

    def _button(self, button: _Button) -> None:
        assert self._pins is not None
        self._pins.input(button.profile.pin, "up" if button.profile.active_low else "down")
        button.looked_at = button.stuck = False

    def _doubt(self, closed: Sequence[bool]) -> None:
        """At the first look: what is down then is not believed, and nothing is if all of it is."""
        all_down = len(closed) > 1 and all(closed)
        for button, contact in zip(self._buttons, closed, strict=True):
            if not button.looked_at:
                button.looked_at = True
                button.stuck = contact and (all_down or not button.profile.at_start)
                if button.stuck:
                    why = "is down from the start: it counts once it was let go"
                    log.warning("%s: %s", button.name, why)

    def _light(self, light: LedProfile) -> None:
        assert self._pins is not None
        self._pins.output(light.pin, light.active_low)

    def _edge(self, pin: int, level: bool) -> None:
        """In the library's thread."""
        self._edges.append((pin, level))

    def _take(self, pin: int, level: bool, now_s: float) -> None:
        for encoder in self._encoders:
            if pin == encoder.profile.pin_a:
                self._look(encoder, level, encoder.b)
            elif pin == encoder.profile.pin_b:
                self._look(encoder, encoder.a, level)
            else:
                continue
            encoder.edge_s = now_s

    def _look(self, encoder: _Encoder, a: bool, b: bool) -> None:
        encoder.a, encoder.b = a, b
        profile = encoder.profile
        encoder.turn, by = turned(encoder.turn, a, b, profile.quarters)
        if by:
            encoder.at = stepped(encoder.at, by, profile.detents, profile.wrap)

    def _set(self, light: LedProfile, on: bool) -> None:
        assert self._pins is not None
        if self._levels.get(light.pin) != on:
            self._levels[light.pin] = on
            self._pins.write(light.pin, on != light.active_low)


def manner(profile: ButtonProfile) -> Manner:
    """How a button of a profile is read."""
    return Manner(
        profile.kind == "latching",
        profile.debounce_ms / 1e3,
        profile.long_ms / 1e3,
        profile.double_ms / 1e3,
    )


def _tried(name: str, refused: list[str], set_up: Callable[[T], None], what: T) -> bool:
    try:
        set_up(what)
    except OSError as error:
        refused.append(f"{name}: {error}")
        return False
    return True

"""The parts of a panel while it is tried: what each says, and why one does not answer.

The instrument says of a part only that it is gone, and asks for it more and more seldom. Whoever
builds one wants the reason, what to look at, and an answer within a second of plugging it in.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from device.control.panel.absent import Part
from device.control.panel.leds import Leds
from device.control.panel.parts import i2c_parts, quick_parts
from device.control.panel.profile import PanelProfile
from device.control.panel.wiring import Wiring
from device.control.signal import Signal
from device.gig.panel_displays import displays
from device.gig.panel_tasks import Bus

AGAIN_S = 1.0
BLINK_S = 0.5


class OneLight(Leds):
    """Lights and displays, of which one blinks: `chosen`, such as light/1, or none, ""."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.chosen = ""

    def lit(self, shows: tuple[str, ...], now_s: float) -> bool:
        """Whether the light that shows these is on."""
        return any(self.blinks(name, now_s) for name in shows)

    def blinks(self, name: str, now_s: float) -> bool:
        """Whether the one of this name is on."""
        return self.chosen == name and now_s % BLINK_S < BLINK_S / 2


class _Tried:
    """One part, opened anew every second while it does not answer."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.trouble = ""
        self._is_open = False
        self._due_s = 0.0

    def turn(self, now_s: float) -> Sequence[Signal]:
        if now_s < self._due_s:
            return ()
        try:
            if not self._is_open:
                self.part.open()
                self._is_open = True
            found = self.part.read(now_s)
        except Exception as error:  # drivers raise what they like
            self.trouble = str(getattr(error, "strerror", None) or error).rstrip(".")
            self.close()
            self._due_s = now_s + AGAIN_S
            return ()
        self.trouble = ""
        self._due_s = now_s + self.part.period_s
        return found

    def close(self) -> None:
        self._is_open = False
        try:
            self.part.close()
        except Exception:  # it is gone already
            return


class PanelParts(logging.Handler):
    """All parts of a panel. What they log meanwhile is kept: which pin is left out, and why."""

    def __init__(self, panel: PanelProfile, wiring: Wiring, clock: Callable[[], float]) -> None:
        super().__init__(logging.WARNING)
        self.lights = OneLight(clock)
        alone = tuple(replace(led, shows=(f"light/{i}",)) for i, led in enumerate(panel.leds, 1))
        panel = replace(panel, leds=alone)
        self.displays = displays(panel, wiring, self.lights.blinks)
        """In the order of the profile."""
        parts = (
            *quick_parts(panel, wiring, self.lights),
            *i2c_parts(panel, wiring),
            *self.displays,
        )
        self._parts = [_Tried(part) for part in parts]
        self._said: list[str] = []
        self._log = logging.getLogger("ondine.panel")
        self._log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what a part logs."""
        self._said.append(record.getMessage())

    def turn(self, now_s: float) -> list[Signal]:
        """Read every part whose time it is."""
        return [signal for tried in self._parts for signal in tried.turn(now_s)]

    def trouble(self, part: str) -> str:
        """Why the part whose name begins so does not answer; "" if it does."""
        return next((t.trouble for t in self._parts if t.part.name.startswith(part)), "")

    def said(self, name: str) -> str:
        """What was logged of one control, last; "" if nothing."""
        return next((text for text in reversed(self._said) if text.startswith(f"{name}:")), "")

    def close(self) -> None:
        """Let go of everything, with the lights out."""
        self.lights.chosen = ""
        for tried in self._parts:
            tried.close()
        self._log.removeHandler(self)
        super().close()


def advice(bus: Bus, trouble: str, panel: PanelProfile) -> str:
    """What to look at when a part does not answer for this reason; "" if the reason says it."""
    if "pip install" in trouble:
        return ""
    denied, absent = "ermission" in trouble, "No such" in trouble or "no input device" in trouble
    if bus == "spi":
        if denied:
            return "Join the group spi (on a Jetson: gpio), and log in again"
        if absent:
            return (
                "SPI is off: dtparam=spi=on in /boot/firmware/config.txt (on a Jetson: spi1 in "
                "jetson-io), and start again"
            )
        return "Look at its power and its wires CLK, DIN, DOUT and CS: the drawing has their pins"
    if bus == "pins":
        if denied:
            return "Join the group gpio, and log in again"
        return "Does another program hold them? `gpioinfo` tells"
    if bus == "i2c":
        if denied:
            return "Join the group i2c, and log in again"
        if absent:
            return (
                f"I2C bus {panel.i2c_bus} is off: dtparam=i2c_arm=on in /boot/firmware/config.txt "
                "(on a Jetson: another i2c_bus in the profile), and start again"
            )
        return (
            "Look at its power and its wires SDA and SCL; "
            f"`i2cdetect -y {panel.i2c_bus}` lists who answers"
        )
    if denied:
        return "Join the group input, and log in again"
    return "Look at its line dtoverlay=rotary-encoder in /boot/firmware/config.txt"

"""A display while it is tried: its name in a frame, blinking like a light that is asked for."""

from collections.abc import Callable, Sequence
from typing import Any

from device.control.panel.profile import DisplayProfile, PanelProfile
from device.control.panel.simulate import SimulatedWiring
from device.control.panel.wiring import Wiring
from device.control.signal import Signal
from device.oled.glass import Glass, KeptGlass, Oled, simulated
from device.oled.picture import Size, draw

PERIOD_S = 0.1


def card(name: str, size: Size) -> Any:
    """A PIL image of mode "1": the display's name, and a frame whose four sides must be seen.

    Raises:
        OSError: if Pillow is not installed.
    """
    try:
        from PIL import ImageDraw
    except ImportError:
        raise OSError("Pillow is not installed; pip install 'ondine[oled]'") from None
    picture = draw([name, "", f"{size.width} x {size.height}"], size)
    ImageDraw.Draw(picture).rectangle((0, 0, size.width - 1, size.height - 1), outline=1)
    return picture


class TriedDisplay:
    """A `device.control.panel.absent.Part`; `lit` says whether its test card is to be seen."""

    period_s = PERIOD_S

    def __init__(
        self,
        name: str,
        called: str,
        profile: DisplayProfile,
        open_glass: Callable[[], Glass],
        lit: Callable[[str, float], bool],
    ) -> None:
        """`name` is the part's, `called` what is written on it: display/1."""
        self.name, self.called = name, called
        self._size = Size(profile.width, profile.height)
        self._open, self._lit = open_glass, lit
        self.glass: Glass | None = None
        self._shown: bool | None = None

    def open(self) -> None:
        """Find it. Raises OSError if it is not there."""
        self.glass, self._shown = self._open(), None

    def read(self, now_s: float) -> Sequence[Signal]:
        """Show the card or nothing. Raises OSError if it is gone."""
        lit = self._lit(self.called, now_s)
        if lit != self._shown and self.glass is not None:
            self.glass.show(card(self.called, self._size) if lit else draw([], self._size))
            self._shown = lit
        return ()

    def lost(self, now_s: float) -> Sequence[Signal]:
        """Nobody plays by it."""
        return ()

    def close(self) -> None:
        """Dark."""
        glass, self.glass = self.glass, None
        if glass is not None:
            glass.close()


def displays(
    panel: PanelProfile, wiring: Wiring, lit: Callable[[str, float], bool]
) -> list[TriedDisplay]:
    """All displays of a panel, display/1 and so on; simulated ones where the wiring is."""

    def tried(number: int, profile: DisplayProfile) -> TriedDisplay:
        def open_glass() -> Glass:
            if isinstance(wiring, SimulatedWiring):
                return simulated() or KeptGlass()
            return simulated() or Oled(panel.i2c_bus, profile)

        return TriedDisplay(part_of(profile), f"display/{number}", profile, open_glass, lit)

    return [tried(number, profile) for number, profile in enumerate(panel.displays, 1)]


def part_of(profile: DisplayProfile) -> str:
    """What a display is called when it does not answer."""
    return f"the display at I2C {profile.address:#x}"

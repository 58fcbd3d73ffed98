"""The displays that a profile names."""

from collections.abc import Callable
from pathlib import Path

from device.control.panel.profile import DisplayProfile, PanelProfile
from device.oled.display import DisplayPart, Displays
from device.oled.facts import Facts, own_address
from device.oled.glass import Glass, Oled, simulated
from device.oled.picture import Size


def open_displays(
    panel: PanelProfile, status: Path, scene: Callable[[], str]
) -> tuple[Displays, Callable[[str], None]]:
    """A source with all of them, and what tells them a sentence. Nothing is opened yet."""
    facts = Facts(status, scene=scene, address=own_address)

    def part(profile: DisplayProfile) -> DisplayPart:
        def open_glass() -> Glass:
            return simulated() or Oled(panel.i2c_bus, profile)

        name = f"the display at I2C {profile.address:#x}"
        return DisplayPart(name, Size(profile.width, profile.height), open_glass, facts.look)

    return Displays([part(profile) for profile in panel.displays]), facts.say

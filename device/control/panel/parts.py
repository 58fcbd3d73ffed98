"""From a profile to its parts: one per converter, one per sensor, one for all pins.

They are read by two threads. SPI and pins answer within microseconds; on I2C a chip that holds the
clock can stop the kernel for a second, and no knob should wait for that.
"""

from collections import defaultdict

from device.control.panel.absent import Part
from device.control.panel.ads1115 import Ads1115
from device.control.panel.analog import AnalogChip, Channel
from device.control.panel.buses import I2c
from device.control.panel.contacts import Contacts
from device.control.panel.event_encoder import EventEncoder
from device.control.panel.leds import Leds
from device.control.panel.mcp3008 import Mcp3008
from device.control.panel.mpu6050 import MotionSensor
from device.control.panel.profile import AnalogProfile, PanelProfile, named
from device.control.panel.vl53l0x import DistanceSensor
from device.control.panel.wiring import Wiring


def quick_parts(panel: PanelProfile, wiring: Wiring, leds: Leds) -> list[Part]:
    """What hangs on SPI, pins and the kernel's events."""
    parts: list[Part] = [
        AnalogChip(
            f"the MCP3008 at SPI {panel.spi_bus}.{select}",
            lambda select=select, numbers=tuple(channels): Mcp3008(  # type: ignore[misc]
                wiring.spi(panel.spi_bus, select), numbers
            ),
            channels,
        )
        for select, channels in _channels(panel, "mcp3008").items()
    ]
    encoders = dict(zip(named(panel.encoders, "encoder"), panel.encoders, strict=True))
    buttons = dict(zip(named(panel.buttons, "button"), panel.buttons, strict=True))
    if buttons or panel.leds or any(not e.event or e.push >= 0 for e in panel.encoders):
        parts.append(Contacts(wiring.pins, encoders, buttons, panel.leds, leds))
    parts += [EventEncoder(name, wiring.events, e) for name, e in encoders.items() if e.event]
    return parts


def i2c_parts(panel: PanelProfile, wiring: Wiring) -> list[Part]:
    """What hangs on I2C."""

    def open_bus() -> I2c:
        return wiring.i2c(panel.i2c_bus)

    parts: list[Part] = [
        AnalogChip(
            f"the ADS1115 at I2C {address:#x}",
            lambda address=address, numbers=tuple(channels): Ads1115(  # type: ignore[misc]
                open_bus(), address, numbers
            ),
            channels,
        )
        for address, channels in _channels(panel, "ads1115").items()
    ]
    names = named(panel.distances, "distance")
    parts += [
        DistanceSensor(name, open_bus, d) for name, d in zip(names, panel.distances, strict=True)
    ]
    names = named(panel.motions, "motion")
    parts += [MotionSensor(name, open_bus, m) for name, m in zip(names, panel.motions, strict=True)]
    return parts


def _channels(panel: PanelProfile, chip: str) -> dict[int, dict[int, Channel]]:
    """What is on the channels of each chip of a kind, by its select line or address."""
    chips: dict[int, dict[int, Channel]] = defaultdict(dict)
    knobs: list[tuple[str, AnalogProfile]] = [
        *zip(named(panel.knobs, "knob"), panel.knobs, strict=True),
        *zip(named(panel.pedals, "pedal"), panel.pedals, strict=True),
    ]
    for name, knob in knobs:
        if knob.chip == chip:
            where = knob.select if chip == "mcp3008" else knob.address
            chips[where][knob.channel] = Channel(name, knob.default, knob.lost)
    return chips

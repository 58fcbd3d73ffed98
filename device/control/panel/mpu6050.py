"""MPU6050: how the box, or a hand with a sensor, is held and shaken (InvenSense RM-MPU-6000A-00).

Its relatives MPU6500, 9250 and 9255 have the same registers and are taken as well.
"""

from collections.abc import Callable

from device.control.panel.analog import moved
from device.control.panel.buses import I2c
from device.control.panel.profile import MotionProfile
from device.control.panel.tilt import Motion, Tilt, followed
from device.control.signal import Signal

SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG = 0x19, 0x1A, 0x1B, 0x1C
ACCEL_XOUT_H, PWR_MGMT_1, WHO_AM_I = 0x3B, 0x6B, 0x75
KNOWN = (0x68, 0x70, 0x71, 0x73)
COUNTS_PER_G = 8192.0
COUNTS_PER_DEG_S = 65.5
_SETTINGS = (
    (PWR_MGMT_1, 0x01),  # awake, clocked by the gyroscope
    (SMPLRT_DIV, 0x00),
    (CONFIG, 0x03),  # nothing above 44 Hz: hands are slower, and it costs 5 ms
    (GYRO_CONFIG, 0x08),  # ±500 degrees per second
    (ACCEL_CONFIG, 0x08),  # ±4 g
)
_RESOLUTION = 1 / 1000


def motion(data: bytes) -> Motion:
    """The 14 bytes from ACCEL_XOUT_H on, in units.

    Raises:
        OSError: without any gravity: the chip lost its power for a moment, and sleeps.
    """
    words = [int.from_bytes(data[i : i + 2], "big", signed=True) for i in range(0, 14, 2)]
    ax, ay, az, _, gx, gy, gz = words
    if ax == ay == az == 0:
        raise OSError("it measures nothing")
    g, rate = COUNTS_PER_G, COUNTS_PER_DEG_S
    return Motion(ax / g, ay / g, az / g, gx / rate, gy / rate, gz / rate)


class MotionSensor:
    """One MPU6050."""

    def __init__(self, name: str, open: Callable[[], I2c], profile: MotionProfile) -> None:
        self.name = f"{name} (MPU6050 at {profile.address:#x})"
        self.period_s = 0.005
        self._control, self._open, self._profile = name, open, profile
        self._i2c: I2c | None = None
        self._tilt: Tilt | None = None
        self._at_s = 0.0
        self._told: dict[str, float] = {}

    def open(self) -> None:
        """Wake it. Raises OSError if it is not there."""
        self._tilt = None
        self._i2c = i2c = self._open()
        address = self._profile.address
        who = i2c.read(address, WHO_AM_I, 1)[0]
        if who not in KNOWN:
            raise OSError(f"what is there is no MPU6050: it says it is {who:#x}")
        for register, value in _SETTINGS:
            i2c.write(address, register, bytes((value,)))
        # The first measurement is a few milliseconds away, and nothing is no gravity.
        self._at_s = -1.0

    def read(self, now_s: float) -> list[Signal]:
        """What has changed. Raises OSError if it does not answer."""
        assert self._i2c is not None
        data = self._i2c.read(self._profile.address, ACCEL_XOUT_H, 14)
        if self._tilt is None and not any(data):
            if self._at_s < 0:
                self._at_s = now_s
            if now_s - self._at_s < 0.2:
                return []
        self._tilt = followed(self._tilt, motion(data), now_s - self._at_s)
        self._at_s = now_s
        return self._changed(self._values(self._tilt), now_s)

    def lost(self, now_s: float) -> list[Signal]:
        """What holds while it does not answer."""
        if self._told and self._profile.lost == "hold":
            return []
        middle = self._profile.default
        self._told = {}
        return self._changed({"pitch": middle, "roll": middle, "energy": 0.0}, now_s)

    def close(self) -> None:
        """Let go of it."""
        i2c, self._i2c = self._i2c, None
        if i2c is not None:
            i2c.close()

    def _values(self, tilt: Tilt) -> dict[str, float]:
        span = 2.0 * self._profile.range_deg
        wanted = {
            "pitch": 0.5 + tilt.pitch_deg / span,
            "roll": 0.5 + tilt.roll_deg / span,
            "energy": tilt.energy_g / self._profile.range_g,
        }
        return {part: min(max(value, 0.0), 1.0) for part, value in wanted.items()}

    def _changed(self, values: dict[str, float], now_s: float) -> list[Signal]:
        found = []
        for part, value in values.items():
            if moved(self._told.get(part), value, _RESOLUTION):
                self._told[part] = value
                found.append(Signal(f"{self._control}/{part}", value, now_s))
        return found

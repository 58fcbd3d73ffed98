"""VL53L0X: how far away a hand is, by the flight of light.

ST publishes no register map; these are the registers of its API (STSW-IMG005), as Pololu's
vl53l0x-arduino (V. Adams, 2017) made them readable. Here is the least that measures: identity,
the "stop variable", the signal limit, both reference calibrations and single shots. ST's tuning
table and the choice of reference SPADs are left out: with the chip's own values it is a little less
exact behind glass and beyond a metre, where no hand is.

A shot takes some 33 ms. It is started in one turn and fetched in a later one; no turn waits.
"""

from collections.abc import Callable, Iterable

from device.control.panel.buses import I2c
from device.control.panel.profile import DistanceProfile
from device.control.signal import Signal

SYSRANGE_START, SEQUENCE_CONFIG = 0x00, 0x01
INTERRUPT_CONFIG, INTERRUPT_CLEAR, INTERRUPT_STATUS = 0x0A, 0x0B, 0x13
RANGE_STATUS, RANGE_MM = 0x14, 0x1E
SIGNAL_LIMIT, MSRC_CONTROL, GPIO_ACTIVE_HIGH, SUPPLY_CONFIG = 0x44, 0x60, 0x84, 0x89
STOP_VARIABLE, MODEL_ID = 0x91, 0xC0
MODEL = 0xEE
VALID = 11
_CALIBRATIONS = ((0x01, 0x41), (0x02, 0x01))
"""The sequence step and the start command: of the voltage, then of the phase."""
_STEPS = 0xE8
_PRIVATE = ((0x80, 0x01), (0xFF, 0x01), (0x00, 0x00))
_PUBLIC = ((0x00, 0x01), (0xFF, 0x00), (0x80, 0x00))
_LIMIT_S = 0.5
_MISSES = 3
"""So many shots without an echo one after the other mean that nothing is there."""


class Vl53l0x:
    """The chip: opened, it calibrates itself over some turns and then measures for ever."""

    def __init__(self, i2c: I2c, address: int) -> None:
        """Raises OSError if it is not there."""
        self._i2c, self._address = i2c, address
        model = self._byte(MODEL_ID)
        if model != MODEL:
            raise OSError(f"what is there is no VL53L0X: it says it is {model:#x}")
        self._put(((SUPPLY_CONFIG, self._byte(SUPPLY_CONFIG) | 0x01), (0x88, 0x00)))
        self._put(_PRIVATE)
        self._stop = self._byte(STOP_VARIABLE)
        self._put(_PUBLIC)
        self._put(((MSRC_CONTROL, self._byte(MSRC_CONTROL) | 0x12),))
        self._i2c.write(address, SIGNAL_LIMIT, (32).to_bytes(2, "big"))  # 0.25 Mcps as 9.7 bits
        self._put(((INTERRUPT_CONFIG, 0x04),))
        self._put(((GPIO_ACTIVE_HIGH, self._byte(GPIO_ACTIVE_HIGH) & ~0x10),))
        self._put(((INTERRUPT_CLEAR, 0x01),))
        self._left = list(_CALIBRATIONS)
        self._started_s: float | None = None

    def read(self, now_s: float) -> tuple[bool, int] | None:
        """Whether there was an echo, and from how many millimetres; None if it still measures.

        Raises:
            OSError: if it does not answer, or does not finish.
        """
        if self._started_s is None:
            self._start(now_s)
            return None
        if not self._byte(INTERRUPT_STATUS) & 0x07:
            if now_s - self._started_s > _LIMIT_S:
                raise OSError("it does not finish its measurement")
            return None
        found = None
        if self._left:
            self._left.pop(0)
            self._put(((INTERRUPT_CLEAR, 0x01), (SYSRANGE_START, 0x00)))
        else:
            status = self._byte(RANGE_STATUS) >> 3 & 0x0F
            range_mm = int.from_bytes(self._i2c.read(self._address, RANGE_MM, 2), "big")
            self._put(((INTERRUPT_CLEAR, 0x01),))
            found = status == VALID, range_mm
        self._start(now_s)
        return found

    def _start(self, now_s: float) -> None:
        self._started_s = now_s
        if self._left:
            step, command = self._left[0]
            self._put(((SEQUENCE_CONFIG, step), (SYSRANGE_START, command)))
            return
        self._put(((SEQUENCE_CONFIG, _STEPS),))
        self._put((*_PRIVATE, (STOP_VARIABLE, self._stop), *_PUBLIC, (SYSRANGE_START, 0x01)))

    def _byte(self, register: int) -> int:
        return self._i2c.read(self._address, register, 1)[0]

    def _put(self, writes: Iterable[tuple[int, int]]) -> None:
        for register, value in writes:
            self._i2c.write(self._address, register, bytes((value,)))


class DistanceSensor:
    """One VL53L0X as a control."""

    def __init__(self, name: str, open: Callable[[], I2c], profile: DistanceProfile) -> None:
        self.name = f"{name} (VL53L0X at {profile.address:#x})"
        self.period_s = 0.01
        self._control, self._open, self._profile = name, open, profile
        self._i2c: I2c | None = None
        self._chip: Vl53l0x | None = None
        self._misses = 0
        self._told: float | None = None

    def open(self) -> None:
        """Set it up. Raises OSError if it is not there."""
        self._misses = 0
        self._i2c = self._open()
        self._chip = Vl53l0x(self._i2c, self._profile.address)

    def read(self, now_s: float) -> list[Signal]:
        """The distance, if there is a new one. Raises OSError if it does not answer."""
        assert self._chip is not None
        shot = self._chip.read(now_s)
        if shot is None:
            return []
        echo, range_mm = shot
        self._misses = 0 if echo else self._misses + 1
        if echo:
            near, far = self._profile.near_mm, self._profile.far_mm
            return self._tell(min(max((range_mm - near) / (far - near), 0.0), 1.0), now_s)
        return self._tell(1.0, now_s) if self._misses >= _MISSES else []

    def lost(self, now_s: float) -> list[Signal]:
        """What holds while it does not answer."""
        if self._told is not None and self._profile.lost == "hold":
            return []
        self._told = None
        return self._tell(self._profile.default, now_s)

    def close(self) -> None:
        """Let go of it."""
        i2c, self._i2c, self._chip = self._i2c, None, None
        if i2c is not None:
            i2c.close()

    def _tell(self, value: float, now_s: float) -> list[Signal]:
        if value == self._told:
            return []
        self._told = value
        return [Signal(self._control, value, now_s)]

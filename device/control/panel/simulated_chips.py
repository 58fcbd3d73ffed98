"""Chips that are not there, down to the bytes on their bus.

What a player does with them is told by functions: a voltage between 0 and 1, a distance, a tilt.
They are made from the data sheets and not from the drivers, and refuse what a chip would.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Level = Callable[[], float]


class Registers(Protocol):
    """A chip on I2C."""

    def read(self, register: int, count: int) -> bytes:
        """Bytes from a register on."""

    def write(self, register: int, data: bytes) -> None:
        """Bytes to a register."""

    def reset(self) -> None:
        """The power was gone for a moment."""


class SimulatedMcp3008:
    """Microchip DS21295: waits for a start bit, then five clocks of command, then answers.

    The line is high while the chip does not drive it.
    """

    def __init__(self, levels: Mapping[int, Level]) -> None:
        self._levels = levels

    def transfer(self, data: bytes) -> bytes:
        """One selection of the chip."""
        bits = [byte >> (7 - i) & 1 for byte in data for i in range(8)]
        out = [1] * len(bits)
        start = bits.index(1) if 1 in bits else len(bits)
        if start + 5 < len(bits):
            single, *channel = bits[start + 1 : start + 5]
            number = channel[0] << 2 | channel[1] << 1 | channel[2]
            level = self._levels.get(number, lambda: 0.0)() if single else 0.0
            count = min(max(round(level * 1023), 0), 1023)
            answer = [0] + [count >> (9 - i) & 1 for i in range(10)]
            answer += [count >> i & 1 for i in range(1, 10)]  # and once more, backwards
            # One clock to sample, then the null bit, then the number.
            for place, bit in enumerate(answer, start + 6):
                if place < len(out):
                    out[place] = bit
        packed = [int("".join(map(str, out[i : i + 8])), 2) for i in range(0, len(out), 8)]
        return bytes(packed)


class SimulatedAds1115:
    """Texas SBAS444: a config register that starts conversions, and a result 1.2 ms later."""

    def __init__(self, levels: Mapping[int, Level], clock: Callable[[], float]) -> None:
        self._levels, self._clock = levels, clock
        self.reset()

    def reset(self) -> None:
        """As after power-on."""
        self._config, self._result, self._ready_s = 0x0583, 0, -math.inf

    def read(self, register: int, count: int) -> bytes:
        """Bytes from a register on."""
        done = self._clock() >= self._ready_s
        if register == 0x01:
            return ((self._config & 0x7FFF) | (0x8000 if done else 0)).to_bytes(2, "big")[:count]
        if register == 0x00:
            return self._result.to_bytes(2, "big", signed=True)[:count]
        return bytes(count)

    def write(self, register: int, data: bytes) -> None:
        """Bytes to a register."""
        if register != 0x01 or len(data) != 2:
            return
        self._config = int.from_bytes(data, "big")
        if self._config & 0x8000:
            per_s = (8, 16, 32, 64, 128, 250, 475, 860)[self._config >> 5 & 7]
            self._ready_s = self._clock() + 1.0 / per_s
            channel = (self._config >> 12 & 7) - 4
            volts = 3.3 * self._levels[channel]() if channel in self._levels else 0.0
            full = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)[self._config >> 9 & 7]
            self._result = min(round(volts / full * 32768), 32767)


class SimulatedMpu6050:
    """InvenSense RM-MPU-6000A: asleep until woken; measures in the ranges that it was set to.

    Its gyroscope tells by how much it was turned since it was last read.
    """

    def __init__(
        self, pitch_deg: Level, roll_deg: Level, shake_g: Level, clock: Callable[[], float]
    ) -> None:
        self._pitch, self._roll, self._shake, self._clock = pitch_deg, roll_deg, shake_g, clock
        self.reset()

    def reset(self) -> None:
        """As after power-on."""
        self._settings = {0x6B: 0x40, 0x75: 0x68}
        self._last = (self._pitch(), self._roll(), self._clock())

    def read(self, register: int, count: int) -> bytes:
        """Bytes from a register on."""
        data = self._measured() if register <= 0x48 and register + count > 0x3B else b""
        return bytes(
            data[at - 0x3B] if 0 <= at - 0x3B < len(data) else self._settings.get(at, 0)
            for at in range(register, register + count)
        )

    def write(self, register: int, data: bytes) -> None:
        """Bytes to a register."""
        for at, value in enumerate(data, register):
            if at != 0x75:
                self._settings[at] = value

    def _measured(self) -> bytes:
        if self._settings[0x6B] & 0x40:
            return bytes(14)
        now = (self._pitch(), self._roll(), self._clock())
        passed_s = now[2] - self._last[2]
        turned = [(now[i] - self._last[i]) / passed_s if passed_s > 0 else 0.0 for i in (0, 1)]
        self._last = now
        pitch, roll = math.radians(now[0]), math.radians(now[1])
        size = 1.0 + self._shake()
        per_g = 16384 >> (self._settings.get(0x1C, 0) >> 3 & 3)
        gravity = (
            -size * math.sin(pitch),
            size * math.cos(pitch) * math.sin(roll),
            size * math.cos(pitch) * math.cos(roll),
        )
        per_deg_s = 131.0 / (1 << (self._settings.get(0x1B, 0) >> 3 & 3))
        words = [round(part * per_g) for part in gravity]
        words += [0, round(turned[1] * per_deg_s), round(turned[0] * per_deg_s), 0]
        clipped = [min(max(word, -32768), 32767) for word in words]
        return b"".join(word.to_bytes(2, "big", signed=True) for word in clipped)


@dataclass
class SimulatedVl53l0x:
    """ST's sensor: pages behind register 0xFF, calibration before ranging, shots of 33 ms.

    It ranges only if it was given its stop variable back, and measures nonsense uncalibrated.
    """

    distance_mm: Level
    clock: Callable[[], float]
    registers: dict[int, int] = field(default_factory=dict)

    STOP = 0x3C
    SHOT_S = 0.033

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As after power-on."""
        self.registers.clear()
        self.registers |= {0xC0: 0xEE, 0xC1: 0xAA, 0xC2: 0x10, 0x01: 0xFF, 0x84: 0x11}
        self._page, self._stop_given = 0, False
        self._calibrated: set[int] = set()
        self._ready_s, self._range_mm, self._status = math.inf, 0, 0

    def read(self, register: int, count: int) -> bytes:
        """Bytes from a register on."""
        return bytes(self._byte(at) for at in range(register, register + count))

    def write(self, register: int, data: bytes) -> None:
        """Bytes to a register."""
        for at, value in enumerate(data, register):
            self._put(at, value)

    def _byte(self, at: int) -> int:
        if self._page:
            return self.STOP if at == 0x91 else 0
        if at == 0x13:
            return self.registers.get(0x0A, 0) if self.clock() >= self._ready_s else 0
        special = {0x14: self._status << 3, 0x1E: self._range_mm >> 8, 0x1F: self._range_mm & 255}
        return special.get(at, self.registers.get(at, 0))

    def _put(self, at: int, value: int) -> None:
        if at == 0xFF:
            self._page = value
        elif self._page:
            if at == 0x91:
                self._stop_given = value == self.STOP
        elif at == 0x0B:
            self._ready_s = math.inf
        elif at == 0x00 and value & 0x01 and self.registers.get(0x80, 0) == 0:
            self._start(value)
        else:
            self.registers[at] = value

    def _start(self, command: int) -> None:
        steps = self.registers[0x01]
        if steps in (0x01, 0x02):
            self._calibrated |= {steps} if command == (0x41, 0x01)[steps - 1] else set()
            self._ready_s = self.clock() + 0.004
        elif self._stop_given:
            good = self._calibrated == {0x01, 0x02}
            range_mm = self.distance_mm() if good else 20.0
            self._status, self._range_mm = (11, round(range_mm)) if range_mm < 2000 else (4, 8190)
            self._ready_s = self.clock() + self.SHOT_S

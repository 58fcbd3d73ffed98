"""Waiting for frames without blocking: on time, and never for ever."""

import errno

import pytest

from device.audio.clock import VirtualClock
from device.audio.grants import Granted
from device.audio.one_way import STILL_S, OneWay
from device.errors import AudioError

RATE_HZ = 48_000
PERIOD = 256


class Pointer:
    """A card's capture pointer on a virtual clock, that moves by `step` frames."""

    def __init__(self, clock: VirtualClock, step: int) -> None:
        self.clock, self.step = clock, step
        self.taken = 0
        self.looks = 0
        self.stands_at: int | None = None
        self.error = 0

    def avail(self) -> int:
        """As alsaaudio's."""
        self.looks += 1
        self.clock.advance(0.00002)
        frames = int(self.clock.now() * RATE_HZ) if self.stands_at is None else self.stands_at
        return self.error or frames // self.step * self.step - self.taken


def one_way(step: int = 1, block: int = 512) -> tuple[OneWay, Pointer, VirtualClock]:
    clock = VirtualClock(100.0)
    pointer = Pointer(clock, step)
    pointer.taken = int(clock.now() * RATE_HZ) // PERIOD * PERIOD
    granted = Granted(pointer, "S16_LE", 2, RATE_HZ, PERIOD, 4096)
    return OneWay("sim", "input", granted, block, clock), pointer, clock


@pytest.mark.parametrize("step", [1, 48, PERIOD])
@pytest.mark.parametrize("block", [256, 2048])
def test_blocks_are_seen_soon_after_they_are_complete(step: int, block: int) -> None:
    way, pointer, clock = one_way(step, block)
    lateness = []
    for _ in range(400):
        assert way.wait_for(block)
        pointer.taken += block
        # What the pointer says is complete only where it moves; the truth is the clock's.
        complete = -(-pointer.taken // step) * step
        lateness.append(clock.now() * RATE_HZ - complete)
    assert max(lateness[100:]) <= PERIOD / 8 + 6
    assert pointer.looks < 400 * 4


def test_a_pointer_that_stands_still_is_an_error_with_a_name() -> None:
    way, pointer, clock = one_way()
    assert way.wait_for(512)
    pointer.stands_at = int(clock.now() * RATE_HZ)
    began_s = clock.now()
    with pytest.raises(AudioError, match="sim stands still: its input does not move"):
        way.wait_for(4096)
    assert STILL_S < clock.now() - began_s < 0.5


def test_a_thread_that_was_held_up_blames_no_card() -> None:
    way, pointer, clock = one_way(PERIOD)

    class HeldUp(Pointer):
        def avail(self) -> int:
            frames = super().avail()
            self.clock.advance(2.0 * STILL_S if self.looks == 1 else 0.0)
            return frames

    held = HeldUp(clock, PERIOD)
    held.taken = pointer.taken
    way = OneWay("sim", "input", Granted(held, "S16_LE", 2, RATE_HZ, PERIOD, 1 << 20), 512, clock)
    assert way.wait_for(512)


def test_an_xrun_is_no_error_and_a_lost_card_is() -> None:
    way, pointer, _ = one_way()
    pointer.error = -errno.EPIPE
    assert way.avail() == -1
    assert not way.wait_for(512)
    pointer.error = -errno.ENODEV
    with pytest.raises(AudioError, match=r"sim stopped working \(No such device\)"):
        way.wait_for(512)

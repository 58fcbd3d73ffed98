"""The file stream under the loop: latency to the frame, and what happens when a step is late."""

from pathlib import Path

import numpy as np
import pytest

from device.audio.clock import VirtualClock
from device.audio.dry import Dry
from device.audio.file import FileStream
from device.audio.loop import FADE_S, run
from device.audio.orders import Orders
from device.audio.sink import Memory
from device.audio.sound import Sound
from device.params import ParamTable
from device.status import Status

RATE = 48_000
PAIRS = [(256, 256), (512, 128), (2048, 4096), (128, 100)]


class Slow(Dry):
    """A dry engine whose chosen steps take longer, on a virtual clock."""

    def __init__(self, clock: VirtualClock, late: dict[int, float], *shape: int) -> None:
        super().__init__(*shape)
        self._clock, self._slowness, self._step = clock, late, 0

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """As Dry; step i lasts late[i] seconds."""
        super().process(audio_in, audio_out, params)
        self._clock.advance(self._slowness.get(self._step, 0.0))
        self._step += 1


def play(
    folder: Path,
    sound: np.ndarray,
    block: int,
    headroom: int,
    *,
    delay: int = 0,
    late: dict[int, float] | None = None,
) -> tuple[np.ndarray, Status]:
    """What comes out for `sound` [channels, frames], on the card's time axis, and the status."""
    clock = VirtualClock(123.4)
    channels, frames = sound.shape
    engine = Slow(clock, late or {}, RATE, block, channels, channels, delay)
    sink = Memory(channels, frames + block * 8 + headroom + delay)
    stream = FileStream(
        Sound(sound),
        sink,
        clock,
        sample_rate_hz=RATE,
        block_frames=block,
        headroom_frames=headroom,
        channels_out=channels,
        tail_frames=delay,
    )
    status = Status(folder / "status", create=True)
    params = ParamTable(folder / "params", create=True)
    run(stream, engine, params, status, clock, Orders())
    stream.close()
    return sink.audio, status


@pytest.mark.parametrize(("block", "headroom"), PAIRS)
@pytest.mark.parametrize("delay", [0, 37, 3000])
def test_an_impulse_comes_out_block_headroom_and_delay_later(
    tmp_path: Path, block: int, headroom: int, delay: int
) -> None:
    for position in (0, 1, block - 1, block, 3 * block + 17, 6999):
        sound = np.zeros((1, 7000), np.float32)
        sound[0, position] = 0.5
        out, status = play(tmp_path, sound, block, headroom, delay=delay)
        assert np.flatnonzero(out).tolist() == [position + block + headroom + delay]
        assert out[0].max() == 0.5
        assert status["late_blocks"] == status["xruns"] == 0


def test_every_frame_comes_out_in_order(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (2, 10_000)).astype(np.float32)
    out, status = play(tmp_path, sound, 512, 256)
    assert np.array_equal(out[:, 768:10_768], sound)
    assert not out[:, :768].any()
    assert status["blocks"] == 20


@pytest.mark.parametrize(("block", "headroom"), PAIRS)
@pytest.mark.parametrize("blocks_late", [0.5, 1.0, 3.7, 12.0])
def test_after_a_late_step_the_latency_is_what_it_was(
    tmp_path: Path, block: int, headroom: int, blocks_late: float
) -> None:
    frames = 40 * block
    sound = (np.arange(1, frames + 1, dtype=np.float32) / frames)[None]
    late_s = (headroom + blocks_late * block) / RATE
    out, status = play(tmp_path, sound, block, headroom, late={9: late_s})
    assert status["late_blocks"] == status["xruns"] == 1
    heard = np.flatnonzero(out[0])
    came_from = np.rint(out[0, heard] * frames).astype(int) - 1
    shift = heard - came_from
    fade = round(FADE_S * RATE)
    resumed = heard[np.flatnonzero(np.diff(heard) > 1)[0] + 1]
    faded = (heard >= resumed - 1) & (heard < resumed + min(fade, block))
    assert set(shift[~faded].tolist()) == {block + headroom}
    # What is lost is no more than what passed, rounded up to whole blocks, and one block.
    silent = resumed - (10 * block + headroom)
    assert block <= silent <= (blocks_late + 3) * block
    # It rises out of silence: no bang.
    assert out[0, resumed] < 0.01


def test_a_step_that_just_makes_it_is_not_late(tmp_path: Path) -> None:
    sound = np.full((1, 4096), 0.5, np.float32)
    out, status = play(tmp_path, sound, 256, 256, late=dict.fromkeys(range(1, 16), 255 / RATE))
    assert status["late_blocks"] == status["xruns"] == 0
    assert np.array_equal(out[:, 512 : 512 + 4096], sound)
    assert status.load_percentile(50) == pytest.approx(1.0, abs=0.02)


def test_a_step_longer_than_its_block_is_no_dropout_where_more_is_queued(tmp_path: Path) -> None:
    sound = np.full((1, 4096), 0.5, np.float32)
    out, status = play(tmp_path, sound, 256, 1024, late={4: 600 / RATE})
    assert (status["late_blocks"], status["xruns"]) == (0, 0)
    assert np.array_equal(out[:, 1280 : 1280 + 4096], sound)
    # But the load tells of it: 600 frames of 256.
    assert status.histogram[-1] == 1
    assert status["step_max_s"] == pytest.approx(600 / RATE)


def test_a_step_that_is_always_too_slow_is_counted_and_ends(tmp_path: Path) -> None:
    sound = np.full((1, 25_600), 0.5, np.float32)
    _, status = play(tmp_path, sound, 256, 256, late=dict.fromkeys(range(100), 400 / RATE))
    assert status["late_blocks"] == status["blocks"] == status["xruns"] == 50

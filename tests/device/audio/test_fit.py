"""Fit: whatever a player's rate, block and channels, the stream hears it late by one number."""

import numpy as np
import pytest

from device.audio.dry import Dry
from device.audio.fit import Fit, Shape, fit, shape_of
from device.errors import ConfigError
from device.params import default_values

PARAMS = default_values()


def through(player: Fit | Dry, heard: np.ndarray) -> np.ndarray:
    """What comes out while `heard` [channels, frames] goes in, block by block."""
    block = player.block_frames
    made = np.zeros((player.channels_out, heard.shape[1]), np.float32)
    for at in range(0, heard.shape[1] - block + 1, block):
        audio_out = np.zeros((player.channels_out, block), np.float32)
        player.process(heard[:, at : at + block], audio_out, PARAMS)
        made[:, at : at + block] = audio_out
    return made


def noise(channels: int, frames: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, (channels, frames)).astype(np.float32)


@pytest.mark.parametrize(
    ("inner", "block"), [(512, 256), (256, 512), (2048, 64), (480, 512), (512, 480), (100, 77)]
)
@pytest.mark.parametrize("delay", [0, 37])
def test_unlike_blocks_cost_a_constant_delay(inner: int, block: int, delay: int) -> None:
    player = fit(Dry(48_000, inner, delay_frames=delay), Shape(48_000, block, 1, 1))
    heard = noise(1, block * 60)
    made = through(player, heard)
    late = player.delay_frames
    assert late == inner - np.gcd(inner, block) + delay
    assert np.array_equal(made[:, late:], heard[:, :-late] if late else heard)
    assert not made[:, :late].any()


def test_padding_brings_a_fast_player_to_a_given_latency() -> None:
    player = fit(Dry(48_000, 256, delay_frames=10), Shape(48_000, 256, 1, 1), latency_frames=700)
    heard = noise(1, 256 * 12)
    assert player.delay_frames == 700
    assert np.array_equal(through(player, heard)[:, 700:], heard[:, :-700])


@pytest.mark.parametrize(("inner", "rate"), [(44_100, 48_000), (48_000, 44_100), (48_000, 96_000)])
@pytest.mark.parametrize("block", [64, 480, 2048])
def test_another_rate_is_resampled_in_place(inner: int, rate: int, block: int) -> None:
    player = fit(Dry(inner, 512, delay_frames=147), Shape(rate, block, 1, 1))
    frames = np.arange(block * (rate // block))
    wave = lambda n: np.sin(2 * np.pi * 1000.0 * n / rate)  # noqa: E731
    made = through(player, wave(frames)[None].astype(np.float32))[0, : len(frames)]
    # The delay of 147 frames is a fraction of a frame elsewhere; the promise is to the frame.
    behind = player.delay_frames - round(147 * rate / inner) + 147 * rate / inner
    settled = frames[player.delay_frames + 400 :]
    assert np.abs(made[settled] - wave(settled - behind)).max() < 1e-4
    assert player.delay_frames < 512 * rate / inner + block + 147 * rate / inner + 300


def test_channels_are_mapped() -> None:
    heard = noise(2, 1024)
    mono = fit(Dry(48_000, 256), Shape(48_000, 256, 2, 2))
    assert np.allclose(through(mono, heard), np.repeat(heard.mean(0, keepdims=True), 2, 0))
    assert mono.delay_frames == 0


def test_a_player_that_hears_nothing_keeps_time_at_another_rate() -> None:
    player = fit(Dry(44_100, 512, channels_in=0), Shape(48_000, 480, 1, 2))
    assert not through(player, noise(1, 48_000)).any()


def test_what_fits_already_is_left_alone() -> None:
    player = Dry(48_000, 256, delay_frames=10)
    assert fit(player, shape_of(player), latency_frames=10) is player


def test_after_a_reset_it_is_silent_for_its_delay_and_repeats_itself() -> None:
    player = fit(Dry(44_100, 300, delay_frames=5), Shape(48_000, 256, 1, 1))
    heard = noise(1, 256 * 40)
    once = through(player, heard)
    player.reset()
    assert np.array_equal(through(player, heard), once)


def test_peaks_and_repairs_come_from_the_player() -> None:
    player = fit(Dry(48_000, 128), Shape(48_000, 256, 1, 1))
    through(player, np.full((1, 256), 0.25, np.float32))
    assert player.peak_in == player.peak_out == 0.25


def test_an_absurd_latency_is_refused() -> None:
    with pytest.raises(ConfigError, match="latency of 1000000 frames"):
        fit(Dry(48_000, 256), Shape(48_000, 256, 1, 1), latency_frames=1_000_000)

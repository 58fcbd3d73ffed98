"""Latency to the frame through the real alsa-lib and the real audio process, on a simulated card.

The card's input hears the number of every frame, and the dry engine hands it on unchanged, so every
frame of the output tells how old it is. Headrooms last 170 ms, longer than this kind of machine
stalls; should it stall longer all the same, the run is repeated once.
"""

import errno
from pathlib import Path

import numpy as np
import pytest

from device.audio.alsa import period_of
from device.errors import AudioError
from tests.bundles import save, tiny_autoencoder
from tests.device.audio.child import AudioChild
from tests.simcard.simcard import SimCard

NUMBER_BITS = 9
"""Frame numbers are written this high: then S32, float32 and S32 again carry them exactly."""
FADE = 240
RISE = 5 * 512
"""The first sound of a process rises over 50 ms, in whole blocks: at most this many frames."""
DELAY = 37


def numbered(folder: Path, speed: float = 1.0, exact: bool = True) -> SimCard:
    """A card whose input hears the number of every frame, in both channels."""
    card = SimCard(folder, speed=speed, exact=exact)
    numbers = np.arange(len(card.source), dtype=np.int32) << NUMBER_BITS
    card.source[:] = numbers[:, None]
    return card


def heard(card: SimCard, rise: int = RISE) -> tuple[np.ndarray, np.ndarray]:
    """The card frames of the last unbroken stretch of sound, without its fades, and their ages."""
    codes = card.sink[:, 0].astype(np.int64)
    frames = np.flatnonzero(codes)
    breaks = np.flatnonzero(np.diff(frames) > FADE)
    if len(breaks):
        frames = frames[breaks[-1] + 1 :]
    frames = frames[rise + DELAY : -FADE - 1]
    codes = codes[frames]
    assert not (codes & ((1 << NUMBER_BITS) - 1)).any(), "some frames were changed on the way"
    return frames, frames - (codes >> NUMBER_BITS)


def play(
    tmp_path: Path, blocks: int, xruns: int, card_options: dict, headroom: int, **options
) -> SimCard:
    """Play so many blocks, with `xruns` half way; once more if there were others than these."""
    for attempt in ("once", "again"):
        folder = tmp_path / attempt
        folder.mkdir()
        card = numbered(folder, **card_options)
        given = {"--card": card.name, "--headroom": headroom, "--speed": card.speed}
        child = AudioChild(
            folder,
            *(part for name, value in given.items() for part in (name, str(value))),
            environment=card.environment(),
            delay=DELAY,
            **options,
        )
        child.wait_for_blocks(blocks // 2)
        if xruns:
            card.fault("pointer", errno.EPIPE, "playback", count=xruns)
        child.wait_for_blocks(blocks)
        code, out, errors = child.terminate()
        assert code == 0, errors
        status = child.status()
        assert status["stopped"] == 1.0
        if status["xruns"] == xruns and status["late_blocks"] <= xruns:
            return card
    raise AssertionError(f"not the {xruns} xruns expected: {out}")


@pytest.mark.parametrize(
    ("block", "headroom", "speed"),
    [
        pytest.param(512, 2048, 0.25, marks=pytest.mark.slow),
        (256, 1024, 0.125),
        (2048, 8192, 1.0),
    ],
)
def test_every_frame_comes_out_block_headroom_and_delay_later(
    tmp_path: Path, block: int, headroom: int, speed: float
) -> None:
    card = play(tmp_path, 20, 0, {"speed": speed}, block=block, headroom=headroom, channels_in=2)
    frames, ages = heard(card)
    assert len(frames) > 8 * block
    assert set(ages.tolist()) == {block + headroom + DELAY}


@pytest.mark.parametrize(
    "format_name",
    [
        "S16_LE",
        pytest.param("S24_LE", marks=pytest.mark.slow),
        "S24_3LE",
        pytest.param("FLOAT_LE", marks=pytest.mark.slow),
    ],
)
def test_every_format_carries_sound_unchanged(tmp_path: Path, format_name: str) -> None:
    card = SimCard(tmp_path, speed=0.25, format_name=format_name)
    codes = np.random.default_rng(0).integers(-(2**15), 2**15, (60_000, 2))
    card.source[:60_000] = codes << 16
    child = AudioChild(
        tmp_path,
        *("--card", "sim", "--headroom", "2048", "--speed", "0.25"),
        environment=card.environment(),
        channels_in=2,
    )
    child.wait_for_blocks(16)
    code, _, errors = child.terminate()
    assert code == 0, errors
    sound = np.flatnonzero(card.sink[:, 0])[RISE : -FADE - 1]
    # The last stretch, should the machine have stalled.
    sound = sound[np.flatnonzero(np.diff(sound, prepend=-99) > FADE)[-1] :][FADE:]
    assert len(sound) > 512
    assert np.array_equal(card.sink[sound], card.source[sound - 512 - 2048])


@pytest.mark.slow
def test_a_bundle_with_the_real_engine_keeps_its_latency(tmp_path: Path) -> None:
    bundle = tiny_autoencoder(block=512, delay=64)
    path = save(bundle, tmp_path / "delay.ondine")
    expected = 512 + 2048 + bundle.manifest.delay_frames
    positions = np.cumsum(np.random.default_rng(0).integers(300, 700, 200))
    card = SimCard(tmp_path, speed=0.25)
    card.source[positions] = 2**30
    child = AudioChild(
        tmp_path,
        *("--card", "sim", "--headroom", "2048", "--speed", "0.25", "--bundle", str(path)),
        environment=card.environment(),
        dry=False,
    )
    status = child.wait_for_blocks(30)
    first_s, bits = status["first_block_s"], status["precision_bits"]
    code, _, errors = child.terminate()
    assert code == 0, errors
    peaks = np.flatnonzero(np.abs(card.sink[:, 0]) > 2**28)
    assert len(peaks) > 20
    assert set((peaks - expected).tolist()) <= set(positions.tolist())
    assert bits == 32
    assert first_s < 1.5


def test_where_the_pointer_moves_by_the_period_the_latency_is_constant_and_near(
    tmp_path: Path,
) -> None:
    block, headroom = 512, 2048
    card = play(tmp_path, 10, 0, {"speed": 0.25, "exact": False}, block=block, headroom=headroom)
    _, ages = heard(card)
    assert len(set(ages.tolist())) == 1
    assert abs(ages[0] - (block + headroom + DELAY)) < period_of(block, headroom)


@pytest.mark.slow
def test_after_an_xrun_the_latency_is_what_it_was(tmp_path: Path) -> None:
    block, headroom = 512, 2048
    card = play(tmp_path, 24, 1, {"speed": 0.25}, block=block, headroom=headroom)
    frames, ages = heard(card, rise=FADE)
    assert len(frames) > 6 * block
    assert set(ages.tolist()) == {block + headroom + DELAY}
    # The sound came back after silence, and rose out of it.
    start = frames[0] - FADE - DELAY
    assert not card.sink[start - block : start].any()
    assert abs(int(card.sink[start, 0])) < abs(int(card.sink[frames[0], 0])) / 100


@pytest.mark.slow
def test_without_input_blocks_keep_the_pace_of_the_card(tmp_path: Path) -> None:
    card = SimCard(tmp_path, speed=1.0)
    child = AudioChild(
        tmp_path,
        "--card",
        "sim",
        "--headroom",
        "8192",
        environment=card.environment(),
        block=2048,
        channels_in=0,
    )
    status = child.wait_for_blocks(2)
    first, began_s = status["blocks"], status["heartbeat_s"]
    status = child.wait_for_blocks(20)
    seconds = status["heartbeat_s"] - began_s
    played = (status["blocks"] - first) * 2048 / 48_000
    code, _, errors = child.terminate()
    assert (code, card.starts[1]) == (0, 0), errors
    # Unpaced it would be thousands of times too fast; a stalled machine may be a little late.
    assert abs(played - seconds) < 0.2


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    child = AudioChild(tmp_path, "--card", "Missing")
    code, out, errors = child.finish()
    assert (code, out) == (1, "")
    assert "there is no sound card Missing; there are:" in errors
    assert "Traceback" not in errors


def test_a_card_of_another_rate_is_played_at_its_own(tmp_path: Path) -> None:
    card = SimCard(tmp_path, rate_hz=44_100)
    child = AudioChild(tmp_path, "--card", "sim", environment=card.environment())
    status = child.wait_for_blocks(3)
    assert status["sample_rate_hz"] == 44_100
    code, _, errors = child.terminate()
    assert code == 0, errors


def test_unplugged_while_playing_and_plugged_in_again(tmp_path: Path) -> None:
    card = SimCard(tmp_path)
    child = AudioChild(tmp_path, "--card", "sim", environment=card.environment())
    status = child.wait_for_blocks(3)
    card.unplug()
    child.wait_for(lambda: status.text("trouble") != "")
    beat_s = status["heartbeat_s"]
    child.wait_for(lambda: status["heartbeat_s"] > beat_s)
    card.replug()
    child.wait_for_blocks(int(status["blocks"]) + 10)
    assert status.text("trouble") == ""
    assert status["cards_lost"] == 1.0
    code, _, errors = child.terminate()
    assert code == 0, errors
    assert "sim stopped working" in errors
    assert "still plugged in?" in errors


@pytest.mark.parametrize(
    ("block", "headroom", "period"),
    [(2048, 2048, 256), (2048, 4096, 256), (512, 768, 256), (480, 480, 240), (64, 64, 64)],
)
def test_the_period_divides_both(block: int, headroom: int, period: int) -> None:
    assert period_of(block, headroom) == period


def test_a_headroom_that_fits_no_period_is_refused_with_one_that_does() -> None:
    with pytest.raises(AudioError, match=r"1030 frames does not fit a block of 512.*Try 1024"):
        period_of(512, 1030)

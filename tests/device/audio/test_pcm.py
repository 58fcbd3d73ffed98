"""Conversion to and from a card's samples: exact round trips, clipping, channel maps."""

import tracemalloc

import numpy as np
import pytest

from device.audio.pcm import FORMATS, Packer, Unpacker, check_map, map_channels, parse_map
from device.errors import AudioError, ConfigError

FRAMES = 64
STEP = {
    "S16_LE": 2.0**-15,
    "S24_LE": 2.0**-23,
    "S24_3LE": 2.0**-23,
    "S32_LE": 2.0**-24,
    "FLOAT_LE": 2.0**-24,
}


def block(channels: int, seed: int = 0) -> np.ndarray:
    """Sound in ±1, float32 [channels, FRAMES]."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (channels, FRAMES)).astype(np.float32) * np.float32(0.999)


def there_and_back(
    name: str, sound: np.ndarray, card_channels: int, card_map: tuple[int, ...] = ()
) -> np.ndarray:
    """Pack, carry the bytes over, unpack."""
    packer = Packer(name, len(sound), card_channels, FRAMES, card_map)
    unpacker = Unpacker(name, len(sound), card_channels, FRAMES, card_map)
    packer.pack(sound)
    unpacker.raw[:] = packer.raw
    back = np.full_like(sound, np.nan)
    unpacker.unpack(back)
    return back


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_round_trip_is_within_half_a_code(name: str, channels: int) -> None:
    sound = block(channels)
    back = there_and_back(name, sound, channels)
    assert np.abs(back - sound).max() <= STEP[name] / 2


@pytest.mark.parametrize("name", FORMATS)
def test_codes_survive_the_way_back_unchanged(name: str) -> None:
    once = there_and_back(name, block(2), 2)
    assert np.array_equal(there_and_back(name, once, 2), once)


@pytest.mark.parametrize("name", FORMATS)
def test_mono_reaches_both_ears_and_comes_back_as_itself(name: str) -> None:
    sound = block(1)
    packer = Packer(name, 1, 2, FRAMES)
    packer.pack(sound)
    frames = packer.raw.reshape(FRAMES, 2, FORMATS[name].sample_bytes)
    assert np.array_equal(frames[:, 0], frames[:, 1])
    assert np.abs(there_and_back(name, sound, 2) - sound).max() <= STEP[name] / 2


@pytest.mark.parametrize(
    ("name", "dtype", "low", "high"),
    [
        ("S16_LE", "<i2", -(2**15), 2**15 - 1),
        ("S32_LE", "<i4", -(2**31), 2**31 - 128),
        ("FLOAT_LE", "<f4", -1.0, 1.0),
    ],
)
def test_too_loud_is_clipped_and_never_wraps(
    name: str, dtype: str, low: float, high: float
) -> None:
    sound = np.zeros((1, FRAMES), np.float32)
    sound[0, :4] = (1.0, 1.5, 1e30, -1.5)
    packer = Packer(name, 1, 1, FRAMES)
    packer.pack(sound)
    assert packer.raw.view(dtype)[:4].tolist() == [high, high, high, low]


def test_three_byte_codes_by_hand() -> None:
    sound = np.zeros((1, FRAMES), np.float32)
    sound[0, :5] = (1.0, -1.0, 2.0**-23, -(2.0**-23), 0.5)
    packer = Packer("S24_3LE", 1, 1, FRAMES)
    packer.pack(sound)
    assert packer.raw[:15].tobytes().hex(" ", 3) == "ffff7f 000080 010000 ffffff 000040"


def test_channel_maps() -> None:
    left, right = np.full(4, 0.5, np.float32), np.full(4, -0.25, np.float32)
    stereo, mono = np.stack([left, right]), left[None]

    def mapped(source: np.ndarray, channels: int) -> list[float]:
        into = np.full((channels, 4), 9.0, np.float32)
        map_channels(source, into)
        assert (into == into[:, :1]).all()
        return into[:, 0].tolist()

    assert mapped(mono, 1) == [0.5]
    assert mapped(mono, 2) == [0.5, 0.5]
    assert mapped(mono, 4) == [0.5, 0.5, 0.0, 0.0]
    assert mapped(stereo, 1) == [0.125]
    assert mapped(stereo, 4) == [0.5, -0.25, 0.0, 0.0]
    assert mapped(np.concatenate([stereo, mono]), 2) == [0.5, -0.25]
    assert mapped(np.zeros((0, 4), np.float32), 2) == [0.0, 0.0]


@pytest.mark.parametrize("name", FORMATS)
def test_a_card_played_in_part_is_silent_elsewhere(name: str) -> None:
    sound = block(2)
    packer = Packer(name, 2, 6, FRAMES, (5, 2))
    packer.pack(sound)
    frames = packer.raw.reshape(FRAMES, 6, FORMATS[name].sample_bytes)
    whole = Packer(name, 2, 2, FRAMES)
    whole.pack(sound)
    expected = whole.raw.reshape(FRAMES, 2, FORMATS[name].sample_bytes)
    assert np.array_equal(frames[:, [4, 1]], expected)
    assert not frames[:, [0, 2, 3, 5]].any()
    assert np.abs(there_and_back(name, sound, 6, (5, 2)) - sound).max() <= STEP[name] / 2


def test_a_map_is_a_card_of_its_own() -> None:
    mono = block(1)
    packer = Packer("FLOAT_LE", 1, 4, FRAMES, (3, 4))
    packer.pack(mono)
    heard = packer.raw.view("<f4").reshape(FRAMES, 4).T
    assert np.array_equal(heard, np.concatenate([np.zeros((2, FRAMES)), mono, mono]))


def test_of_four_bytes_only_the_lower_three_count() -> None:
    unpacker = Unpacker("S24_LE", 1, 1, FRAMES)
    unpacker.raw[:8] = (0xFF, 0xFF, 0xFF, 0x5A, 0, 0, 0x40, 0xFF)
    back = np.zeros((1, FRAMES), np.float32)
    unpacker.unpack(back)
    assert back[0, :2].tolist() == [-(2.0**-23), 0.5]


def test_maps_as_they_are_written() -> None:
    assert parse_map("3,4") == (3, 4)
    assert parse_map(" 2 ") == (2,)
    for text in ("", "0", "3,,4", "3,3", "-1", "a", "1.5"):
        with pytest.raises(ConfigError, match="list different channels of the card"):
            parse_map(text)
    check_map((1, 8), "Box", "playback", 8)
    with pytest.raises(AudioError, match=r"Box has no channel 9 for capture: .* 1 to 8"):
        check_map((9, 1), "Box", "capture", 8)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("card_map", [(), (2,)])
def test_conversion_allocates_no_array(name: str, card_map: tuple[int, ...]) -> None:
    frames = 8192
    packer = Packer(name, 1, 2, frames, card_map)
    unpacker = Unpacker(name, 1, 2, frames, card_map)
    sound = np.zeros((1, frames), np.float32)
    tracemalloc.start()
    try:
        for _ in range(5):
            packer.pack(sound)
            unpacker.unpack(sound)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(20):
            packer.pack(sound)
            unpacker.unpack(sound)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 256
    assert peak - before < frames, "not even one byte a frame"

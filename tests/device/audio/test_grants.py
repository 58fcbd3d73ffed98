"""What cards grant, and what becomes of a card that grants something else."""

from pathlib import Path

import pytest

from device.audio.grants import Grants, nearest_rate
from device.errors import AudioError
from tests.faults.rig import Rig

ANY = Grants(((8_000, 192_000),), ("S16_LE",), (1, 2), (16, 4096))
CD = Grants(((44_100, 44_100),), ("S16_LE",), (2,), (64, 1024))
SOME = Grants(((44_100, 44_100), (48_000, 48_000), (96_000, 96_000)), ("S32_LE",), (2,), (64, 64))


@pytest.mark.parametrize(
    ("asked", "sides", "rate"),
    [
        (48_000, [ANY], 48_000),
        (48_000, [SOME], 48_000),
        (50_000, [SOME], 96_000),  # The next higher: nothing of the sound is lost.
        (48_000, [CD], 44_100),
        (48_000, [SOME, CD], 44_100),
        (192_000, [SOME, ANY], 96_000),
        (4_000, [ANY], 8_000),
    ],
)
def test_the_nearest_rate(asked: int, sides: list[Grants], rate: int) -> None:
    assert nearest_rate(asked, *sides) == rate


def test_directions_without_a_common_rate() -> None:
    other = Grants(((16_000, 16_000),), (), (), (0, 0))
    with pytest.raises(AudioError, match="only 44100 Hz and 16000 Hz"):
        nearest_rate(48_000, CD, other)


def test_grants_in_words() -> None:
    assert str(ANY) == "8000 to 192000 Hz; S16_LE; 1, 2 channels; periods of 16 to 4096 frames"
    assert SOME.rates() == "44100, 48000, 96000 Hz"


def test_another_rate_is_refused_with_a_list_or_taken(tmp_path: Path) -> None:
    grants = {"rate_hz": 44_100}
    with Rig(tmp_path, "--impatient", grants=grants) as rig:
        assert rig.end() == 1
        assert "48000 Hz was asked and 44100 Hz granted. It grants 44100 Hz." in rig.errors
    with Rig(tmp_path, "--rates", "any", grants=grants) as rig:
        rig.sounds(since=0)
        assert rig.status()["sample_rate_hz"] == 44_100


def test_periods_need_not_divide_the_block(tmp_path: Path) -> None:
    with Rig(tmp_path, grants={"period_frames": 192}) as rig:
        rig.sounds(since=0)
        rig.card.kick("capture")
        rig.sounds(rig.card.frame_now())


def test_a_period_longer_than_the_headroom_is_refused(tmp_path: Path) -> None:
    grants = {"period_frames": 2048, "format_name": "S32_LE"}
    with Rig(tmp_path, "--impatient", headroom=1024, grants=grants) as rig:
        assert rig.end() == 1
        assert "only of 2048, and a headroom of 1024 is shorter" in rig.errors


def test_channels_of_a_large_card(tmp_path: Path) -> None:
    grants = {"channels": 6, "first": 2}
    maps = ["--map-in", "3", "--map-out", "3,4"]
    with Rig(tmp_path, *maps, grants=grants) as rig:
        rig.sounds(since=0)
    with Rig(tmp_path, "--map-in", "7", "--impatient", grants=grants) as rig:
        assert rig.end() == 1
        assert "sim has no channel 7 for capture: it grants channels 1 to 6" in rig.errors

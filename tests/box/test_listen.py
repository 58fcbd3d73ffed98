import numpy as np
import pytest

from tests.box.listen import RATE_HZ, Heard, apart_db, heard_of, heard_of_wav, level_db


def sine(seconds: float, hz: float = 220.0) -> np.ndarray:
    return 0.25 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ + 0.3)


def test_the_first_sound_is_told_by_the_boxs_clock() -> None:
    heard = Heard(np.concatenate((np.zeros(RATE_HZ), sine(1.0))), began_s=3.0)
    assert heard.onset_s() == pytest.approx(4.0, abs=0.001)


def test_silence_has_no_onset() -> None:
    assert Heard(np.zeros(100), 0.0).onset_s() is None
    assert Heard(np.zeros(0), 0.0).onset_s() is None


def test_a_gap_is_told_with_its_length() -> None:
    heard = Heard(np.concatenate((sine(1.0), np.zeros(4800), sine(1.0))), began_s=2.0)
    ((when_s, long_s),) = heard.gaps()
    assert when_s == pytest.approx(3.0, abs=0.001)
    assert long_s == pytest.approx(0.1, abs=0.001)


def test_single_zeros_are_no_gap() -> None:
    assert Heard(sine(1.0, hz=1200.0), 0.0).gaps() == []


def test_a_whole_sine_has_no_breaks() -> None:
    assert Heard(sine(2.0), 0.0).breaks(220.0) == 0


@pytest.mark.parametrize("harm", ["lost", "doubled", "muted"])
def test_a_sine_that_is_harmed_has_breaks(harm: str) -> None:
    whole = sine(1.0)
    harmed = {
        "lost": np.concatenate((whole[:9000], whole[9010:])),
        "doubled": np.concatenate((whole[:9000], whole[8744:])),
        "muted": np.concatenate((whole[:9000], np.zeros(10), whole[9010:])),
    }[harm]
    assert Heard(harmed, 0.0).breaks(220.0) > 0


def test_too_little_to_tell_has_no_breaks() -> None:
    assert Heard(sine(1.0)[:2], 0.0).breaks(220.0) == 0


def test_half_a_frame_at_the_end_is_left_out() -> None:
    raw = np.full((10, 2), 1 << 30, "<i4").tobytes()
    heard = heard_of(raw[:-3], began_s=0.0)
    assert heard.samples.tolist() == [0.5] * 9


def test_a_part_keeps_its_times() -> None:
    heard = Heard(np.arange(4 * RATE_HZ) / RATE_HZ, began_s=10.0).between(11.0, 12.5)
    assert heard.began_s == pytest.approx(11.0)
    assert heard.seconds == pytest.approx(1.5)
    assert heard.samples[0] == pytest.approx(1.0)


def test_the_level_of_a_sine_and_of_silence() -> None:
    assert level_db(Heard(4.0 * sine(1.0), 0.0)) == pytest.approx(-3.01, abs=0.01)
    assert level_db(Heard(np.zeros(100), 0.0)) == pytest.approx(-120.0)
    assert level_db(Heard(np.zeros(0), 0.0)) == pytest.approx(-120.0)


def test_sounds_are_apart_by_what_differs_between_them() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.1, RATE_HZ)
    one = Heard(noise, 0.0)
    assert apart_db(one, one) == 0.0
    # Half as loud everywhere is 6 dB apart in each third octave.
    assert apart_db(one, Heard(0.5 * noise, 3.0)) == pytest.approx(6.02, abs=0.01)
    assert apart_db(one, Heard(np.zeros(RATE_HZ), 0.0)) > 20.0


def test_a_recording_that_was_never_closed_can_be_heard() -> None:
    raw = bytes(44) + np.full((10, 2), 1 << 14, "<i2").tobytes()
    assert heard_of_wav(raw[:-1]).samples.tolist() == [0.5] * 9
    assert heard_of_wav(b"").seconds == 0.0

"""What the cards say of a bundle on the box is measured as it should be."""

import numpy as np
import pytest

from models.as_played import bursts, held_out, in_to_out_ms, manifest, through
from models.corpus import SAMPLE_RATE
from models.measure import BUNDLES


def test_bursts_begin_after_silence_everywhere_in_a_hop():
    sound, starts = bursts(512)
    assert len(starts) == 16
    assert len({start % 512 for start in starts}) > 8
    for start in starts:
        assert np.abs(sound[start - SAMPLE_RATE // 4 : start]).max() == 0
        assert np.abs(sound[start : start + 480]).max() > 0.1


def test_held_out_clips_have_rests_between_them():
    sound = held_out(0.5)
    assert len(sound) == 9 * SAMPLE_RATE
    assert np.abs(sound[SAMPLE_RATE // 2 : SAMPLE_RATE]).max() == 0


def test_the_stated_time_is_a_block_as_much_headroom_and_the_delay():
    passport = {"block_frames": 512, "delay_frames": 416, "sample_rate_hz": 48000}
    assert in_to_out_ms(passport) == pytest.approx(30.0)
    assert manifest(BUNDLES / "brook.ondine")["name"] == "brook"


def test_what_cannot_be_played_is_said_in_the_programs_words(tmp_path):
    bundle = tmp_path / "none.ondine"
    bundle.write_bytes(b"no bundle")
    with pytest.raises(RuntimeError, match=r"ondine render with none\.ondine did not end well: \w"):
        through(bundle, np.zeros(512, np.float32))

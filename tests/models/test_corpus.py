"""The corpus is data: the same seed must give the same samples."""

import numpy as np
import pytest

from models.corpus import PLAYERS, clip, corpus


@pytest.mark.parametrize("index", range(len(PLAYERS)))
def test_a_clip_is_audible_bounded_and_free_of_dc(index):
    sound = clip(5, index, seconds=1.0)
    assert sound.dtype == np.float32
    assert sound.shape == (48000,)
    assert 1e-3 < np.abs(sound).max() <= 1
    assert abs(sound.mean()) < 5e-3


def test_the_same_seed_gives_the_same_samples():
    np.testing.assert_array_equal(corpus(5, 9, 0.5), corpus(5, 9, 0.5))


def test_another_seed_gives_other_samples():
    assert not np.array_equal(clip(5, 0, 0.5), clip(6, 0, 0.5))

"""The delay of chains whose delay is known."""

import numpy as np
import pytest

from convert.delay import median_delay


@pytest.mark.parametrize("at", [0, 1, 700])
def test_a_single_echo_is_its_place(at: int) -> None:
    energy = np.zeros(1000)
    energy[at] = 2.0
    assert median_delay(energy) == at


def test_a_centred_response_is_its_middle() -> None:
    energy = np.zeros(1000)
    energy[200:401] = np.hanning(201)
    assert median_delay(energy) == 300


def test_no_response_or_a_broken_one_is_no_delay() -> None:
    assert median_delay(np.zeros(10)) == 0
    assert median_delay(np.full(10, np.nan)) == 0

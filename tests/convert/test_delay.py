"""The delay of chains whose delay is known, by each of the three ways to find it."""

import numpy as np
import pytest

from convert.delay import measure_delay

BLOCK, LONGEST = 256, 12_000


def late(sound: np.ndarray, frames: int) -> np.ndarray:
    return np.pad(sound, ((0, 0), (frames, 0)))[:, : sound.shape[1]]


@pytest.mark.parametrize("frames", [0, 1, 700, 5_001])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_delay_line_is_known_to_the_frame(frames: int, channels: int) -> None:
    found = measure_delay(lambda x: 0.5 * late(x, frames), channels, BLOCK, LONGEST)
    assert (found.frames, found.found_by) == (frames, "waveform")


def test_a_vocoder_is_known_by_its_loudness() -> None:
    """Noise of its own, as loud as the input was 2000 frames ago."""
    carrier = np.random.default_rng(0).standard_normal(1 << 20)

    def vocode(x: np.ndarray) -> np.ndarray:
        return late(np.abs(x), 2000) * carrier[: x.shape[1]]

    found = measure_delay(vocode, 1, BLOCK, LONGEST)
    assert found.found_by == "envelope"
    assert abs(found.frames - 2000) <= 16


def test_what_follows_no_loudness_answers_at_the_middle_of_its_response() -> None:
    """Full-scale noise whose every frame is steered by the input 3000 ± 200 frames ago."""
    carrier = np.random.default_rng(0).standard_normal(1 << 20)

    def steer(x: np.ndarray) -> np.ndarray:
        smooth = np.convolve(late(x, 2800)[0], np.hanning(401) / 200)[: x.shape[1]]
        return (carrier[: x.shape[1]] * np.cos(smooth))[None]

    found = measure_delay(steer, 1, BLOCK, LONGEST)
    assert found.found_by == "response"
    assert abs(found.frames - 3000) <= 100


def test_no_answer_at_all_is_no_delay() -> None:
    found = measure_delay(np.zeros_like, 1, BLOCK, LONGEST)
    assert (found.frames, found.found_by) == (0, "response")

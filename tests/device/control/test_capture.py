"""Capturing: bounded, evenly spread, of one name and one shape."""

import numpy as np
import pytest

from device.control.capture import MOST_FRAMES, Capture
from device.control.dialect_receiver import DialectReceiver
from device.control.pca import learn
from device.control.reduction import Reduction
from tests.device.control.app_packets import hand, mediapipe_hands


@pytest.mark.parametrize("seen", [0, 1, 999, 1000, 1001, 2500, 9000])
def test_however_long_it_takes_the_frames_are_few_and_evenly_spread(seen):
    capture = Capture("pose")
    for i in range(seen):
        capture.see("pose", np.full((2, 2), float(i)))
    when = capture.frames[:, 0, 0] if seen else np.zeros(0)
    assert min(seen, MOST_FRAMES // 2) <= len(when) <= MOST_FRAMES
    assert len(set(np.diff(when))) <= 1
    if seen:
        assert when[0] == 0
        assert seen - when[-1] <= max(1, seen // (MOST_FRAMES // 2))


def test_other_names_are_left_and_another_shape_begins_anew():
    capture = Capture("pose")
    capture.see("hand/1", np.zeros((21, 2)))
    assert len(capture.frames) == 0
    capture.see("pose", np.zeros((33, 3)))
    capture.see("pose", np.zeros((25, 3)))
    assert capture.frames.shape == (1, 25, 3)


def test_from_an_app_s_packets_to_a_learned_control():
    """A hand goes across the picture; the component that is learned from it follows the hand."""
    capture = Capture("hand/1")
    heard = []
    receiver = DialectReceiver(heard.extend, see=capture.see, reductions=[])
    for i in range(60):
        receiver.receive(mediapipe_hands(hand(x=0.3 + 0.4 * i / 59)), "app", i / 30)
    receiver.reduce_by([Reduction("hand/1", learn(capture.frames, 1), ("across",))])
    heard.clear()
    for x in (0.3, 0.4, 0.5, 0.7, 0.9):
        receiver.receive(mediapipe_hands(hand(x=x)), "app", 9.0)
    across = [signal.value for signal in heard if signal.name == "across"]
    assert across == pytest.approx([0.0, 0.25, 0.5, 1.0, 1.0], abs=1e-5)

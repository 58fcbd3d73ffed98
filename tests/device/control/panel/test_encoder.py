"""Quadrature: whatever the contacts do, the detents that were turned are counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.control.panel.encoder import Turn, resting, stepped, turned

RING = [(True, True), (False, True), (False, False), (True, False)]


def looks(path: list[int], quarters: int = 4) -> int:
    """The detents counted along a path of places in the ring, from its first one on."""
    turn, count = resting(*RING[path[0] % 4]), 0
    for place in path[1:]:
        turn, by = turned(turn, *RING[place % 4], quarters)
        count += by
    return count


def test_one_detent_each_way():
    assert looks([0, 1, 2, 3, 4]) == 1
    assert looks([4, 3, 2, 1, 0]) == -1
    assert looks([0, 1, 0, 1, 0, -1, 0]) == 0


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=200), st.sampled_from([1, 2, 4]))
def test_any_bouncing_yields_the_net_detents(steps, quarters):
    """Bounces are steps between neighbours: any walk, ended on a detent, counts where it ended."""
    path = [0]
    for step in steps:
        path.append(path[-1] + step)
    while path[-1] % quarters:
        path.append(path[-1] + 1)
    assert looks(path, quarters) == path[-1] // quarters


@given(st.integers(-12, 12), st.lists(st.integers(0, 9), min_size=48, max_size=48))
def test_every_contact_bounces_at_every_change(detents, bounces):
    """Each change of a pin goes forth and back an odd number of times before it stays."""
    way = 1 if detents > 0 else -1
    path = [0]
    for bounce in bounces[: 4 * abs(detents)]:
        path += [path[-1] + way, path[-1]] * bounce + [path[-1] + way]
    assert looks(path) == path[-1] // 4 == detents


def test_a_detent_that_was_half_seen_counts():
    assert looks([0, 1, 3, 4]) == 1
    assert looks([0, -1, -3, -4]) == -1


def test_a_jump_has_no_direction():
    assert looks([0, 2, 4]) == 0


def test_an_encoder_that_starts_between_detents():
    assert resting(False, False) == Turn(2)
    assert looks([2, 3, 4]) == 1


@pytest.mark.parametrize(
    ("at", "by", "wrap", "wanted"),
    [(0, -1, False, 0), (24, 3, False, 24), (3, 2, False, 5), (0, -1, True, 23), (23, 2, True, 1)],
)
def test_the_ends(at, by, wrap, wanted):
    assert stepped(at, by, 24, wrap) == wanted

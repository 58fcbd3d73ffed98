"""Lights: what each state looks like."""

import pytest

from device.control.panel.leds import Leds, lit


def picture(state, rung=1, seconds=2.0):
    """Looks every 25 ms, from the middle of the first: # on, . off."""
    looks = [lit(state, 0.0125 + i * 0.025, rung) for i in range(round(seconds / 0.025))]
    return "".join(".#"[on] for on in looks)


@pytest.mark.parametrize(
    ("state", "rung", "drawn"),
    [
        ("off", 1, "." * 40),
        ("starting", 1, "#" * 20 + "." * 20),
        ("playing", 1, "#" * 40),
        ("recording", 1, "#" * 36 + "." * 4),
        ("trouble", 1, "####...." * 5),
        ("leaving", 1, "#" * 40 + "." * 40),
        ("rung", 1, "#" * 6 + "." * 40 + "#" * 6),
        ("rung", 3, ("#" * 6 + "." * 6) * 3 + "." * 34 + "#" * 6),
    ],
)
def test_a_state_looks_as_drawn(state, rung, drawn):
    assert picture(state, rung)[: len(drawn)] == drawn


def test_a_light_shows_only_its_states_and_each_from_its_beginning():
    now_s = 5.3
    leds = Leds(lambda: now_s)
    leds.show("starting")
    assert leds.lit((), 5.3)
    assert leds.lit(("starting", "trouble"), 5.7)
    assert not leds.lit(("trouble",), 5.3)
    assert not leds.lit((), 5.9)
    now_s = 5.9
    leds.show("starting")  # said again, it goes on
    assert not leds.lit((), 5.9)


def test_the_light_of_the_beginning_is_that_of_the_end():
    leds = Leds(lambda: 0.0)
    leds.show("leaving")
    assert leds.lit(("starting", "playing"), 0.9)
    assert not leds.lit(("starting", "playing"), 1.1)
    assert not leds.lit(("trouble",), 0.9)

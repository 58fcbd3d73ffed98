"""What docs/box.md says of each light is what the lights do, on every box that ships."""

import itertools
from pathlib import Path
from typing import get_args

import pytest

from device.config import read_profile
from device.control.panel.leds import Leds, State, lit
from device.rung import Rung

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/box.md").read_text()
SECTION = TEXT.partition("## What each light means")[2].partition("\n## ")[0]
ROWS = {
    cells[0]: cells[1:]
    for line in SECTION.splitlines()
    if line.startswith("| ") and not line.startswith("| state")
    if (cells := [cell.strip() for cell in line.strip("|").split("|")])
}
DRAWN = {
    line[4:15].strip(): line[15:].strip() for line in SECTION.splitlines() if line[:4] == "    "
}
STEP_S = 0.05
"""A character of the picture."""
BOXES = ("pi4", "pi5", "jetson-orin-nano")


def states():
    """Every state and rung, as the page names them."""
    rungs = [f"rung {int(rung)}" for rung in Rung if rung > Rung.MODEL]
    return [name for name in get_args(State) if name != "rung"] + rungs


def of(name):
    state, _, rung = name.partition(" ")
    return state, int(rung or 1)


def test_every_state_has_a_row_and_all_but_darkness_a_picture():
    assert set(ROWS) == set(states())
    assert set(DRAWN) == set(states()) - {"off"}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_what_the_light_does(name):
    state, rung = of(name)
    looks = [lit(state, (i + 0.5) * STEP_S, rung) for i in range(len(DRAWN[name]))]
    assert DRAWN[name] == "".join("▔" if on else "▁" for on in looks)
    # Long enough to show all of it once: four flashes and their pause.
    assert len(looks) * STEP_S >= 2.0


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("name", states())
def test_the_lights_that_the_table_names_are_those_that_shine(box, name):
    state, rung = of(name)
    leds = Leds(lambda: 0.0)
    leds.show(state, rung)
    for led, words in zip(read_profile(ROOT / "hardware" / box / "profile.toml").panel.leds,
                          ROWS[name][:2], strict=True):  # fmt: skip
        shines = any(leds.lit(led.shows, i * STEP_S) for i in range(60))
        assert shines == (words != "–")


@pytest.mark.parametrize(
    ("name", "words", "changes"),
    [
        ("starting", "slow, even", 2),
        ("playing", "steady", 0),
        ("recording", "a wink a second", 2),
        ("leaving", "very slow", 1),
        ("rung 1", "one flash", 2),
        ("rung 2", "two flashes", 4),
        ("rung 3", "three", 6),
        ("rung 4", "four", 8),
        ("trouble", "fast", 10),
    ],
)
def test_the_words_are_those_of_the_rate(name, words, changes):
    """Changes within the first second; of a rung, within its flashes and their pause."""
    assert any(words in cell for cell in ROWS[name][:2])
    state, rung = of(name)
    seconds = 0.3 * rung + 0.85 if state == "rung" else 1.0
    looks = [lit(state, (i + 0.5) * 0.01, rung) for i in range(round(seconds * 100) + 1)]
    assert sum(a != b for a, b in itertools.pairwise(looks)) == changes

"""brook's card tells what was measured, and says so where nothing was."""

import dataclasses

from models.brook.card import against_rave, played_words, stages, unfinished
from models.recipes import BROOK

ROW = {
    "log_spectral_distance_db": 6.0, "multiscale_distance": 5.0, "loudness_error_db": 2.0,
    "level_db": -1.0,
}  # fmt: skip
RAVE = {
    "minutes": 20.0, "steps": 300, "learned": 1_000_000, "bindings": ["CAPACITY = 22"], "lag": 512,
    "held_out": ROW, "raised": ROW,
}  # fmt: skip
FOUND = {
    "training": {"minutes": 20.0, "steps": 9000},
    "size": {"learned": 900_000},
    "reconstruction": {"trained": ROW, "silence": ROW},
}


def test_a_comparison_that_was_not_made_is_not_claimed():
    assert "was not trained" in against_rave(FOUND)
    assert "was not played" in played_words(FOUND)


def test_a_comparison_names_steps_and_minutes_of_both():
    words = against_rave({**FOUND, "against_rave": RAVE})
    assert "| brook as it ships, 20.0 min, 9,000 steps | 6.0 | 5.00 | 2.0 | -1.0 |" in words
    assert "| RAVE, 20.0 min, 300 steps |" in words
    assert "Equally long" not in words


def test_an_unequal_time_is_told_of():
    earlier = {"minutes": 20.0, "steps": 5000, "held_out": ROW}
    found = {**FOUND, "training": {"minutes": 40.0, "steps": 9000}}
    words = against_rave({**found, "against_rave": {**RAVE, "brook": earlier}})
    assert "| brook, earlier, 20.0 min, 5,000 steps |" in words
    assert "RAVE after\n40.0 minutes was not measured" in words


def test_stages_are_numbered_and_what_is_left_of_them_is_said():
    assert [line[:2] for line in stages(BROOK).splitlines()] == ["1.", "2.", "3.", "4."]
    last = sum(stage.steps for stage in BROOK.stages)
    assert unfinished(BROOK, last) == ""
    assert "taken 5 steps before the end" in unfinished(BROOK, last - 5)
    short = dataclasses.replace(BROOK, stages=BROOK.stages[:1])
    assert len(stages(short).splitlines()) == 1

"""What may stand under [midi], and what is said of the rest."""

import pytest

from device.control.midi.settings import ControlProfile, MidiProfile, midi_problems


def test_nothing_is_wrong_with_the_built_in_values():
    assert midi_problems(MidiProfile()) == []


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (MidiProfile(panic=("121",)), "midi.panic has '121'; it may have 120, 123, reset"),
        (
            MidiProfile(controls=(ControlProfile(9, "twos"), ControlProfile(9, "sign"))),
            "midi.controls has 9 twice; leave one",
        ),
        (
            MidiProfile(controls=(ControlProfile(40, "wide"),)),
            "midi.controls has 40 as wide; only 0..31 have a fine half",
        ),
        (
            MidiProfile(controls=(ControlProfile(1, "wide"), ControlProfile(33, "twos"))),
            "midi.controls has 33, which is the fine half of 1; leave one",
        ),
    ],
)
def test_what_cannot_be_is_said(profile, said):
    assert midi_problems(profile) == [said]

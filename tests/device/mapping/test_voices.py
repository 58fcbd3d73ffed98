"""Keys find voices: free ones first, the longest let go first; stolen keys come back."""

import random

import pytest

from device.control.signal import Signal
from device.errors import ControlError
from device.mapping.mapper import Mapper
from device.mapping.patch import Patch
from device.mapping.voices import MOST_VOICES, Voices, voice_routes, voices_of
from device.params import ParamSpec


def levels(signals: list[Signal]) -> dict[str, float]:
    return {s.name: s.value for s in signals if s.name.endswith("level")}


def test_a_chord_takes_a_voice_a_key() -> None:
    voices = Voices(4)
    for note in (60, 64, 67, 71):
        voices.on(note, 100, 0.0)
    assert voices.sounding == {1: 60, 2: 64, 3: 67, 4: 71}


def test_a_stroke_says_pitch_and_level() -> None:
    pitch, level = Voices(4).on(60, 127, 2.5)
    assert pitch == Signal("midi/voice/1/pitch", 60 / 127, 2.5)
    assert level == Signal("midi/voice/1/level", 0.8, 2.5)


def test_a_weak_stroke_is_soft() -> None:
    assert levels(Voices(4).on(60, 1, 0.0)) == {"midi/voice/1/level": 0.5}


def test_letting_go_silences_the_voice_and_leaves_its_pitch() -> None:
    voices = Voices(4)
    voices.on(60, 100, 0.0)
    assert voices.off(60, 1.0) == [Signal("midi/voice/1/level", 0.0, 1.0)]


def test_the_voice_let_go_longest_ago_is_taken() -> None:
    voices = Voices(3)
    for note in (60, 61, 62):
        voices.on(note, 100, 0.0)
    for note in (61, 60, 62):
        voices.off(note, 0.0)
    voices.on(70, 100, 0.0)
    voices.on(71, 100, 0.0)
    assert voices.sounding == {1: 71, 2: 70}


def test_a_key_struck_again_sounds_on_another_voice_so_that_its_last_note_can_fade() -> None:
    voices = Voices(2)
    voices.on(60, 100, 0.0)
    voices.off(60, 0.1)
    assert levels(voices.on(60, 100, 0.2)).keys() == {"midi/voice/2/level"}


def test_a_key_that_is_down_keeps_its_voice() -> None:
    voices = Voices(2)
    voices.on(60, 30, 0.0)
    assert levels(voices.on(60, 127, 0.1)) == {"midi/voice/1/level": 0.8}
    assert voices.sounding == {1: 60}


def test_the_key_held_longest_gives_way_and_comes_back() -> None:
    voices = Voices(2)
    voices.on(60, 100, 0.0)
    voices.on(64, 100, 0.0)
    voices.on(67, 100, 0.0)
    assert voices.sounding == {1: 67, 2: 64}
    back = voices.off(67, 1.0)
    assert back[0] == Signal("midi/voice/1/pitch", 60 / 127, 1.0)
    assert voices.sounding == {1: 60, 2: 64}


def test_a_stolen_key_that_was_let_go_does_not_come_back() -> None:
    voices = Voices(1)
    voices.on(60, 100, 0.0)
    voices.on(64, 100, 0.0)
    assert voices.off(60, 0.1) == []
    assert voices.off(64, 0.2) == [Signal("midi/voice/1/level", 0.0, 0.2)]


def test_the_pedal_holds_until_it_is_lifted() -> None:
    voices = Voices(4)
    voices.pedal(True, 0.0)
    voices.on(60, 100, 0.0)
    voices.on(64, 100, 0.0)
    assert voices.off(60, 0.1) == []
    assert levels(voices.pedal(False, 0.2)) == {"midi/voice/1/level": 0.0}
    assert voices.sounding == {2: 64}


def test_what_only_the_pedal_holds_gives_way_first() -> None:
    voices = Voices(2)
    voices.pedal(True, 0.0)
    voices.on(60, 100, 0.0)
    voices.on(64, 100, 0.0)
    voices.off(64, 0.1)
    voices.on(67, 100, 0.2)
    assert voices.sounding == {1: 60, 2: 67}
    voices.pedal(False, 0.3)
    voices.off(67, 0.4)
    assert voices.sounding == {1: 60}


def test_a_bend_moves_every_voice_that_has_sounded() -> None:
    voices = Voices(4)
    assert voices.bend(1.0, 0.0) == []
    voices.bend(0.0, 0.0)
    voices.on(60, 100, 0.0)
    voices.on(64, 100, 0.0)
    voices.off(64, 0.1)
    assert voices.bend(-2.0, 0.2) == [
        Signal("midi/voice/1/pitch", 58 / 127, 0.2),
        Signal("midi/voice/2/pitch", 62 / 127, 0.2),
    ]
    assert voices.bend(-2.0, 0.3) == []


def test_bent_beyond_the_highest_note_a_pitch_stays_within_reach() -> None:
    voices = Voices(1)
    voices.on(127, 100, 0.0)
    assert voices.bend(2.0, 0.1) == [Signal("midi/voice/1/pitch", 1.0, 0.1)]


def test_a_stroke_without_velocity_lets_go() -> None:
    voices = Voices(4)
    voices.on(60, 100, 0.0)
    voices.on(60, 0, 0.1)
    assert voices.sounding == {}


def test_silence_lets_go_of_everything_the_pedal_included() -> None:
    voices = Voices(2)
    voices.pedal(True, 0.0)
    for note in (60, 64, 67):
        voices.on(note, 100, 0.0)
    silent = voices.silence(0.5)
    assert set(levels(silent).values()) == {0.0}
    assert voices.sounding == {}
    assert voices.off(60, 0.6) == []


@pytest.mark.parametrize("count", [0, -1, MOST_VOICES + 1])
def test_a_count_that_cannot_be_played_is_refused(count: int) -> None:
    with pytest.raises(ControlError, match="voices were asked for"):
        Voices(count)


@pytest.mark.parametrize(("soft", "loud"), [(0.0, 0.5), (0.6, 0.5), (0.5, 1.5)])
def test_levels_that_make_no_sense_are_refused(soft: float, loud: float) -> None:
    with pytest.raises(ControlError, match="levels from"):
        Voices(4, soft=soft, loud=loud)


def test_whatever_is_played_held_keys_and_voices_agree() -> None:
    random.seed(3)
    voices, held = Voices(4), set()
    for _ in range(5000):
        note = random.randrange(48, 60)
        if note in held and random.random() < 0.6:
            held.discard(note)
            voices.off(note, 0.0)
        elif note not in held:
            held.add(note)
            voices.on(note, random.randrange(1, 128), 0.0)
        sounding = list(voices.sounding.values())
        assert len(set(sounding)) == len(sounding) == min(len(held), 4)
        assert set(sounding) <= held


SPECS = {
    f"{what}_{n}": ParamSpec(f"{what}_{n}", what, low, high, low, slot=2 * n + i)
    for n in (1, 2)
    for i, (what, low, high) in enumerate((("note", 0.0, 127.0), ("level", -80.0, 0.0)))
}


def test_an_instrument_has_the_voices_that_are_complete_and_in_a_row() -> None:
    assert voices_of(SPECS) == 2
    assert voices_of({"note_1", "level_1", "note_2", "note_3", "level_3"}) == 1
    assert voices_of({"dry_wet"}) == 0
    assert voice_routes({"dry_wet"}) == ()


def test_keys_reach_the_parameters_in_their_units() -> None:
    mapper = Mapper(Patch(routes=voice_routes(SPECS)), SPECS)
    readings = mapper.apply(Voices(2).on(60, 127, 0.0))
    found = {r.param: SPECS[r.param].value(r.value) for r in readings}
    assert found == pytest.approx({"note_1": 60.0, "level_1": -16.0})

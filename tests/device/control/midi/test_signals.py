"""From messages to signals: controls of all kinds, notes, bend, scenes, panic, and storms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.control.midi.gathered import Gathered
from device.control.midi.parse import Parser
from device.control.midi.rare import EVERY_S, Rare
from device.control.midi.settings import ControlProfile, MidiProfile
from device.control.midi.signals import Translator, bend_of, steps_of
from tests.device.control.midi.wire import control, note_off, note_on, program


class Desk:
    """One port's bytes in, what a tick would hand on out."""

    def __init__(self, **settings):
        self.gathered = Gathered()
        self.scene, self.panic = Rare(), Rare()
        self.parser = Parser()
        profile = MidiProfile(**settings)
        self.translator = Translator(profile, self.gathered, self.scene, self.panic)

    def tick(self, *sent):
        return [told for told in self.tick_all(*sent) if "/voice/" not in told[0]]

    def tick_all(self, *sent):
        """With those of the single voices of a chord."""
        for data in sent:
            for message in self.parser.feed(data):
                self.translator.take(message, 1.0)
        return [(signal.name, signal.value) for signal in self.gathered.take(10_000)]

    def now(self, *sent):
        return dict(self.tick(*sent))


def test_a_control_reaches_both_ends():
    desk = Desk()
    assert desk.tick(control(74, 0)) == [("midi/cc/74", 0.0)]
    assert desk.tick(control(74, 127), control(7, 127)) == [("midi/cc/74", 1), ("midi/cc/7", 1)]


def test_a_signal_carries_its_channel_if_asked_and_other_channels_are_not_heard_if_asked():
    assert Desk(by_channel=True).tick(control(74, 127, 2)) == [("midi/2/cc/74", 1.0)]
    desk = Desk(channel=3)
    assert desk.tick(control(74, 1, 2), note_on(60, 1, 4), program(5, 1)) == []
    assert not desk.scene.waiting
    assert desk.tick(control(74, 127, 3)) == [("midi/cc/74", 1.0)]


def test_of_a_storm_the_last_value_of_each_control_is_handed_on():
    desk = Desk()
    storm = [control(1 + i % 2, i % 128) for i in range(5000)]
    assert desk.tick(*storm) == [("midi/cc/1", 6 / 127), ("midi/cc/2", 7 / 127)]
    assert desk.tick() == []


def test_what_is_gathered_is_bounded_and_handed_on_in_turns():
    desk = Desk(by_channel=True)
    for channel in range(1, 17):
        for number in range(120):
            for message in desk.parser.feed(control(number, 5, channel)):
                desk.translator.take(message, 0.0)
    turns = []
    while desk.gathered:
        turns.append(len(desk.gathered.take(128)))
    assert (len(turns), max(turns), sum(turns)) == (15, 128, 16 * 120)


def test_a_restless_control_does_not_put_the_others_off():
    gathered = Gathered()
    for name in ("a", "b", "a", "c", "a"):
        gathered.put(name, 0.5, 0.0)
    assert [signal.name for signal in gathered.take(2)] == ["a", "b"]
    assert [signal.name for signal in gathered.take(2)] == ["c"]


def test_the_last_key_struck_sounds_and_a_held_one_comes_back():
    desk = Desk()
    assert desk.now(note_on(60, 127)) == {
        "midi/note": 60 / 127,
        "midi/velocity": 1.0,
        "midi/pitch": 60 / 127,
        "midi/gate": 1.0,
    }
    assert desk.now(note_on(64, 10))["midi/note"] == 64 / 127
    back = desk.now(note_off(64))
    assert (back["midi/note"], back["midi/gate"]) == (60 / 127, 1.0)
    # Let go, it stays where it was: it may still fade.
    assert desk.now(note_off(60)) == {"midi/gate": 0.0}


def test_a_key_struck_again_within_a_tick_is_heard_as_a_new_note():
    desk = Desk()
    desk.tick(note_on(60))
    for again in (desk.tick(note_off(60), note_on(60)), desk.tick(note_on(60))):
        assert [value for name, value in again if name == "midi/gate"] == [0.0, 1.0]
    short = desk.tick(note_off(60), note_on(62), note_off(62))
    assert [value for name, value in short if name == "midi/gate"] == [0.0]


def test_the_pedal_keeps_keys_until_it_is_lifted():
    desk = Desk()
    desk.tick(note_on(60), control(64, 127))
    assert desk.now(note_off(60))["midi/gate"] == 1.0
    assert desk.now(control(64, 0)) == {"midi/cc/64": 0.0, "midi/gate": 0.0}


def test_the_wheel_has_a_centre_and_two_ends_and_bends_the_pitch():
    assert [bend_of(value) for value in (0, 8192, 16383)] == [0.0, 0.5, 1.0]
    desk = Desk(bend_semitones=12.0)
    assert desk.now(b"\xe0\x7f\x7f") == {"midi/bend": 1.0}
    assert desk.now(note_on(60))["midi/pitch"] == pytest.approx(72 / 127)
    assert desk.now(b"\xe0\x00\x40")["midi/pitch"] == pytest.approx(60 / 127)


def test_pressure_is_the_channels_or_that_of_the_key_that_sounds():
    desk = Desk()
    assert desk.now(b"\xd0\x7f") == {"midi/pressure": 1.0}
    desk.tick(note_on(60))
    assert desk.now(b"\xa0\x3b\x7f") == {}
    assert desk.now(b"\xa0\x3c\x00") == {"midi/pressure": 0.0}


def test_a_wide_control_has_its_fine_half_and_without_one_still_reaches_the_end():
    desk = Desk(controls=(ControlProfile(16, "wide"),))
    assert desk.tick(control(48, 5)) == []
    assert desk.now(control(16, 127)) == {"midi/cc/16": 1.0}
    assert desk.now(control(48, 127)) == {"midi/cc/16": 1.0}
    assert desk.now(control(16, 64)) == {"midi/cc/16": (64 << 7) / 16383}
    assert desk.now(control(48, 1)) == {"midi/cc/16": (64 << 7 | 1) / 16383}


@pytest.mark.parametrize(
    ("kind", "up", "down"), [("twos", 1, 127), ("sign", 1, 65), ("offset", 65, 63)]
)
def test_an_endless_encoder_steps_from_where_it_is_and_stops_at_the_ends(kind, up, down):
    assert (steps_of(kind, up), steps_of(kind, down)) == (1, -1)
    desk = Desk(controls=(ControlProfile(20, kind),))
    assert desk.now(control(20, up))["midi/cc/20"] == pytest.approx(0.5 + 1 / 127)
    assert desk.now(*[control(20, down)] * 500) == {"midi/cc/20": 0.0}
    # No step is lost to the gathering: 127 of them in one tick are the whole way.
    assert desk.now(*[control(20, up)] * 127)["midi/cc/20"] == pytest.approx(1.0)


def test_resetting_controls_rests_wheel_pressure_and_pedal():
    desk = Desk()
    desk.tick(b"\xe0\x7f\x7f\xd0\x7f", note_on(60), control(64, 127), note_off(60))
    rest = desk.now(control(121, 0))
    assert (rest["midi/bend"], rest["midi/pressure"], rest["midi/gate"]) == (0.5, 0.0, 0.0)
    assert not desk.panic.waiting


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (control(120, 0), ["all sound off"]),
        (control(123, 0), ["all notes off"]),
        (b"\xff", ["reset"]),
        (control(124, 0), []),
    ],
)
def test_panic_lets_go_of_every_key(sent, why):
    desk = Desk()
    desk.tick(note_on(60), note_on(64))
    assert desk.tick(sent) == [("midi/gate", 0.0)]
    assert desk.panic.due(0.0) == why


def test_a_player_chooses_what_is_panic_and_keys_are_let_go_all_the_same():
    desk = Desk(panic=("120",))
    desk.tick(note_on(60))
    assert desk.tick(control(123, 0)) == [("midi/gate", 0.0)]
    assert not desk.panic.waiting


def test_a_program_is_a_scene_and_of_a_storm_the_last():
    desk = Desk()
    desk.tick(program(3))
    assert desk.scene.due(0.0) == [3]
    desk.tick(*[program(i % 128) for i in range(1000)])
    assert desk.scene.due(EVERY_S / 2) == []
    assert (desk.scene.waiting, desk.scene.due(EVERY_S)) == (True, [1000 % 128 - 1])
    assert desk.scene.due(9.0) == []


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_give_signals_from_nought_to_one(stream, by_channel):
    kinds = (ControlProfile(1, "wide"), ControlProfile(2, "twos"), ControlProfile(3, "sign"))
    desk = Desk(by_channel=by_channel, controls=kinds, bend_semitones=96.0)
    for name, value in desk.tick(stream):
        assert 0.0 <= value <= 1.0
        assert name == name.lower()
        assert " " not in name


def test_a_chord_has_a_voice_for_each_key():
    desk = Desk()
    told = dict(desk.tick_all(note_on(60, 127), note_on(64, 1)))
    assert told["midi/voice/1/pitch"] == 60 / 127
    assert told["midi/voice/2/pitch"] == 64 / 127
    assert told["midi/voice/1/level"] > told["midi/voice/2/level"] > 0.0
    assert ("midi/voice/1/level", 0.0) in desk.tick_all(note_off(60))
    told = dict(desk.tick_all(bytes([0xE0, 0x7F, 0x7F])))
    assert told["midi/voice/2/pitch"] == pytest.approx(66 / 127)
    assert ("midi/voice/2/level", 0.0) in desk.tick_all(control(123, 0))


def test_the_pedal_keeps_a_chord_and_a_lost_cable_ends_it():
    desk = Desk()
    desk.tick_all(control(64, 127), note_on(60, 100), note_off(60))
    assert not desk.tick_all()
    assert ("midi/voice/1/level", 0.0) in desk.tick_all(control(64, 0))
    desk.tick_all(note_on(60, 100))
    desk.translator.silence(2.0)
    assert ("midi/voice/2/level", 0.0) in desk.tick_all()

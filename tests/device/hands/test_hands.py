"""Hands: who hears signals and in what order, and what another patch or instrument leaves alone."""

import pytest

from device.control.desk import Desk
from device.control.signal import Signal
from device.control.source import Reading
from device.errors import ControlError
from device.hands.hands import Hands
from device.mapping.conditioning import Conditioning
from device.mapping.macros import Macro, Move
from device.mapping.patch import Patch
from device.mapping.routes import Route
from device.params import ParamTable, specs_of
from tests.bundles import tiny_autoencoder, tiny_effect

TINY = specs_of(tiny_autoencoder().manifest)
FUZZ = specs_of(tiny_effect().manifest)
AT_ONCE = Conditioning(smoothing_ms=0.0, takeover="jump")
ADD = Route("wek/1", "dry_wet", depth=0.25, mode="add")
PATCH = Patch(
    {"knob/1": AT_ONCE, "button/1": AT_ONCE},
    (Route("knob/1", "latent_bias_0"), ADD),
    presses={"button/1": "scene/next"},
)


class Box:
    def __init__(self, folder, patch=PATCH):
        self.said, self.pressed, self.now_s = [], [], 0.0
        self.table = ParamTable(folder / "params", create=True)
        self.desk = Desk(self.table, TINY)
        self.desk.defaults()
        self.hands = Hands(
            patch,
            TINY,
            [],
            take=self.desk.take,
            values=self.desk.values,
            say=self.said.append,
            press=self.pressed.append,
        )

    def turn(self, name, *values):
        for value in values:
            self.now_s += 1.0
            self.hands.hear([Signal(name, value, self.now_s)])

    def move(self, id, value):
        self.hands.take([Reading(id, value, False, "phone", self.now_s)])

    def another(self, specs):
        self.desk.change(specs, 2)
        self.hands.play(specs)

    def value(self, id):
        return self.desk.value(id)


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_raw_listeners_hear_what_was_sent_and_listeners_what_it_means(box):
    box.hands.change(Patch({"knob/1": Conditioning(low=0.5, high=1.0, smoothing_ms=0.0)}))
    order = []
    box.hands.raw_listeners.append(lambda signals: order.append(("raw", signals[0].value)))
    box.hands.listeners.append(lambda signals: order.append(("conditioned", signals[0].value)))
    box.turn("knob/1", 0.75)
    assert order == [("raw", 0.75), ("conditioned", 0.5)]


def test_listeners_hear_before_anything_is_moved(box):
    seen = []
    box.hands.listeners.append(lambda signals: seen.append(box.value("latent_bias_0")))
    box.turn("knob/1", 1.0)
    assert (seen, box.value("latent_bias_0")) == ([0.0], 6.0)


def test_what_rests_moves_nothing_but_is_heard_and_presses(box):
    heard = []
    box.hands.listeners.append(heard.extend)
    box.hands.rest(["knob/1", "button/1"])
    box.turn("knob/1", 0.0, 1.0)
    box.turn("button/1", 1.0)
    assert box.value("latent_bias_0") == 0.0
    assert len(heard) == 3
    assert box.pressed == ["scene/next"]
    box.hands.rest(())
    box.turn("knob/1", 0.75)
    assert box.value("latent_bias_0") == pytest.approx(3.0, abs=0.05)


def test_a_button_presses_what_the_patch_says_until_another_patch_does(box):
    box.turn("button/1", 1.0)
    taught = Patch(PATCH.controls, PATCH.routes, presses={"button/1": "panic"})
    box.hands.change(taught)
    box.turn("button/1", 0.0, 1.0)
    assert box.pressed == ["scene/next", "panic"]


def test_a_button_that_is_down_while_the_patch_changes_does_not_press_again(box):
    box.turn("midi/cc/64", 1.0)
    box.hands.change(Patch(presses={"midi/cc/64": "scene/next", "button/1": "panic"}))
    box.turn("midi/cc/64", 0.9)
    box.hands.change(Patch(presses={"midi/cc/64": "scene/previous"}))
    box.turn("midi/cc/64", 0.8)
    assert box.pressed == ["scene/next"]


def test_a_patch_that_cannot_be_used_changes_nothing(box):
    box.turn("knob/1", 1.0)
    wrong = [
        Patch({"knob/1": Conditioning(low=0.9, high=0.1, smoothing_ms=-1.0)}),
        Patch(PATCH.controls, macros=(Macro("a", (Move("macro/a"),)),)),
        Patch({}, (Route("knob/1", "latent_bias_1", depth=7.0),)),
    ]
    for patch in wrong:
        with pytest.raises(ControlError):
            box.hands.change(patch)
        assert box.hands.patch == PATCH
        box.turn("knob/1", 0.0, 1.0)
        assert box.value("latent_bias_0") == 6.0


def test_a_control_goes_on_from_where_it_is_when_the_patch_changes(box):
    box.turn("knob/1", 1.0)
    box.hands.change(Patch(PATCH.controls, (Route("knob/1", "latent_bias_1"),)))
    assert box.value("latent_bias_1") == 0.0
    box.turn("knob/1", 0.5)
    assert (box.value("latent_bias_0"), box.value("latent_bias_1")) == (6.0, 0.0)
    box.turn("knob/1", 0.75)
    assert box.value("latent_bias_1") == pytest.approx(3.0, abs=0.05)


def test_what_is_added_is_no_part_of_where_a_parameter_stands(box):
    box.move("dry_wet", 0.5)
    box.turn("wek/1", 1.0)
    assert box.value("dry_wet") == 0.75
    assert box.hands.stands()["dry_wet"] == 0.5


def test_what_is_added_does_not_pile_up_from_instrument_to_instrument(box):
    box.move("dry_wet", 0.25)
    box.turn("wek/1", 1.0)
    for specs in (FUZZ, TINY) * 4:
        box.another(specs)
        box.turn("wek/2", 0.0)  # anything at all
    assert box.value("dry_wet") == 0.5
    assert box.hands.stands()["dry_wet"] == 0.25
    box.turn("wek/1", 0.0)
    assert box.value("dry_wet") == 0.25


def test_an_instruments_own_parameters_begin_afresh_with_it(tmp_path):
    box = Box(tmp_path, Patch({}, (Route("wek/1", "latent_bias_0", depth=0.25, mode="add"),)))
    box.move("latent_bias_0", 3.0)
    box.turn("wek/1", 1.0)
    assert box.value("latent_bias_0") == 6.0
    box.another(TINY)
    assert box.hands.stands()["latent_bias_0"] == 0.0


def test_macros_stay_where_they_are_in_another_instrument(tmp_path):
    macro = Macro("far", (Move("latent_bias_0"), Move("dry_wet")))
    box = Box(tmp_path, Patch({}, (), (macro,)))
    box.hands.take([Reading("macro/far", 0.75, True, "phone", 0.0)])
    box.another(FUZZ)
    assert box.hands.stands()["macro/far"] == 0.75
    assert set(box.hands.specs) == {*FUZZ, "macro/far"}
    assert any("latent_bias_0" in sentence for sentence in box.said)


def test_a_scene_is_put_in_one_write_and_knobs_wait_for_it(tmp_path):
    waiting = Conditioning(smoothing_ms=0.0)
    box = Box(tmp_path, Patch({"knob/1": waiting}, (Route("knob/1", "latent_bias_0"), ADD)))
    box.turn("knob/1", 0.5)
    box.turn("wek/1", 1.0)
    before = int(box.table._sequence[0])
    box.hands.put(
        [
            Reading("latent_bias_0", -3.0, False, "scene", 0.0),
            Reading("dry_wet", 0.5, False, "scene", 0.0),
        ],
        {},
    )
    assert int(box.table._sequence[0]) == before + 2
    assert (box.value("latent_bias_0"), box.value("dry_wet")) == (-3.0, 0.75)
    box.turn("knob/1", 0.6)
    assert box.value("latent_bias_0") == -3.0


def test_a_range_is_learned_and_used(box):
    box.hands.learn_range("knob/1")
    box.turn("knob/1", *(0.2 + 0.4 * i / 20 for i in range(21)))
    settings = box.hands.range_learned("knob/1")
    assert (settings.low, settings.high) == pytest.approx((0.2, 0.6), abs=0.05)
    box.turn("knob/1", 0.6)
    assert box.value("latent_bias_0") == 6.0


def test_a_control_that_was_hardly_moved_keeps_its_range(box):
    box.hands.learn_range("knob/1")
    with pytest.raises(ControlError):
        box.hands.range_learned("knob/1")
    box.turn("knob/1", 1.0)
    assert box.value("latent_bias_0") == 6.0

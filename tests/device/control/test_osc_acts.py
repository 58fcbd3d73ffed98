"""Acts over OSC: which messages have one done, and which are refused."""

import pytest

from device.control.osc import ACTS_PER_S, ORDERS_PER_S, OscReceiver, Perform, routes
from device.params import FIXED
from tests.device.control.packets import bundle, message

SPECS = {id: FIXED[id] for id in ("output_gain_db", "dry_wet")}


class Bench:
    """A receiver with three acts: a button, one that takes what it is given, and a slow one."""

    def __init__(self):
        self.done, self.taken, self.now_s = [], [], 0.0
        more = {
            "/ondine/scene/next": Perform(self.act("next")),
            "/ondine/scene/recall": Perform(self.act("recall"), "s"),
            "/ondine/scene/save": Perform(self.act("save"), "ss", slow=True),
            "/ondine/map/record": Perform(self.act("record"), "f"),
            "/ondine/scene/over": Perform(self.act("over"), slow=True),
            # Nobody's act takes the place of what has always been there.
            "/ondine/panic": Perform(self.act("panic")),
        }
        self.table = routes(
            SPECS,
            reset=lambda: None,
            status=lambda: [],
            value=lambda id: 0.0,
            load=lambda name: None,
            keep=lambda: None,
            more=more,
            besides=["macro/1", "morph/x"],
        )
        self.osc = OscReceiver(self.table, self.taken.extend)

    def act(self, name):
        return lambda given: self.done.append((name, *given))

    def send(self, packet, sender="a"):
        self.done.clear()
        assert self.osc.receive(packet, sender, self.now_s) == []
        return self.done


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize(
    ("tags", "given"),
    [("", []), ("i", [1]), ("f", [1.0]), ("T", []), ("f", [-3.0])],
)
def test_a_press_has_an_act_done(bench, tags, given):
    assert bench.send(message("/ondine/scene/next", tags, *given)) == [("next",)]


@pytest.mark.parametrize(("tags", "given"), [("i", [0]), ("f", [0.0]), ("F", [])])
def test_a_release_presses_nothing(bench, tags, given):
    assert bench.send(message("/ondine/scene/next", tags, *given)) == []
    assert bench.send(message("/ondine/scene/over", tags, *given)) == []
    assert not bench.osc.refused


def test_the_arguments_of_an_act_are_handed_on_as_they_came(bench):
    assert bench.send(message("/ondine/scene/recall", "s", "Dawn")) == [("recall", "Dawn")]
    # Scene 0 is a scene, and no release.
    assert bench.send(message("/ondine/scene/recall", "i", 0)) == [("recall", 0.0)]
    assert bench.send(message("/ondine/scene/save", "is", 7, "Dusk")) == [("save", 7.0, "Dusk")]


def test_a_button_may_be_put_on_an_act_that_takes_names(bench):
    assert bench.send(message("/ondine/scene/save", "T")) == [("save",)]
    assert bench.send(message("/ondine/scene/save", "F")) == []


def test_truth_is_a_number_to_an_act_that_takes_one(bench):
    assert bench.send(message("/ondine/map/record", "T")) == [("record", 1.0)]
    assert bench.send(message("/ondine/map/record", "F")) == [("record", 0.0)]


@pytest.mark.parametrize("address", ["/ondine/scene/recall", "/ondine/scene/next"])
def test_what_is_not_finite_is_refused(bench, address):
    assert bench.send(message(address, "f", float("nan"))) == []
    assert dict(bench.osc.refused) == {"not finite": 1}


@pytest.mark.parametrize(("tags", "given"), [("s", ["now"]), ("ff", [1.0, 1.0])])
def test_a_button_takes_one_number(bench, tags, given):
    assert bench.send(message("/ondine/scene/next", tags, *given)) == []
    assert dict(bench.osc.refused) == {"wrong arguments": 1}


def test_a_flood_of_acts_is_refused_and_costs_other_senders_nothing(bench):
    flood = bundle(*[message("/ondine/scene/next", "i", 1)] * 200)
    assert len(bench.send(flood)) == ACTS_PER_S
    assert bench.osc.refused["too many acts a second"] == 200 - ACTS_PER_S
    assert bench.send(message("/ondine/scene/next"), "b") == [("next",)]
    # Steering is no act.
    bench.send(message("/ondine/param/dry_wet", "f", 0.5))
    assert [reading.value for reading in bench.taken] == [0.5]
    bench.now_s = 1.0
    assert len(bench.send(flood)) == ACTS_PER_S


def test_slow_acts_count_as_orders_of_all_senders_together(bench):
    for sender in range(10):
        bench.send(message("/ondine/scene/save", "s", "Dawn"), str(sender))
    assert bench.osc.refused["too many orders a second"] == 10 - ORDERS_PER_S
    assert bench.send(message("/ondine/load", "s", "glass"), "b") == []
    assert bench.osc.refused["too many orders a second"] == 11 - ORDERS_PER_S


def test_releases_of_slow_acts_count_as_none(bench):
    for _ in range(10):
        bench.send(message("/ondine/scene/over", "i", 0))
        bench.send(message("/ondine/scene/save", "F"))
    assert not bench.osc.refused
    assert bench.send(message("/ondine/scene/over", "i", 1)) == [("over",)]


def test_no_act_takes_the_place_of_what_has_always_been_there(bench):
    assert bench.send(message("/ondine/panic", "i", 1)) == []
    assert bench.taken[-1].param == "output_gain_db"


def test_macros_and_a_morph_are_steered_as_parameters_are(bench):
    bench.send(message("/ondine/param/morph/x", "f", 0.25))
    bench.send(message("/ondine/raw/macro/1", "f", 0.75))
    assert [(r.param, r.value, r.raw) for r in bench.taken] == [
        ("morph/x", 0.25, False),
        ("macro/1", 0.75, True),
    ]


def test_acts_and_readings_of_one_bundle_are_all_used(bench):
    packet = bundle(
        message("/ondine/scene/next"),
        message("/ondine/param/dry_wet", "f", 0.5),
        message("/ondine/scene/none"),
    )
    assert bench.send(packet) == [("next",)]
    assert len(bench.taken) == 1
    assert dict(bench.osc.refused) == {"unknown address": 1}

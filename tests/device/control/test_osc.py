"""OSC without a socket: what is refused and why, what is applied, what is answered."""

import random
import time

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from device.control.desk import Desk
from device.control.osc import MESSAGES_PER_S, ORDERS_PER_S, Order, OscReceiver, routes
from device.control.osc_guard import MAX_BYTES, RefusedError, split
from device.control.osc_reply import packets
from device.control.source import Reading
from device.params import FIXED, ParamTable
from tests.device.control.packets import (
    ALL_BAD,
    AN_HOUR_AHEAD,
    GOOD,
    MALFORMED,
    REFUSED,
    arguments,
    bundle,
    message,
    nested,
    padded,
)

SPECS = {id: FIXED[id] for id in ("input_gain_db", "output_gain_db", "dry_wet", "latent_bias_0")}


class Bench:
    """A receiver on a real table, with everything it did."""

    def __init__(self, folder):
        self.table = ParamTable(folder / "params", create=True)
        self.desk = Desk(self.table, SPECS)
        self.packets: list[list[Reading]] = []
        self.resets = 0
        self.loads: list[str] = []
        self.keeps = 0
        table = routes(
            SPECS,
            reset=self.reset,
            status=lambda: [("/s", [1, 2.5, "a"])],
            value=self.desk.value,
            load=self.loads.append,
            keep=self.keep,
        )
        self.osc = OscReceiver(table, self.take)
        self.now_s = 0.0

    def take(self, readings):
        self.packets.append(list(readings))
        self.desk.take(readings)

    def reset(self):
        self.resets += 1

    def keep(self):
        self.keeps += 1

    def send(self, datagram, sender="a"):
        return self.osc.receive(datagram, sender, self.now_s)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.mark.parametrize(("packet", "reason"), ALL_BAD)
def test_a_bad_packet_is_refused_counted_and_changes_nothing(bench, packet, reason):
    before = bench.table.values()
    assert bench.send(packet) == []
    assert dict(bench.osc.refused) == {reason: 1}
    assert bench.packets == []
    assert np.array_equal(bench.table.values(), before)
    bench.send(GOOD)
    assert bench.desk.value("dry_wet") == 0.25


@pytest.mark.parametrize("tags", ["f", "d", "i", "h"])
def test_every_kind_of_number_is_taken(bench, tags):
    bench.send(message("/ondine/param/dry_wet", tags, 0 if tags in "ih" else 0.0))
    assert bench.desk.value("dry_wet") == 0.0


def test_truth_is_one(bench):
    bench.send(message("/ondine/raw/latent_bias_0", "T"))
    assert bench.desk.value("latent_bias_0") == 6.0


@pytest.mark.parametrize(
    ("address", "sent", "becomes"),
    [
        ("/ondine/param/output_gain_db", 1e30, 12.0),
        ("/ondine/param/output_gain_db", -1e30, -60.0),
        ("/ondine/param/output_gain_db", -6.0, -6.0),
        ("/ondine/raw/output_gain_db", 0.5, -24.0),
        ("/ondine/raw/output_gain_db", 7.0, 12.0),
    ],
)
def test_values_are_clamped_to_the_range(bench, address, sent, becomes):
    bench.send(message(address, "f", sent))
    assert bench.desk.value("output_gain_db") == becomes


def test_a_bundle_reaches_the_table_in_one_write_and_its_time_is_ignored(bench):
    parts = [message(f"/ondine/param/{id}", "f", 1.0) for id in SPECS]
    bench.send(bundle(parts[0], bundle(*parts[1:], time_tag=AN_HOUR_AHEAD), time_tag=AN_HOUR_AHEAD))
    assert [[r.param for r in packet] for packet in bench.packets] == [list(SPECS)]
    assert {bench.desk.value(id) for id in SPECS} == {1.0}


def test_a_reader_never_sees_half_a_bundle(bench):
    """Between two reads of the table every bundle is there whole, whichever came last."""
    seen = np.zeros_like(bench.table.values())
    for i in range(200):
        value = i / 200
        bench.send(
            bundle(
                *[message(f"/ondine/param/{id}", "d", value) for id in ("dry_wet", "latent_bias_0")]
            )
        )
        bench.table.read_into(seen)
        assert seen[SPECS["dry_wet"].slot] == seen[SPECS["latent_bias_0"].slot] == np.float32(value)


def test_one_typing_error_does_not_cost_the_rest_of_a_bundle(bench):
    bench.send(bundle(message("/ondine/param/dry_wit", "f", 0.1), GOOD))
    assert bench.desk.value("dry_wet") == 0.25
    assert dict(bench.osc.refused) == {"unknown address": 1}


def test_four_deep_and_an_empty_bundle_are_allowed(bench):
    bench.send(nested(4, GOOD))
    bench.send(bundle())
    assert bench.desk.value("dry_wet") == 0.25
    assert not bench.osc.refused


def test_panic_defaults_and_reset(bench):
    bench.send(GOOD)
    bench.send(message("/ondine/panic"))
    assert bench.desk.value("output_gain_db") == -60.0
    bench.send(message("/ondine/defaults", "f", 1.0))
    assert bench.desk.value("output_gain_db") == 0.0
    assert bench.desk.value("dry_wet") == 1.0
    bench.send(message("/ondine/reset", "i", 1))
    assert bench.resets == 1


def text(address, *words):
    parts = [padded(word.encode()) for word in words]
    return padded(address.encode()) + padded(b"," + b"s" * len(words)) + b"".join(parts)


def test_load_hands_its_name_on_and_keep_is_a_button(bench):
    bench.send(text("/ondine/load", "glöckchen 2"))
    bench.send(message("/ondine/keep", "f", 0.0))
    bench.send(message("/ondine/keep", "f", 1.0))
    assert (bench.loads, bench.keeps) == (["glöckchen 2"], 1)
    bench.send(text("/ondine/load", "a", "b"))
    assert dict(bench.osc.refused) == {"wrong arguments": 1}


def test_few_orders_a_second_are_taken_from_all_senders_together(bench):
    for i in range(20):
        bench.send(text("/ondine/load", f"name {i}"), f"sender {i}")
    assert len(bench.loads) == ORDERS_PER_S
    assert dict(bench.osc.refused) == {"too many orders a second": 20 - ORDERS_PER_S}
    bench.now_s = 1.0
    bench.send(message("/ondine/keep"))
    assert bench.keeps == 1


def test_with_another_table_other_addresses_count(bench):
    bench.osc.replace({"/other": Order(lambda _: bench.keep(), named=False)})
    bench.send(GOOD)
    bench.send(message("/other"))
    assert (dict(bench.osc.refused), bench.keeps) == ({"unknown address": 1}, 1)


def test_letting_go_of_a_button_presses_nothing(bench):
    bench.send(message("/ondine/panic", "f", 0.0))
    bench.send(message("/ondine/reset", "F"))
    assert bench.packets == []
    assert bench.resets == 0


def test_questions_are_answered(bench):
    [reply] = bench.send(message("/ondine/status"))
    answer = OscPacket(reply).messages[0].message
    assert (answer.address, answer.params) == ("/s", [1, 2.5, "a"])
    [reply] = bench.send(message("/ondine/params"))
    answers = {m.message.address: m.message.params for m in OscPacket(reply).messages}
    assert answers["/ondine/params/output_gain_db"] == [0.0, -60.0, 12.0, 0.0, "dB"]
    assert len(answers) == len(SPECS)


def test_long_answers_are_split_to_fit_a_frame():
    sent = packets([(f"/a/{i}", [i, 1.0, "unit"]) for i in range(300)])
    assert max(map(len, sent)) <= 1400
    values = [m.message.params[0] for reply in sent for m in OscPacket(reply).messages]
    assert values == list(range(300))
    assert packets([]) == []


def test_few_questions_a_second_are_answered(bench):
    replies = [bench.send(message("/ondine/params")) for _ in range(12)]
    assert [bool(r) for r in replies] == [True] * 10 + [False] * 2
    bench.now_s = 0.1
    assert bench.send(message("/ondine/params"))


def test_a_flood_is_thinned_out_per_sender(bench):
    for _ in range(20_000):
        bench.send(GOOD)
    assert bench.osc.accepted == MESSAGES_PER_S
    assert dict(bench.osc.refused) == {"too many a second": 10_000}
    bench.send(message("/ondine/param/dry_wet", "f", 0.5), "another")
    assert bench.desk.value("dry_wet") == 0.5
    bench.now_s = 0.001
    bench.send(GOOD)
    assert bench.desk.value("dry_wet") == 0.25


def test_mutated_packets_never_raise_and_never_take_long(bench):
    """25 000 packets made from good and bad ones by cutting, copying and flipping (seeded)."""
    seeds = [GOOD, bundle(GOOD, nested(2, GOOD)), message("/ondine/params", "ihdTF", 1, 2, 3.0)]
    seeds = 10 * seeds + [packet[:600] for packet, _ in [*MALFORMED.values(), *REFUSED.values()]]
    chance = random.Random(7)
    longest_s = 0.0
    for _ in range(25_000):
        packet = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(packet) + 1)
            match chance.randrange(4):
                case 0:
                    del packet[at:]
                case 1:
                    packet[at : at + 4] = chance.randbytes(4)
                case 2:
                    packet[at:at] = chance.choice(seeds)[: 4 * chance.randrange(20)]
                case 3 if at < len(packet):
                    packet[at] ^= 1 << chance.randrange(8)
        bench.now_s += 0.001
        began_s = time.perf_counter()
        bench.send(bytes(packet))
        longest_s = max(longest_s, time.perf_counter() - began_s)
    # Milliseconds on a quiet machine; generous, for shared ones stall.
    assert longest_s < 1.0
    assert bench.osc.accepted > 1000
    assert bench.osc.refused["unreadable"] == 0
    assert set(bench.osc.refused) > {
        "bad length",
        "bad address",
        "bad types",
        "bad text",
        "cut short",
    }


def test_what_the_guard_lets_through_the_library_can_read():
    """The library gets no message whose parts contradict each other: it agrees with the guard."""
    chance = random.Random(3)
    for _ in range(2000):
        tags = "".join(chance.choices("ifhdTFs", k=chance.randrange(17)))
        values = [
            padded(b"words"[: chance.randrange(1, 6)])
            if tag == "s"
            else arguments(tag, *[chance.randrange(9)] * (tag not in "TF"))
            for tag in tags
        ]
        [part] = split(padded(b"/a") + padded(b"," + tags.encode()) + b"".join(values))
        assert len(OscPacket(part).messages[0].message.params) == len(tags)


def test_a_datagram_may_be_as_long_as_the_limit_and_no_longer():
    part = message("/abcdefghij", "T")
    whole = bundle(*[part] * 256)
    assert len(split(whole)) == 256
    with pytest.raises(RefusedError, match="too large"):
        split(b"/" * (MAX_BYTES + 1))

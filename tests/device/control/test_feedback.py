"""OSC feedback: senders are told what others change, and nothing they know. Time is passed in."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_packet import OscPacket

from device.control.desk import Desk
from device.control.feedback import (
    FORGOTTEN_S,
    HUSH_S,
    MAX_SENDERS,
    PER_TURN,
    TURN_S,
    Feedback,
    FeedbackTurns,
    following,
)
from device.control.osc import OscReceiver, routes
from device.control.source import Reading
from device.params import FIXED, ParamTable
from tests.device.control.packets import message

SPECS = {id: FIXED[id] for id in ("output_gain_db", "dry_wet", "noise_amount")}
START = {"output_gain_db": 0.0, "dry_wet": 1.0, "noise_amount": 1.0}
PHONE, TABLET = ("10.0.0.2", 5000), ("10.0.0.3", 5001)


def reading(param, raw=False):
    return Reading(param, 0.0, raw, "", 0.0)


def heard(*senders, at_s=0.0, values=START):
    feedback = Feedback()
    for sender in senders:
        feedback.heard(sender, lambda: values, at_s)
    return feedback


def test_what_another_changes_is_told_once_and_what_was_there_before_is_not():
    feedback = heard(PHONE)
    assert feedback.due(START, SPECS, 1.0) == []
    now = START | {"dry_wet": 0.5}
    assert feedback.due(now, SPECS, 1.1) == [(PHONE, [("/ondine/param/dry_wet", [0.5])])]
    assert feedback.due(now, SPECS, 1.2) == []


def test_who_moves_it_is_not_told_until_it_rests_and_then_what_became_of_it():
    feedback = heard(PHONE, TABLET)
    feedback.moved(PHONE, [reading("dry_wet")], 1.0)
    now = START | {"dry_wet": 0.5}
    assert [who for who, _ in feedback.due(now, SPECS, 1.0 + 0.9 * HUSH_S)] == [TABLET]
    feedback.moved(PHONE, [reading("dry_wet")], 1.09)
    assert feedback.due(now, SPECS, 1.1) == []
    assert [who for who, _ in feedback.due(now, SPECS, 1.09 + HUSH_S)] == [PHONE]


@pytest.mark.parametrize(
    ("used", "told"),
    [
        ([], ["/ondine/param/output_gain_db"]),
        ([False], ["/ondine/param/output_gain_db"]),
        ([True], ["/ondine/raw/output_gain_db"]),
        ([True, False], ["/ondine/param/output_gain_db", "/ondine/raw/output_gain_db"]),
    ],
)
def test_each_is_told_at_the_addresses_it_uses(used, told):
    feedback = heard(PHONE)
    for raw in used:
        feedback.moved(PHONE, [reading("dry_wet", raw)], 0.0)
    [(_, answers)] = feedback.due(START | {"output_gain_db": -24.0}, SPECS, 1.0)
    assert [address for address, _ in answers] == told
    # -24 dB is the middle of -60 … 12 dB.
    by_kind = {address.split("/")[2]: value for address, [value] in answers}
    assert by_kind.get("param", -24.0) == -24.0
    assert by_kind.get("raw", 0.5) == pytest.approx(0.5)


def test_a_silent_sender_is_forgotten_after_a_minute():
    feedback = heard(PHONE, TABLET)
    feedback.heard(TABLET, lambda: START, 30.0)
    now = START | {"dry_wet": 0.0}
    assert [who for who, _ in feedback.due(now, SPECS, FORGOTTEN_S)] == [TABLET]
    assert list(feedback.senders) == [TABLET]


def test_a_thousand_forged_senders_leave_the_sixteen_heard_last():
    feedback = Feedback()
    for i in range(1000):
        feedback.heard(("10.0.0.9", i), lambda: START, i / 1000)
    assert list(feedback.senders) == [("10.0.0.9", i) for i in range(1000 - MAX_SENDERS, 1000)]


def test_many_changes_go_out_in_turns_and_none_waits_for_ever():
    specs = {f"p{i}": FIXED["dry_wet"] for i in range(200)}
    feedback = heard(PHONE, values=dict.fromkeys(specs, 0.0))
    seen = set()
    for turn in range(1, 5):
        [(_, answers)] = feedback.due(dict.fromkeys(specs, turn / 8), specs, turn * TURN_S)
        assert len(answers) <= PER_TURN
        seen |= {address for address, _ in answers}
    assert len(seen) == 200


def test_another_instruments_parameters_are_told_when_they_are_there():
    feedback = heard(PHONE)
    other = {"cutoff": FIXED["dry_wet"]}
    [(_, answers)] = feedback.due({"cutoff": 0.25}, other, 1.0)
    assert answers == [("/ondine/param/cutoff", [0.25])]


steps = st.lists(
    st.tuples(
        st.sampled_from([PHONE, TABLET, None]),
        st.sampled_from(list(SPECS)),
        st.integers(0, 8),
        st.floats(0.0, 0.3, allow_subnormal=False),
    ),
    max_size=40,
)


@given(steps)
def test_whoever_moves_what_in_the_end_everybody_knows_it_and_nobody_hears_it_while_moving(moves):
    feedback, values, now_s = heard(PHONE, TABLET), dict(START), 0.0
    knows = {PHONE: dict(START), TABLET: dict(START)}
    last_move = {}

    def turn():
        for who, answers in feedback.due(values, SPECS, now_s):
            for address, [value] in answers:
                id = address.rsplit("/", 1)[1]
                assert now_s - last_move.get((who, id), -1.0) >= HUSH_S
                assert knows[who][id] != value
                knows[who][id] = value

    for who, id, value, after_s in moves:
        now_s += after_s
        values[id] = value / 8
        if who is not None:
            feedback.heard(who, lambda: values, now_s)
            feedback.moved(who, [reading(id)], now_s)
            last_move[who, id] = now_s
        turn()
    now_s += 2 * HUSH_S
    turn()
    assert knows == {PHONE: values, TABLET: values}


def test_over_real_sockets_a_knobs_move_reaches_the_phone(tmp_path):
    desk = Desk(ParamTable(tmp_path / "params", create=True), SPECS)
    box, phone = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for end in (box, phone):
        end.bind(("127.0.0.1", 0))
        end.setblocking(False)

    async def scene():
        loop = asyncio.get_running_loop()
        turns = FeedbackTurns(Feedback(), desk.values, lambda: desk.specs, box.sendto)
        turns.start(loop)
        sender = phone.getsockname()
        table = routes(
            SPECS,
            reset=lambda: None,
            status=list,
            value=desk.value,
            load=lambda name: None,
            keep=lambda: None,
        )
        receiver = OscReceiver(table, following(desk.take, turns, lambda: sender))

        async def plays(value):
            phone.sendto(message("/ondine/raw/dry_wet", "f", value), box.getsockname())
            packet, _ = await loop.sock_recvfrom(box, 9000)
            receiver.receive(packet, sender[0], loop.time())

        async def told():
            async with asyncio.timeout(10.0):
                packet = await loop.sock_recv(phone, 9000)
            [one] = OscPacket(packet).messages
            return one.message.address, one.message.params

        await plays(0.5)
        desk.take([Reading("output_gain_db", -24.0, False, "knob", 0.0)])
        assert await told() == ("/ondine/raw/output_gain_db", [0.5])
        await plays(7.0)  # beyond its range: when it rests, the fader is told where the value is
        assert await told() == ("/ondine/raw/dry_wet", [1.0])
        turns.close()
        turns.heard(sender, [])

    asyncio.run(scene())
    box.close()
    phone.close()

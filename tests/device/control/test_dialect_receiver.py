"""Other apps' packets without a socket: what becomes of them, what is refused and why."""

import numpy as np
import pytest

from device.control.dialect_receiver import COMMANDS_PER_S, TOKENS_PER_S, DialectReceiver
from device.control.dialects.heard import Command
from device.control.reduce import Centre, Pick
from device.control.reduction import Reduction
from tests.device.control.app_packets import (
    face_osc,
    facemesh,
    hand,
    hand_osc,
    handmate,
    mediapipe_faces,
    mediapipe_hands,
    mediapipe_pose,
    osc,
    together,
    wekinator,
)
from tests.device.control.packets import MALFORMED, bundle, message


class Bench:
    """A receiver, with everything that came out of it."""

    def __init__(self, **settings):
        self.calls = []
        self.commands = []
        self.frames = []
        self.receiver = DialectReceiver(
            self.hear, obey=self.commands.append, see=self.see, **settings
        )
        self.now_s = 1.5

    def hear(self, signals):
        self.calls.append(list(signals))

    def see(self, name, frame):
        self.frames.append((name, frame))

    def send(self, datagram, sender="a"):
        assert self.receiver.receive(datagram, sender, self.now_s) == []

    @property
    def refused(self):
        return dict(self.receiver.refused)

    @property
    def values(self):
        return {s.name: s.value for signals in self.calls for s in signals}


@pytest.fixture
def bench():
    return Bench()


def test_wekinator_inputs_become_signals_of_one_moment(bench):
    bench.send(wekinator(0.25, 0.5, 0.75))
    assert bench.calls == [[("wek/1", 0.25, 1.5), ("wek/2", 0.5, 1.5), ("wek/3", 0.75, 1.5)]]


def test_all_signals_of_a_bundle_come_together(bench):
    bench.send(face_osc(mouth_open=2.0, x=160.0, yaw=0.25))
    [signals] = bench.calls
    assert len(signals) == 15
    values = bench.values
    assert (values["face/mouth_open"], values["face/x"], values["face/yaw"]) == (0.25, 0.25, 0.75)


def near(value):
    return pytest.approx(value, abs=1e-6)


def test_a_hand_of_hand_osc_is_whole_after_its_bundle(bench):
    points = hand(x=0.0, y=1.0, size=0.4)
    bench.send(hand_osc("left", points))
    [(name, frame)] = bench.frames
    assert name == "hand/left"
    assert frame == near((np.array(points) + 2) / 4)
    assert bench.values["hand/left/index_x"] == near((points[8][0] + 2) / 4)
    assert len(bench.calls) == 1
    assert bench.receiver.accepted == 21


def test_a_hand_of_handmate_is_whole_when_its_y_has_come(bench):
    points = hand(axes=2)
    x, y = handmate("r", points)
    bench.send(x)
    assert bench.calls == []
    bench.send(y)
    assert bench.values["hand/right/index_y"] == near(points[8][1])
    assert bench.values["hand/right/x"] == near(np.mean(points, axis=0)[0])
    x, y = handmate("r", hand(x=0.9, axes=2))
    bench.send(y)
    assert len(bench.frames) == 1


def test_hands_bodies_and_faces_of_mediapipe(bench):
    bench.send(mediapipe_hands(hand(x=0.25), hand(x=0.75)))
    bench.send(mediapipe_pose([(0.5, 0.25, 0.0)] * 33))
    bench.send(mediapipe_faces((0.25, 0.25, 0.5, 0.5, 0.9)))
    values = bench.values
    assert values["hand/found"] == values["pose/found"] == values["face/found"] == 1.0
    assert values["hand/2/x"] - values["hand/1/x"] == near(0.5)
    assert (values["pose/x"], values["pose/y"], values["pose/size"]) == (0.5, 0.25, 0.0)
    assert (values["face/1/x"], values["face/1/score"]) == (0.5, near(0.9))


def test_a_face_mesh_of_468_points_passes_the_guard(bench):
    points = [(0.25 + 0.5 * (i % 2), 0.5) for i in range(468)]
    bench.send(facemesh(points))
    assert bench.refused == {}
    assert bench.values == {
        "face/mesh/x": 0.5,
        "face/mesh/y": 0.5,
        "face/mesh/size": 0.5,
    }


def test_reductions_can_be_others_from_the_next_frame_on():
    bench = Bench(reductions=[])
    bench.send(mediapipe_hands(hand()))
    assert bench.values == {"hand/found": 1.0}
    bench.receiver.reduce_by([Reduction("hand/1", Pick((0,), "x"), ("wrist",))])
    bench.send(mediapipe_hands(hand(size=0.0)))
    assert bench.values["wrist"] == 0.5


def test_a_frame_that_does_not_fit_a_reducer_costs_only_that_reducer():
    bench = Bench(
        reductions=[Reduction("face/mesh", Pick((400,))), Reduction("face/mesh", Centre())]
    )
    bench.send(facemesh([(0.5, 0.5)] * 9))
    assert bench.values == {"face/mesh/centre_x": 0.5, "face/mesh/centre_y": 0.5}
    assert bench.refused == {"frame does not fit its reducer": 1}


def test_commands_are_obeyed_after_what_came_with_them_was_heard(bench):
    order = []
    receiver = DialectReceiver(lambda signals: order.append("heard"), obey=order.append)
    receiver.receive(
        together(osc("/wekinator/control/startRecording", 1), wekinator(0.5)), "a", 0.0
    )
    assert order == ["heard", Command("startRecording")]


def test_few_commands_a_second_are_obeyed_from_all_senders_together(bench):
    for i in range(30):
        bench.send(osc("/wekinator/control/train"), f"sender {i}")
    assert bench.commands == [Command("train")] * int(COMMANDS_PER_S)
    assert bench.refused == {"too many commands a second": 20}
    bench.send(wekinator(0.5))
    assert bench.values == {"wek/1": 0.5}
    bench.now_s += 0.1
    bench.send(osc("/wekinator/control/stopRunning"))
    assert bench.commands[-1] == Command("stopRunning")


def test_a_button_let_go_is_accepted_and_does_nothing(bench):
    bench.send(osc("/wekinator/control/train", 0))
    assert (bench.commands, bench.refused, bench.receiver.accepted) == ([], {}, 1)


SEVENTEEN = "17 arguments"
"""Refused by the guard for parameters; landmarks need more."""


@pytest.mark.parametrize("name", [name for name in MALFORMED if name != SEVENTEEN])
def test_a_malformed_packet_is_refused_counted_and_says_nothing(bench, name):
    packet, reason = MALFORMED[name]
    bench.send(packet)
    assert bench.refused == {reason: 1}
    assert (bench.calls, bench.commands, bench.frames) == ([], [], [])
    bench.send(wekinator(0.5))
    assert bench.values == {"wek/1": 0.5}


def test_more_arguments_than_any_landmarks_are_refused(bench):
    bench.send(message("/mediapipe/facemesh", "T" * 1001))
    assert bench.refused == {"too many arguments": 1}


def test_a_packet_is_left_once_its_messages_had_too_many_arguments(bench):
    many = message("/wek/inputs", "T" * 200)
    bench.send(bundle(*[many] * 9))
    assert bench.refused == {"too many arguments": 1}
    assert len(bench.calls[0]) == 1200


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (message("/wek/inputs", "f", float("nan")), "not finite"),
        (message("/wek/inputs", "d", float("-inf")), "not finite"),
        (message("/wek/inputs"), "wrong arguments"),
        (message("/wek/outputs", "f", 0.5), "unknown address"),
        (message("/hand", "f", 0.5), "wrong arguments"),
        (message("/lx/", "f" * 20, *[0.5] * 20), "wrong arguments"),
        (osc("/wek/inputs", "loud"), "wrong arguments"),
        (osc("/mediapipe/hands", 1, 0.5), "wrong arguments"),
    ],
)
def test_a_sound_message_that_says_nothing_usable_costs_only_itself(bench, packet, reason):
    bench.send(bundle(packet, wekinator(0.5)))
    assert bench.refused == {reason: 1}
    assert bench.values == {"wek/1": 0.5}


def test_a_flood_is_thinned_out_per_sender(bench):
    for _ in range(8000):
        bench.send(wekinator(0.5))
    assert bench.receiver.accepted == TOKENS_PER_S
    bench.send(wekinator(0.25), "another")
    assert bench.values == {"wek/1": 0.25}


def test_long_messages_cost_more_of_what_a_sender_may_send(bench):
    mesh = facemesh([(0.5, 0.5)] * 468)
    for _ in range(1000):
        bench.send(mesh)
    assert bench.receiver.accepted == TOKENS_PER_S // (1 + len(mesh) // 256)


def test_the_usual_rates_of_every_app_are_let_through(bench):
    """A second of each at its frame rate, all from one computer."""
    frames = [
        hand_osc("left", hand()),
        hand_osc("right", hand()),
        face_osc(),
        facemesh([(0.5, 0.5)] * 468),
        mediapipe_hands(hand(), hand()),
        *handmate("l", hand(axes=2)),
        *handmate("r", hand(axes=2)),
        wekinator(*[0.5] * 10),
    ]
    for _ in range(30):
        bench.now_s += 1 / 30
        for frame in frames:
            bench.send(frame)
    assert bench.refused == {}


def test_silence_says_nothing(bench):
    bench.send(hand_osc("left", hand()[:20]))  # the last point is never sent
    assert (bench.refused, bench.calls) == ({}, [])
    bench.now_s += 3600.0
    bench.send(wekinator(0.5))
    assert [[signal.name for signal in signals] for signals in bench.calls] == [["wek/1"]]

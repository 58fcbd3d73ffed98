"""Other apps over a real UDP socket, on a real loop, with python-osc as the app."""

import asyncio
import socket

import pytest
from pythonosc.udp_client import SimpleUDPClient

from device.control.dialect_server import DialectServer
from device.control.dialects.heard import Command
from device.control.osc_server import OscServer
from device.control.reduce import Pick
from device.control.reduction import Reduction
from device.errors import ControlError
from tests.device.control.app_packets import (
    face_osc,
    facemesh,
    hand,
    hand_osc,
    handmate,
    mediapipe_hands,
    mediapipe_pose,
    wekinator,
)
from tests.device.control.packets import MALFORMED

BOUND_S = 10.0
"""Generous; without hangs everything here takes milliseconds."""


class Stage:
    """A server on a free port, an app that sends to it, and a way to wait for what was heard."""

    def __init__(self):
        self.commands = []
        self.calls = []
        self.heard = asyncio.Event()
        self.server = DialectServer("127.0.0.1", 0, obey=self.obey)
        self.app = SimpleUDPClient("127.0.0.1", self.server.port)
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.connect(("127.0.0.1", self.server.port))

    def hear(self, signals):
        self.calls.append({signal.name: signal.value for signal in signals})
        self.heard.set()

    def obey(self, command):
        self.commands.append(command)
        self.heard.set()

    async def until_heard(self, *datagrams):
        self.heard.clear()
        for datagram in datagrams:
            self.wire.send(datagram)
        await asyncio.wait_for(self.heard.wait(), BOUND_S)
        return self.calls[-1] if self.calls else {}

    def run(self, scene):
        async def main():
            self.server.start(asyncio.get_running_loop(), self.hear)
            await scene()

        asyncio.run(main())


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.server.close()
    stage.server.close()
    stage.wire.close()


def near(value):
    return pytest.approx(value, abs=1e-6)


def test_wekinator_s_own_clients_feed_and_steer_it(stage):
    async def scene():
        stage.app.send_message("/wek/inputs", [0.25, 0.5])
        stage.app.send_message("/wekinator/control/startRecording", 1)
        while not stage.commands:
            await stage.heard.wait()
            stage.heard.clear()

    stage.run(lambda: asyncio.wait_for(scene(), BOUND_S))
    assert stage.calls == [{"wek/1": 0.25, "wek/2": 0.5}]
    assert stage.commands == [Command("startRecording")]


@pytest.mark.parametrize(
    ("datagrams", "name", "value"),
    [
        ([wekinator(*[0.0] * 9, 0.75)], "wek/10", 0.75),
        ([hand_osc("right", hand(x=0.0, y=0.0))], "hand/right/index_y", 0.5),
        (handmate("l", hand(x=0.25, size=0.0, axes=2)), "hand/left/x", 0.25),
        ([face_osc(mouth_open=6.0)], "face/mouth_open", 0.75),
        ([mediapipe_hands(hand(), hand(size=0.0))], "hand/2/size", 0.0),
        ([mediapipe_pose([(0.25, 0.5, 0.0)] * 25)], "pose/x", 0.25),
        ([facemesh([(0.5, 0.75)] * 478)], "face/mesh/y", 0.75),
    ],
    ids=["wekinator", "hand_osc", "handmate", "face_osc", "hands", "pose", "facemesh"],
)
def test_what_an_app_sends_comes_out_as_signals(stage, datagrams, name, value):
    heard = {}

    async def scene():
        heard.update(await stage.until_heard(*datagrams))

    stage.run(scene)
    assert heard[name] == near(value)
    assert not stage.server.receiver.refused


@pytest.mark.parametrize("name", [name for name in MALFORMED if name != "17 arguments"])
def test_after_a_malformed_packet_a_good_one_works(stage, name):
    packet, reason = MALFORMED[name]

    async def scene():
        await stage.until_heard(packet, wekinator(0.5))

    stage.run(scene)
    assert dict(stage.server.receiver.refused) == {reason: 1}
    assert stage.calls == [{"wek/1": 0.5}]


def test_a_flood_is_survived_and_the_rest_of_the_loop_goes_on(stage):
    turns = 0

    async def scene():
        nonlocal turns
        packet = wekinator(0.5)
        for i in range(20_000):
            # What the socket cannot hold is lost on the way, as on any network.
            stage.wire.send(packet if i % 2 else b"\xff" * 20)
            if i % 200 == 0:
                turns += 1
                await asyncio.sleep(0)
        while stage.server.receiver.accepted + stage.server.receiver.refused.total() < 1000:
            await asyncio.sleep(0)

    stage.run(lambda: asyncio.wait_for(scene(), BOUND_S))
    assert turns == 100
    assert stage.calls[-1] == {"wek/1": 0.5}
    assert stage.server.receiver.refused


def test_reductions_can_be_chosen_before_it_starts_and_while_it_runs(stage):
    stage.server.reduce_by([Reduction("hand/1", Pick((0,), "x"), ("wrist",))])
    heard = []

    async def scene():
        heard.append(await stage.until_heard(mediapipe_hands(hand(size=0.0))))
        stage.server.reduce_by([])
        heard.append(await stage.until_heard(mediapipe_hands(hand())))

    stage.run(scene)
    assert heard == [{"hand/found": 1.0, "wrist": 0.5}, {"hand/found": 1.0}]


def test_a_port_in_use_is_said_with_the_options_that_choose_another(stage):
    with pytest.raises(ControlError, match=r"other apps on 127\.0\.0\.1 port \d+: Address already"):
        DialectServer("127.0.0.1", stage.server.port)
    with pytest.raises(ControlError, match="--apps-host and --apps-port"):
        DialectServer("203.0.113.7", 0)
    with pytest.raises(ControlError, match="--osc-host and --osc-port"):
        OscServer("127.0.0.1", stage.server.port, {})

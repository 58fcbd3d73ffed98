"""OSC over a real UDP socket, on a real loop: bad packets, floods, answers, ports in use."""

import asyncio
import logging
import socket

import pytest
from pythonosc.osc_packet import OscPacket

from device.control.desk import Desk
from device.control.osc import routes
from device.control.osc_server import OscServer
from device.errors import ControlError
from device.params import FIXED, ParamTable
from tests.device.control.packets import ALL_BAD, GOOD, bundle, message

SPECS = {id: FIXED[id] for id in ("output_gain_db", "dry_wet", "latent_bias_0")}
BOUND_S = 10.0
"""Generous; without hangs everything here takes milliseconds."""


class Stage:
    """A server on a free port, a phone that sends to it, and a way to wait for what was applied."""

    def __init__(self, folder):
        self.desk = Desk(ParamTable(folder / "params", create=True), SPECS)
        table = routes(
            SPECS,
            reset=lambda: None,
            status=self.status,
            value=self.desk.value,
            load=lambda name: None,
            keep=lambda: None,
        )
        self.server = OscServer("127.0.0.1", 0, table)
        self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.phone.setblocking(False)
        self.phone.connect(("127.0.0.1", self.server.port))
        self.applied = asyncio.Event()

    def status(self):
        return [("/ondine/status/dropouts", [3])]

    def take(self, readings):
        self.desk.take(readings)
        self.applied.set()

    async def until_applied(self, datagram):
        self.applied.clear()
        self.phone.send(datagram)
        await asyncio.wait_for(self.applied.wait(), BOUND_S)

    async def answer(self, datagram):
        self.phone.send(datagram)
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.sock_recv(self.phone, 65_536), BOUND_S)

    def run(self, scene):
        async def main():
            self.server.start(asyncio.get_running_loop(), self.take)
            await scene()

        asyncio.run(main())


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.server.close()
    stage.server.close()
    stage.phone.close()


@pytest.mark.parametrize(("packet", "reason"), ALL_BAD)
def test_after_a_bad_packet_a_good_one_works(stage, packet, reason):
    async def scene():
        stage.phone.send(packet)
        await stage.until_applied(GOOD)

    stage.run(scene)
    assert dict(stage.server.receiver.refused) == {reason: 1}
    assert stage.desk.value("dry_wet") == 0.25


def test_a_flood_is_survived_and_the_rest_of_the_loop_goes_on(stage):
    turns = 0

    async def scene():
        nonlocal turns
        for i in range(20_000):
            # What the socket cannot hold is lost on the way, as on any network.
            stage.phone.send(GOOD if i % 2 else b"\xff" * 20)
            if i % 200 == 0:
                turns += 1
                await asyncio.sleep(0)
        while stage.server.receiver.accepted + stage.server.receiver.refused.total() < 1000:
            await asyncio.sleep(0)

    stage.run(scene)
    assert turns == 100
    assert stage.desk.value("dry_wet") == 0.25
    assert (
        stage.server.receiver.refused["bad length"] + stage.server.receiver.refused["bad address"]
    )


def test_a_bundle_over_the_wire_is_one_change(stage):
    packet = bundle(*[message(f"/ondine/param/{id}", "f", 0.5) for id in SPECS])
    stage.run(lambda: stage.until_applied(packet))
    assert {stage.desk.value(id) for id in SPECS} == {0.5}


def test_the_sender_is_answered_at_its_own_port(stage):
    async def scene():
        reply = OscPacket(await stage.answer(message("/ondine/status"))).messages[0].message
        assert (reply.address, reply.params) == ("/ondine/status/dropouts", [3])
        reply = OscPacket(await stage.answer(message("/ondine/params")))
        assert len(reply.messages) == len(SPECS)

    stage.run(scene)


def test_refused_packets_are_logged_together_and_not_one_by_one(stage, caplog):
    async def scene():
        logged = asyncio.Event()

        class Hears(logging.Handler):
            def emit(self, record):
                logged.set()

        logging.getLogger("ondine.osc").addHandler(hears := Hears())
        for _ in range(50):
            stage.phone.send(b"\xff" * 16)
        await asyncio.wait_for(logged.wait(), BOUND_S)
        logging.getLogger("ondine.osc").removeHandler(hears)

    stage.run(scene)
    [record] = caplog.records
    assert record.getMessage() == ("OSC: 50 messages were not used (since start: bad address 50)")


def test_a_port_in_use_and_a_host_that_is_not_here_are_said(stage):
    with pytest.raises(ControlError, match=r"127\.0\.0\.1 port \d+: Address already in use"):
        OscServer("127.0.0.1", stage.server.port, {})
    with pytest.raises(ControlError, match="--osc-host and --osc-port"):
        OscServer("203.0.113.7", 0, {})
    with pytest.raises(ControlError, match="cannot listen"):
        OscServer("no.such.host.invalid", 9000, {})

"""Who is let in: by address, over real sockets."""

import asyncio
import logging
import socket
from collections import Counter

import pytest

from device.control.guests import MOST_REMEMBERED, Guests, guests_of
from device.control.oscquery.door import Door
from device.control.udp_port import UdpPort
from device.errors import ControlError


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("192.168.1.20", True),
        ("10.0.0.77", True),
        ("10.0.1.77", False),
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fe81::1", False),
        ("::ffff:10.0.0.1", True),
        ("::ffff:10.9.0.1", False),
        ("no address", False),
        ("", False),
    ],
)
def test_addresses_networks_and_this_computer_are_let_in(host, admitted):
    guests = guests_of(["192.168.1.20", "10.0.0.5/24", "fe80::/16"])
    assert [guests.admits(host), guests.admits(host)] == [admitted] * 2


def test_without_any_everybody_is():
    assert Guests().admits("203.0.113.9")


@pytest.mark.parametrize("text", ["", "box.local", "10.0.0.0/33", "1.2.3", "10.0.0.1-9"])
def test_what_is_no_address_is_refused_with_what_is_one(text):
    with pytest.raises(ControlError, match=r"192\.168\.1\.0/24"):
        guests_of(["10.0.0.1", text])


def test_forged_addresses_do_not_fill_the_memory():
    guests = guests_of(["10.0.0.0/24"])
    for number in range(MOST_REMEMBERED + 500):
        assert not guests.admits(f"172.16.{number >> 8}.{number & 255}")
    assert len(guests._known) == MOST_REMEMBERED


def test_a_page_from_elsewhere_is_refused():
    door = Door(guests=guests_of(["10.0.0.1"]))
    assert "only the addresses" in door.refuses(["localhost"], [], "10.0.0.2")
    assert "only the addresses" in door.refuses(["localhost"], [], None)
    assert door.refuses(["localhost"], [], "10.0.0.1") == ""


class Counting:
    """A receiver that only counts."""

    def __init__(self):
        self.refused, self.heard = Counter(), 0

    def receive(self, datagram, sender, now_s):
        self.heard += 1
        return []


@pytest.mark.parametrize("texts", [[], ["10.0.0.1"]])
def test_packets_of_this_computer_come_in_whatever_the_list(texts):
    assert arrived(guests_of(texts)) == (2, 0)


def test_packets_of_others_are_counted_and_not_used():
    # This computer as a stranger that was looked up before: no other can be had in a test.
    stranger = Guests(guests_of(["10.0.0.1"]).networks, {"127.0.0.1": False})
    assert arrived(stranger) == (0, 2)


def arrived(guests):
    """Two packets from this computer: how many came in, and how many did not."""
    receiver = Counting()

    async def scene():
        udp = UdpPort("127.0.0.1", 0, logging.getLogger("t"), what="t", options="", guests=guests)
        udp.start(asyncio.get_running_loop(), receiver)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(2):
                sender.sendto(b"x", (udp.host, udp.port))
            async with asyncio.timeout(10):
                while receiver.heard + receiver.refused.total() < 2:
                    await asyncio.sleep(0)
        udp.close()

    asyncio.run(scene())
    return receiver.heard, receiver.refused["not let in"]

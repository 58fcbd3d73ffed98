"""Advertising: what is told to the network, and that nothing waits for one."""

import asyncio
import time

import pytest
from zeroconf import IPVersion, ServiceBrowser, Zeroconf

from device.control.advertise import OSC, OSCQUERY, Advertising, Service, addresses_of

ALL = ["127.0.0.1", "192.168.1.20", "10.0.0.5", "fe80::1"]
SERVICES = [Service(OSCQUERY, 9000), Service(OSC, 9001)]


@pytest.mark.parametrize(
    ("host", "advertised"),
    [
        ("0.0.0.0", ("10.0.0.5", "192.168.1.20")),
        ("::", ("10.0.0.5", "192.168.1.20")),
        ("192.168.1.20", ("192.168.1.20",)),
        ("127.0.0.1", ()),
        ("localhost", ()),
    ],
)
def test_only_addresses_that_others_reach_are_advertised(host, advertised):
    assert addresses_of(host, ALL) == advertised


def test_where_there_is_no_network_it_starts_at_once_and_is_silent():
    said = []

    async def scene():
        advertising = Advertising(
            "Ondine", "0.0.0.0", SERVICES, said.append, addresses=lambda h: ()
        )
        loop = asyncio.get_running_loop()
        began_s = time.perf_counter()
        advertising.start(loop, lambda readings: None)
        assert time.perf_counter() - began_s < 0.2
        await asyncio.sleep(0)
        advertising.close()
        advertising.close()

    asyncio.run(scene())
    assert said == []


def test_a_network_that_fails_is_one_sentence():
    said = []

    async def scene():
        told = asyncio.Event()

        def say(sentence):
            said.append(sentence)
            told.set()

        advertising = Advertising(
            "Ondine", "0.0.0.0", SERVICES, say, addresses=lambda h: ("203.0.113.7",)
        )
        advertising.start(asyncio.get_running_loop(), lambda readings: None)
        await asyncio.wait_for(told.wait(), 20.0)
        advertising.close()

    asyncio.run(scene())
    assert len(said) == 1
    assert said[0].startswith("Not advertised in the network: ")


class Hears:
    """A listener of another zeroconf, as a phone has it."""

    def __init__(self):
        self.found, self.gone = {}, set()

    def add_service(self, zeroconf, kind, name):
        self.found[kind] = zeroconf.get_service_info(kind, name)

    def update_service(self, zeroconf, kind, name):
        pass

    def remove_service(self, zeroconf, kind, name):
        self.gone.add(kind)


@pytest.mark.slow
def test_a_phone_finds_both_services_and_sees_them_go():
    """Over the loopback interface, by a zeroconf of its own."""
    hears, kinds = Hears(), [f"{OSCQUERY}.local.", f"{OSC}.local."]

    async def until(holds):
        async with asyncio.timeout(20.0):
            while not holds():
                await asyncio.sleep(0.02)

    async def scene():
        phone = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        browser = ServiceBrowser(phone, kinds, hears)
        advertising = Advertising(
            "Ondine on stage", "0.0.0.0", SERVICES, print, addresses=lambda h: ("127.0.0.1",)
        )
        advertising.start(asyncio.get_running_loop(), lambda readings: None)
        await until(lambda: all(hears.found.get(kind) for kind in kinds))
        advertising.close()
        await until(lambda: hears.gone == {*kinds})
        browser.cancel()
        phone.close()

    asyncio.run(scene())
    query, osc = (hears.found[kind] for kind in kinds)
    assert (query.port, osc.port) == (9000, 9001)
    assert query.name == f"Ondine on stage.{OSCQUERY}.local."
    assert query.parsed_addresses() == ["127.0.0.1"]

"""Malformed HTTP and WebSocket input: a few in every run, thousands in the long one."""

import asyncio
import contextlib

import pytest

from device.control.oscquery.server import FIRST_REQUEST_S
from tests.device.control.oscquery.stage import Stage
from tests.faults.query_attacks import run_query_attacks


def test_malformed_input_is_harmless(tmp_path):
    assert run_query_attacks(tmp_path, 150, 1).failures == ()


@pytest.mark.slow
def test_much_malformed_input_is_harmless(tmp_path):
    report = run_query_attacks(tmp_path, 5000, 2)
    assert report.failures == ()


@pytest.mark.slow
def test_who_connects_and_asks_nothing_is_let_go(tmp_path):
    stage = Stage(tmp_path)

    async def scene():
        assert (await stage.get("/"))[0] == 200
        idle, writer = await asyncio.open_connection("127.0.0.1", stage.source.port)
        half, other = await asyncio.open_connection("127.0.0.1", stage.source.port)
        other.write(b"GET / HTTP/1.1\r\nHost: ")
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for reader in (idle, half):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read(1) == b""
        assert loop.time() - began_s >= FIRST_REQUEST_S - 0.5
        writer.close()
        other.close()

    stage.run(scene)

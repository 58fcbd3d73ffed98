"""OSCQuery over real sockets: what clients ask and are told, and what they must not do."""

import asyncio
import json
import socket
import subprocess
import sys
import zlib
from xml.etree import ElementTree

import aiohttp
import pytest
from pythonosc.osc_message import OscMessage

from device.control.oscquery.door import Door
from device.control.oscquery.method import Method
from device.control.oscquery.offer import Offer
from device.control.oscquery.server import MAX_CONNECTIONS, MAX_SOCKETS
from device.control.oscquery.source import OscQuery
from device.control.oscquery.tree import tree
from device.control.source import Reading
from device.errors import ControlError
from device.params import specs_of
from tests.bundles import tiny_autoencoder, tiny_slow
from tests.device.control.oscquery.stage import BOUND_S, Stage
from tests.device.control.packets import ALL_BAD, bundle, message

DRY = "/ondine/param/dry_wet"


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.source.close()
    stage.source.close()


def listen(address):
    return json.dumps({"COMMAND": "LISTEN", "DATA": address})


async def told(ws):
    """The next OSC message of a WebSocket: address and argument."""
    given = await ws.receive(timeout=BOUND_S)
    assert given.type is aiohttp.WSMsgType.BINARY
    osc = OscMessage(given.data)
    [argument] = osc.params
    return osc.address, argument


def test_the_tree_and_parts_of_it_are_answered(stage):
    async def scene():
        status, root = await stage.get("/")
        assert status == 200
        dry = root["CONTENTS"]["ondine"]["CONTENTS"]["param"]["CONTENTS"]["dry_wet"]
        assert (await stage.get(DRY)) == (200, dry)
        stage.desk.take([Reading("dry_wet", 0.25, False, "knob", 0.0)])
        assert (await stage.get(DRY + "?VALUE")) == (200, {"VALUE": [0.25]})
        assert (await stage.get("/x?HOST_INFO"))[1]["OSC_PORT"] == 9000
        assert (await stage.get("/ondine/panic?VALUE"))[0] == 204
        assert (await stage.get("/nowhere"))[0] == 404
        assert (await stage.get(DRY + "?COLOUR"))[0] == 400
        async with stage.http.head(stage.url + DRY) as response:
            assert (response.status, await response.read()) == (200, b"")
            assert response.content_type == "application/json"

    stage.run(scene)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_written_by_http(stage, method):
    async def scene():
        before = stage.desk.values()
        async with stage.http.request(method, stage.url + DRY, data=b"0.1") as response:
            assert response.status == 405
        assert (await stage.get(DRY + "?VALUE=0.1"))[0] == 400
        assert stage.desk.values() == before

    stage.run(scene)


def test_pages_of_others_and_rebound_names_are_turned_away_from_http_and_websocket(stage):
    async def scene():
        evil = {"Origin": "http://evil.example"}
        assert (await stage.get("/", headers=evil))[0] == 403
        assert (await stage.get("/", headers={"Host": "evil.example"}))[0] == 403
        assert (await stage.get("/", headers={"Origin": stage.url}))[0] == 200
        for headers in (evil, {"Host": "evil.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await stage.socket(headers=headers)
            assert refused.value.status == 403
        async with stage.socket(headers={"Origin": stage.url}) as ws:
            await ws.send_str(listen(DRY))
            assert await told(ws) == (DRY, 1.0)
        answer = await stage.raw(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 403 " in answer.splitlines()[0]

    stage.run(scene)


def test_what_anybody_changes_is_told_to_who_listens_and_to_nobody_else(stage):
    async def scene():
        async with stage.socket() as ws, stage.socket() as other:
            await ws.send_str(listen(DRY))
            assert await told(ws) == (DRY, 1.0)
            await other.send_str(listen("/ondine/raw/latent_bias_0"))
            assert await told(other) == ("/ondine/raw/latent_bias_0", 0.5)
            stage.desk.take([Reading("dry_wet", 0.5, False, "knob", 0.0)])
            assert await told(ws) == (DRY, 0.5)
            stage.desk.take([Reading("latent_bias_0", 6.0, False, "knob", 0.0)])
            assert await told(other) == ("/ondine/raw/latent_bias_0", 1.0)
            await ws.send_str(json.dumps({"COMMAND": "IGNORE", "DATA": DRY}))
            await ws.send_str(listen("/ondine/status/dropouts"))
            assert await told(ws) == ("/ondine/status/dropouts", 0)
            stage.desk.take([Reading("dry_wet", 0.1, False, "knob", 0.0)])
            stage.dropouts = 3
            assert await told(ws) == ("/ondine/status/dropouts", 3)

    stage.run(scene)


def test_osc_packets_over_a_websocket_play_are_answered_and_not_echoed(stage):
    async def scene():
        async with stage.socket() as phone, stage.socket() as other:
            for ws in (phone, other):
                await ws.send_str(listen(DRY))
                assert await told(ws) == (DRY, 1.0)
            loop = asyncio.get_running_loop()
            sent_s = loop.time()
            both = [message(DRY, "f", 0.25), message("/ondine/raw/latent_bias_0", "f", 0.5)]
            await phone.send_bytes(bundle(*both))
            assert await told(other) == (DRY, 0.25)
            # The one who moved it hears of it when it rests, a tenth of a second later.
            assert await told(phone) == (DRY, 0.25)
            assert loop.time() - sent_s >= 0.1
            await phone.send_bytes(message("/ondine/reset"))
            await phone.send_bytes(message("/ondine/status"))
            given = await phone.receive(timeout=BOUND_S)
            assert given.data.startswith(b"#bundle")
            assert stage.resets == 1

    stage.run(scene)


def test_bad_osc_packets_and_bad_commands_over_a_websocket_do_nothing(stage):
    async def scene():
        before = stage.desk.values()
        async with stage.socket() as ws:
            for bad, _ in [p.values for p in ALL_BAD]:
                if len(bad) <= 8192:
                    await ws.send_bytes(bad)
            for text in ["", "{", "[" * 4000, '{"COMMAND": 1}', listen("/none"), "\ud7ff"]:
                await ws.send_str(text)
            await ws.send_str(listen(DRY))
            assert await told(ws) == (DRY, 1.0)
        assert stage.desk.values() == before
        assert stage.source.server.refused["there is nothing to listen to at this address"] == 1

    stage.run(scene)


def test_another_instrument_is_told_and_what_is_gone_is_not_listened_to(stage):
    async def scene():
        async with stage.socket() as ws:
            for address in (DRY, "/ondine/param/latent_bias_1"):
                await ws.send_str(listen(address))
                assert (await told(ws))[0] == address
            stage.source.replace(stage.offer())  # the same one again
            stage.manifest = tiny_slow().manifest
            stage.desk.change(specs_of(stage.manifest), 2)
            stage.source.replace(stage.offer())
            given = await ws.receive(timeout=BOUND_S)
            assert json.loads(given.data) == {"COMMAND": "PATH_CHANGED", "DATA": "/ondine"}
            stage.desk.take([Reading("dry_wet", 0.5, False, "knob", 0.0)])
            assert await told(ws) == (DRY, 0.5)
            assert (await stage.get("/ondine/param/latent_bias_1"))[0] == 404
            assert (await stage.get("/ondine/param/slow?TYPE")) == (200, {"TYPE": "f"})
            await ws.send_bytes(message("/ondine/param/slow", "f", 1.0))
            await ws.send_str(listen("/ondine/param/slow"))
            assert await told(ws) == ("/ondine/param/slow", 1.0)

    stage.run(scene)


def test_addresses_of_others_are_described_with_ours(stage):
    scene_node = Method("/ondine/scene/name", "s", 1, "What is recalled", read=lambda: "dusk")

    async def scene():
        stage.source.replace(stage.offer([scene_node]))
        assert (await stage.get("/ondine/scene/name?VALUE")) == (200, {"VALUE": ["dusk"]})

    stage.run(scene)


def test_the_layouts_are_served_for_download(stage):
    async def scene():
        async with stage.http.get(stage.url + "/layout.tosc") as response:
            assert response.headers["Content-Disposition"].endswith('.tosc"')
            root = ElementTree.fromstring(zlib.decompress(await response.read()))
        assert root.find("node/children/node").get("type") == "PAGER"
        status, session = await stage.get("/layout.json")
        assert (status, session["type"]) == (200, "session")
        assert (await stage.get("/layout.json?HOST_INFO"))[1]["NAME"] == "Ondine"

    stage.run(scene)


def test_no_more_than_so_many_sockets_listen_and_a_place_comes_free(stage):
    async def scene():
        seated = [await stage.socket() for _ in range(MAX_SOCKETS)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stage.socket()
        assert refused.value.status == 503
        assert (await stage.get("/"))[0] == 200
        await seated.pop().close()
        async with stage.socket() as ws:
            await ws.send_str(listen(DRY))
            assert await told(ws) == (DRY, 1.0)
        for ws in seated:
            await ws.close()

    stage.run(scene)


def test_too_many_connections_are_turned_away_and_the_others_stay(stage):
    async def scene():
        assert (await stage.get("/"))[0] == 200
        idle = [
            await asyncio.open_connection("127.0.0.1", stage.source.port)
            for _ in range(MAX_CONNECTIONS + 8)
        ]
        closed = [asyncio.create_task(reader.read(1)) for reader, _ in idle]
        await asyncio.wait(closed, timeout=BOUND_S, return_when=asyncio.FIRST_COMPLETED)
        assert (await stage.get(DRY))[0] == 200  # on the connection that is kept
        assert stage.source.server.refused["too many connections"] >= 1
        for task in closed:
            task.cancel()
        await asyncio.gather(*closed, return_exceptions=True)
        for _, writer in idle:
            writer.close()

    stage.run(scene)


def test_who_asks_for_too_much_is_asked_to_wait(stage):
    async def scene():
        statuses = [(await stage.get("/?CONTENTS"))[0] for _ in range(150)]
        assert statuses[0] == 200
        assert statuses[-1] == 429

    stage.run(scene)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 64,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET http://[::1/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET //// HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /" + b"/a" * 1900 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: \xc3\x28\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 99\r\n\r\n",
        b"CONNECT evil.example:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"* * *",
    ],
)
def test_malformed_http_is_harmless(stage, data, caplog):
    async def scene():
        answer = await stage.raw(data)
        assert b" 200 " not in answer[:15]
        assert (await stage.get(DRY))[0] == 200

    stage.run(scene)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    "frames",
    [
        b"\xff" * 200,
        b"\x81\x05hello",  # not masked
        b"\x81\xfe\xff\xff" + b"\0" * 5000,  # cut short
        b"\x82\xff" + b"\xff" * 8 + b"\0\0\0\0",  # 2^64 bytes are said to come
        b"\x82\xff\0\0\0\0\0\1\0\0" + b"\0" * 4 + b"\0" * 65_536,  # larger than allowed
        b"\x81\x82\0\0\0\0\xc3\x28",  # not UTF-8
        b"\x83\x80\0\0\0\0",  # no such opcode
        b"\x80\x80\0\0\0\0",  # goes on with what never began
        b"\x89\xfe\0\xff" + b"\0" * 259,  # a ping that is too long
        b"\x88\x81\0\0\0\0x",  # half a reason to close
        b"\xc1\x80\0\0\0\0",  # compressed, as was not agreed
    ],
)
def test_malformed_websocket_frames_are_harmless(stage, frames, caplog):
    async def scene():
        answer = await stage.raw(HANDSHAKE + frames)
        assert b"101 Switching" in answer
        assert (await stage.get(DRY))[0] == 200

    stage.run(scene)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_listener_that_reads_nothing_delays_nobody(stage):
    async def scene():
        deaf = socket.create_connection(("127.0.0.1", stage.source.port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        text = listen(DRY).encode()
        deaf.sendall(HANDSHAKE + bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text)
        async with stage.socket() as ws:
            await ws.send_str(listen(DRY))
            assert await told(ws) == (DRY, 1.0)
            for i in range(1, 20):
                stage.desk.take([Reading("dry_wet", i / 32, False, "knob", 0.0)])
                assert await told(ws) == (DRY, i / 32)
        deaf.close()

    stage.run(scene)


def test_closing_while_it_starts_leaves_nothing_behind(stage):
    async def main():
        loop = asyncio.get_running_loop()
        stage.source.start(loop, stage.desk.take)
        await asyncio.sleep(0)
        stage.source.close()
        for _ in range(3):
            await asyncio.sleep(0)

    asyncio.run(main(), debug=True)
    assert stage.source.server is None


def test_a_large_tree_is_answered_whole(tmp_path):
    """Of 64 latents: 133 parameters, each at two addresses."""
    large = Stage(tmp_path, tiny_autoencoder(hop=64).manifest)

    async def scene():
        status, root = await large.get("/ondine/raw")
        assert status == 200
        assert {*root["CONTENTS"]} == {*large.desk.specs}

    large.run(scene)


def test_a_port_in_use_is_said(stage):
    offer = Offer(tree([]), {})
    with pytest.raises(ControlError, match=r"127\.0\.0\.1 port \d+: Address already in use"):
        OscQuery("127.0.0.1", stage.source.port, offer, osc_port=None, door=Door())
    with pytest.raises(ControlError, match="cannot answer OSCQuery"):
        OscQuery("no.such.host.invalid", 1, offer, osc_port=None, door=Door())


def test_without_aiohttp_one_sentence_says_what_to_install(tmp_path):
    """In a Python that finds no aiohttp: an empty folder stands where packages are looked for."""
    script = """
import importlib.machinery, sys
class Without(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "aiohttp" else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Without
from device.control.oscquery.door import Door
from device.control.oscquery.offer import Offer
from device.control.oscquery.source import OscQuery
from device.control.oscquery.tree import tree
from device.errors import ControlError
try:
    OscQuery("127.0.0.1", 0, Offer(tree([]), {}), osc_port=None, door=Door())
except ControlError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pip install 'ondine[phone]'" in done.stdout
    assert done.stdout.count("\n") == 1

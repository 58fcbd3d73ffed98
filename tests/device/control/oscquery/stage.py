"""A whole OSCQuery server on a free port, on a desk of its own, and clients of other make."""

import asyncio
import contextlib
import json
import time

import aiohttp

from device.control.desk import Desk
from device.control.osc import routes
from device.control.oscquery.door import Door
from device.control.oscquery.offer import offer_of
from device.control.oscquery.source import OscQuery
from device.params import ParamTable, specs_of
from tests.bundles import tiny_autoencoder

BOUND_S = 10.0
"""Generous; without hangs everything here takes milliseconds."""


class Stage:
    """The server answers on 127.0.0.1; `dropouts` is what its status tells."""

    def __init__(self, folder, manifest=None, **options):
        self.manifest = manifest or tiny_autoencoder(hop=2).manifest
        self.desk = Desk(ParamTable(folder / "params", create=True), specs_of(self.manifest))
        self.loads, self.resets, self.dropouts = [], 0, 0
        self.source = OscQuery(
            "127.0.0.1", 0, self.offer(), osc_port=9000, door=Door(**options), called="Ondine"
        )
        self.url = f"http://127.0.0.1:{self.source.port}"
        self.http = None

    def offer(self, more=()):
        specs = self.desk.specs
        table = routes(
            specs,
            reset=self._reset,
            status=self.status,
            value=self.desk.value,
            load=self.loads.append,
            keep=lambda: None,
        )
        return offer_of(
            self.manifest,
            specs,
            table,
            value=self.desk.value,
            status=self.status,
            clock=time.monotonic,
            more=more,
        )

    def _reset(self):
        self.resets += 1

    def status(self):
        return [("/ondine/status/dropouts", [self.dropouts]), ("/ondine/status/load", [0.25])]

    def run(self, scene):
        async def main():
            loop = asyncio.get_running_loop()
            faults = []
            loop.set_exception_handler(lambda _, context: faults.append(context))
            self.source.start(loop, self.desk.take)
            async with asyncio.timeout(3 * BOUND_S), aiohttp.ClientSession() as self.http:
                try:
                    await scene()
                finally:
                    self.source.close()
            assert not faults

        asyncio.run(main())

    async def get(self, path, **options):
        """Status and JSON (or None) of a GET."""
        async with self.http.get(self.url + path, **options) as response:
            text = await response.text()
            with contextlib.suppress(ValueError):
                return response.status, json.loads(text)
            return response.status, None

    def socket(self, **options):
        return self.http.ws_connect(self.url, max_msg_size=0, **options)

    async def raw(self, data):
        """Send bytes as they are; what comes back, once somebody else has been answered too."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.source.port)
        try:
            writer.write(data)
            await writer.drain()
            assert (await self.get("/ondine/param/dry_wet"))[0] == 200
            writer.write_eof()
            async with asyncio.timeout(BOUND_S):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

"""Scenes with everything real but the audio process, which is a socket and a status."""

import asyncio
import json
import socket
from pathlib import Path

import numpy as np

from device.audio.start import read_start
from device.bundle import open_bundle
from device.control.desk import Desk
from device.control.signal import Signal
from device.control.source import Reading
from device.errors import BundleError
from device.hands.hands import Hands
from device.mapping.disk import Folder
from device.mapping.patch import Patch
from device.mapping.scenes import Scenes
from device.mapping.store import Store
from device.params import ParamTable, default_values, specs_of
from device.paths import RunFolder
from device.play.acts import Acts
from device.play.playing import Asked, Playing
from device.play.swap import Swap
from device.scenes.instrument import Instrument
from device.scenes.scening import Scening
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_decoder, tiny_effect

BOUND_S = 20.0


class Audio:
    """Hears datagrams and obeys: `refuses` is why it does not, `holds` keeps it waiting."""

    def __init__(self, folder):
        self.status = Status(folder.status, create=True)
        self.status["pid"] = self.status["serial"] = 1.0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder.socket))
        self.socket.setblocking(False)
        self.heard, self.starts = [], []
        self.caches, self.refuses = None, ""
        self.holds = asyncio.Event()
        self.holds.set()

    async def obey(self):
        while True:
            data = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
            request = json.loads(data)
            self.heard.append(request)
            await self.holds.wait()
            if request["command"] == "remember":
                if self.caches is not None:
                    Path(request["file"]).write_bytes(self.caches)
                self.status["remembered"] = request["ticket"]
            elif self.refuses:
                self.status.say("load_error", self.refuses)
                self.status["refused"] = request["serial"]
            else:
                start = request.get("start")
                self.starts.append(read_start(Path(start)) if start else None)
                self.status["serial"] = request["serial"]

    @property
    def loads(self):
        return [Path(r["bundle"]).stem for r in self.heard if r["command"] == "load"]


class Box:
    """What a player has in front of them; `do` is what OSC, a command or a button has done."""

    def __init__(self, place, patch=None):
        self.place = place
        self.folder = RunFolder(place)
        self.scenes_folder = place / "scenes"
        bundles = {"glass": tiny_autoencoder(), "bells": tiny_decoder(), "fuzz": tiny_effect()}
        self.paths = {n: save(b, place / f"{n}.ondine").resolve() for n, b in bundles.items()}
        self.audio = Audio(self.folder)
        manifest = bundles["glass"].manifest
        self.table = ParamTable(self.folder.params, create=True)
        self.desk = Desk(self.table, specs_of(manifest))
        self.desk.change(self.desk.specs, 1)
        self.said, self.recalled, self.changes = [], [], 0
        self.fingerprints = []
        self.swap = Swap(
            self.folder,
            self.desk,
            Playing(self.paths["glass"], manifest, 1, "auto", "none", "silence", None, Asked()),
            admit=self.admit,
            precision=lambda manifest, asked: asked or "auto",
            changed=lambda now: self.hands.play(self.desk.specs),
        )
        self.hands = Hands(
            patch or Patch(),
            self.desk.specs,
            [],
            take=self.desk.take,
            values=self.desk.values,
            say=self.said.append,
        )
        self.learned = {}
        self.disk = Folder(self.scenes_folder)
        self.scenes = Scenes(Store(self.disk, str(self.scenes_folder)))
        self.scening = self.another()
        self.acts = Acts(self.scening.acts())

    def another(self, on=None):
        """Scenes as the next start finds them."""
        self.scenes = Scenes(Store(self.disk, str(self.scenes_folder)))
        return Scening(
            self.scenes,
            self.disk,
            Instrument(
                playing=lambda: self.swap.playing,
                specs=lambda: self.desk.specs,
                stands=self.hands.stands,
                take=self.hands.put,
                patch=lambda: self.hands.patch,
                change=self.hands.change,
                learned=lambda: dict(self.learned),
                learn=self.learn,
                read=lambda learned: learned,
                load=lambda bundle, precision, begin: self.swap.load(
                    bundle, precision=precision, begin=begin
                ),
                caches=self.swap.caches,
            ),
            now_s=lambda: 7.0,
            say=self.said.append,
            changed=self.change,
            recalled=self.recalled.append,
            on=on,
        )

    def admit(self, path):
        if not path.is_file():
            raise BundleError(f"{path} is gone")
        return open_bundle(path).manifest

    def learn(self, learned):
        self.learned = dict(learned)

    def change(self):
        self.changes += 1

    def move(self, **values):
        """A phone moves parameters."""
        self.hands.take([Reading(id, value, False, "phone", 1.0) for id, value in values.items()])

    def move_raw(self, id, value):
        self.hands.take([Reading(id, value, True, "phone", 1.0)])

    def turn(self, name, value):
        self.hands.hear([Signal(name, value, 1.0)])

    @property
    def writes(self):
        """How often the table was written since it was made."""
        return int.from_bytes(self.folder.params.read_bytes()[8:16], "little") // 2

    def values(self):
        return self.table.values()

    async def act(self, name, *given):
        return await self.acts.do(name, given)

    def do(self, name, *given):
        return self.run(self.act(name, *given))

    def run(self, scene):
        async def main():
            audio = asyncio.create_task(self.audio.obey())
            try:
                return await asyncio.wait_for(scene, BOUND_S)
            finally:
                audio.cancel()

        return asyncio.run(main())

    def upset(self):
        """Every parameter and macro is somewhere else."""
        for id, spec in self.hands.specs.items():
            far = spec.maximum if self.hands.stands()[id] < spec.maximum else spec.minimum
            self.hands.take([Reading(id, far, False, "phone", 1.0)])
        assert not np.array_equal(self.values(), default_values())


async def while_held(box, *started):
    """Start these while audio keeps everyone waiting; what came of them, in their order."""
    box.audio.holds.clear()
    tasks = []
    for work in started:
        tasks.append(asyncio.create_task(work))
        while not box.audio.heard:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
    box.audio.holds.set()
    return await asyncio.gather(*tasks, return_exceptions=True)

"""A performance whose sound cannot begin: a desktop says so, a box tries on and remembers why."""

import asyncio
import io
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from device.control.desk import Desk
from device.errors import AudioError
from device.mapping.disk import Folder
from device.mapping.last import read_last, read_starts, write_last
from device.mapping.starts import Now, choose_start
from device.params import ParamTable, specs_of
from device.paths import RunFolder
from device.play.child import End
from device.play.patience import DEATHS
from device.play.performance import Performance
from device.play.playing import Asked, Playing
from device.play.swap import Swap
from device.scenes.start_log import StartLog
from device.show.screen import Screen
from device.status import Status
from tests.bundles import tiny_decoder

SCENE = 7
NOW = Now("first boot", 3.0, 1000.0)
LATER = Now("second boot", 3.0, 2000.0)
DIED = "the audio process was killed by SIGSEGV"


class Audio:
    """An audio process that dies as it starts, or plays until it is stopped."""

    def __init__(self, dies):
        self.dies, self.over = dies, asyncio.Event()

    async def start(self):
        if self.dies:
            raise AudioError(DIED)
        return "playing"

    async def ended(self):
        if self.dies:
            return End(1, DIED)
        await self.over.wait()
        return End(0, "stopped")

    def kill(self, why):
        raise AssertionError(why)

    async def stop(self):
        self.over.set()


class House:
    """A performance on real tables, of whose audio processes the first `deaths` die at once."""

    def __init__(self, place, deaths, for_ever):
        folder = RunFolder(place)
        Status(folder.status, create=True)
        bells = tiny_decoder().manifest
        desk = Desk(ParamTable(folder.params, create=True), specs_of(bells))
        self.disk, self.said, self.started, self.deaths = Folder(place / "s"), [], [], deaths
        write_last(self.disk, SCENE)
        self.log = StartLog(self.disk, SCENE, NOW, self.said.append)
        self.screen = io.StringIO()
        self.swap = Swap(
            folder,
            desk,
            Playing(place / "bells", bells, 1, "auto", "any", "card", None, Asked()),
            admit=lambda path: bells,
            precision=lambda manifest, asked: "auto",
            changed=lambda now: self.log.gave_up(SCENE),
        )
        self.performance = Performance(
            self.audio,
            self.swap,
            [],
            lambda readings: None,
            folder.status,
            Screen(Console(file=self.screen, width=200)),
            first=self.log,
            begun=lambda: self.performance.stop(),
            for_ever=for_ever,
        )

    def audio(self, again):
        self.started.append(self.swap.playing.name)
        return Audio(len(self.started) <= self.deaths)

    def run(self):
        asyncio.run(self.performance.run())


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_on_a_desktop_its_player_is_told_and_it_ends(place):
    house = House(place, deaths=1, for_ever=False)
    with pytest.raises(AudioError, match="SIGSEGV"):
        house.run()
    assert house.started == [house.swap.playing.name]


def test_on_a_box_it_is_tried_again(place):
    house = House(place, deaths=1, for_ever=True)
    house.run()
    assert len(house.started) == 2
    assert f"It cannot play: {DIED}. Trying on." in house.screen.getvalue()
    assert choose_start(read_starts(house.disk), read_last(house.disk), LATER).scene == SCENE


def test_what_it_dies_of_as_it_starts_gives_way_and_is_not_begun_with_again(place):
    house = House(place, deaths=DEATHS, for_ever=True)
    house.run()
    assert house.started[-1] == "drift" != house.started[0]
    assert "which is built in, plays instead" in house.screen.getvalue()
    choice = choose_start(read_starts(house.disk), read_last(house.disk), LATER)
    assert choice.scene is None
    assert f"again and again with scene {SCENE}" in choice.say


def test_a_start_is_noted_before_it_sounds(place):
    """A machine that hangs with a scene has noted what it began with, though it never played."""
    house = House(place, deaths=0, for_ever=True)

    class Hangs(Audio):
        async def start(self):
            while not read_starts(house.disk):
                await asyncio.sleep(0.001)
            house.performance.stop()
            await asyncio.Event().wait()

    house.performance._child = lambda again: Hangs(False)
    with pytest.raises(KeyboardInterrupt):
        house.run()
    assert [start.scene for start in read_starts(house.disk)] == [SCENE]

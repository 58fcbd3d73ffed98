"""A load as control sees it: an audio process that is a socket and a status, driven by the test."""

import asyncio
import dataclasses
import json
import socket
import tempfile
from pathlib import Path

import pytest

from device.audio.start import read_start
from device.control.desk import Desk
from device.errors import AudioError, BundleError, ControlError
from device.params import SERIAL, ParamTable, specs_of
from device.paths import RunFolder
from device.play.playing import Asked, Playing, read_playing
from device.play.swap import Begin, Swap
from device.status import Status
from tests.bundles import save, tiny_decoder, tiny_effect, tiny_encoder

BOUND_S = 10.0


class Audio:
    """What control knows of an audio process: it hears datagrams and has a status."""

    def __init__(self, folder):
        self.status = Status(folder.status, create=True)
        self.status["pid"] = 1.0
        self.status["serial"] = 1.0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder.socket))
        self.socket.setblocking(False)

    async def heard(self):
        data = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
        return json.loads(data)


class House:
    """A swap on real tables."""

    def __init__(self, place):
        self.folder = RunFolder(place)
        self.fuzz = save(tiny_effect(), place / "fuzz.ondine")
        self.audio = Audio(self.folder)
        bells = tiny_decoder().manifest
        self.table = ParamTable(self.folder.params, create=True)
        self.desk = Desk(self.table, specs_of(bells))
        self.desk.defaults()
        self.desk.change(self.desk.specs, 1)
        playing = Playing(Path("/bells"), bells, 1, "auto", "none", "silence", None, Asked())
        self.changes = []
        self.admitted = []
        self.swap = Swap(
            self.folder,
            self.desk,
            dataclasses.replace(playing, began_s=3.0),
            last_serial=4,
            admit=self.admit,
            precision=lambda manifest, asked: asked or "auto",
            changed=self.changes.append,
        )

    def admit(self, path):
        self.admitted.append(path)
        if path == self.fuzz:
            return tiny_effect().manifest
        raise BundleError(f"{path}: it is not good")


@pytest.fixture
def house():
    # Not pytest's: a Unix socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        house = House(Path(place))
        yield house
        house.audio.socket.close()


def run(scene):
    return asyncio.run(asyncio.wait_for(scene, BOUND_S))


def test_what_is_loaded_gets_its_defaults_in_one_write_and_the_player_keeps_his_own(house):
    house.table.write({house.desk.specs["output_gain_db"].slot: -6.0})

    async def scene():
        loading = asyncio.create_task(house.swap.load(str(house.fuzz), latency="free"))
        request = await house.audio.heard()
        assert house.table.values()[SERIAL] == 1.0
        house.audio.status["serial"] = request["serial"]
        return request, await loading

    request, sentence = run(scene())
    assert sentence == "Now playing tiny effect."
    assert request["command"] == "load"
    assert (request["bundle"], request["serial"]) == (str(house.fuzz), 5)
    assert (request["latency"], request["precision"]) == ("free", "auto")
    assert len(request["fingerprint"]) == 64
    assert house.table.values()[SERIAL] == 5.0
    assert house.desk.value("drive") == 1.0
    assert house.desk.value("output_gain_db") == -6.0
    assert [now.name for now in house.changes] == ["tiny effect"]
    assert read_playing(house.folder.playing) == house.swap.playing
    assert house.swap.playing.began_s is None


def unchanged(house):
    return (
        house.changes == []
        and house.swap.playing.name == "tiny decoder"
        and house.table.values()[SERIAL] == 1.0
        and "latent_bias_3" in house.desk.specs
    )


@pytest.mark.parametrize("name", ["no/such.ondine", "nobody"])
def test_what_is_not_there_is_said(house, name):
    with pytest.raises(BundleError, match="there is no"):
        run(house.swap.load(name))
    assert unchanged(house)


def test_what_is_not_admitted_never_reaches_audio(house):
    ear = save(tiny_encoder(), house.folder.path / "ear.ondine")
    with pytest.raises(BundleError, match="it is not good"):
        run(house.swap.load(str(ear)))
    with pytest.raises(BlockingIOError):
        house.audio.socket.recv(10)
    assert unchanged(house)


def test_what_audio_refuses_is_said_in_its_words_and_its_serial_is_not_used_again(house):
    async def scene():
        for serial in (5, 6):
            loading = asyncio.create_task(house.swap.load(str(house.fuzz)))
            assert (await house.audio.heard())["serial"] == serial
            house.audio.status.say("load_error", "it is too late by 3 ms.")
            house.audio.status["refused"] = serial
            with pytest.raises(AudioError, match=r"it is too late by 3 ms$"):
                await loading

    run(scene())
    assert unchanged(house)


def test_audio_that_dies_of_a_load_is_said(house):
    async def scene():
        loading = asyncio.create_task(house.swap.load(str(house.fuzz)))
        await house.audio.heard()
        house.audio.status["pid"] = 2.0
        await loading

    with pytest.raises(AudioError, match="ended while it was loading"):
        run(scene())
    assert unchanged(house)


def test_audio_that_does_not_listen_is_said(house):
    house.audio.socket.close()
    with pytest.raises(AudioError, match="just being started"):
        run(house.swap.load(str(house.fuzz)))
    assert unchanged(house)


def test_nothing_is_loaded_while_memory_is_short(house):
    house.swap.refusing = "memory is short"
    with pytest.raises(ControlError, match="memory is short"):
        run(house.swap.load(str(house.fuzz)))
    assert house.admitted == []


def test_of_those_that_wait_the_newest_is_loaded(house):
    async def scene():
        first = asyncio.create_task(house.swap.load(str(house.fuzz)))
        request = await house.audio.heard()
        others = [asyncio.create_task(house.swap.load(str(house.fuzz))) for _ in range(3)]
        await asyncio.sleep(0)
        house.audio.status["serial"] = request["serial"]
        await first
        for late in others[:2]:
            with pytest.raises(ControlError, match="another was asked for after it"):
                await late
        house.audio.status["serial"] = (await house.audio.heard())["serial"]
        await others[2]

    run(scene())
    assert [now.serial for now in house.changes] == [5, 6]


def test_a_load_that_comes_after_all_is_settled_later(house):
    async def scene():
        loading = asyncio.create_task(house.swap.load(str(house.fuzz)))
        await house.audio.heard()
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        assert house.swap.settle() == ""
        house.audio.status["serial"] = 5.0
        return house.swap.settle()

    assert run(scene()) == "Now playing tiny effect."
    assert house.table.values()[SERIAL] == 5.0
    assert house.swap.settle() == ""


def test_the_built_in_instrument_comes_in_once(house):
    assert house.swap.fall_back()
    assert house.swap.playing.name == "drift"
    assert house.table.values()[SERIAL] == house.swap.playing.serial == 5
    assert not house.swap.fall_back()


BEGIN = Begin({"drive": 7.0, "dry_wet": 0.25, "nobody": 1.0, "macro/1": 0.5}, None, 9)


def test_what_a_load_begins_with_is_there_before_it_plays_and_with_its_serial(house):
    house.table.write({house.desk.specs["dry_wet"].slot: 0.5})

    async def scene():
        loading = asyncio.create_task(house.swap.load(str(house.fuzz), begin=BEGIN))
        request = await house.audio.heard()
        start = read_start(Path(request["start"]))
        house.audio.status["serial"] = request["serial"]
        await loading
        return request, start

    request, start = run(scene())
    specs = specs_of(tiny_effect().manifest)
    assert request["seed"] == 9
    assert start.values == {specs["drive"].slot: 7.0, specs["dry_wet"].slot: 0.25}
    assert start.caches == {}
    assert house.desk.value("drive") == 7.0
    # The mix is the player's: whoever recalls a scene puts it.
    assert house.desk.value("dry_wet") == 0.5


def test_values_beyond_a_range_are_brought_into_it(house):
    async def scene():
        loading = asyncio.create_task(house.swap.load(str(house.fuzz), begin=Begin({"drive": 1e9})))
        house.audio.status["serial"] = (await house.audio.heard())["serial"]
        await loading

    run(scene())
    assert house.desk.value("drive") == 20.0


def test_the_values_of_a_load_that_failed_are_nobodys(house):
    async def scene():
        loading = asyncio.create_task(
            house.swap.load(str(house.fuzz), begin=Begin({"latent_bias_0": 3.0, "drive": 7.0}))
        )
        await house.audio.heard()
        house.audio.status["pid"] = 2.0
        with pytest.raises(AudioError):
            await loading

    run(scene())
    assert house.swap.fall_back()
    assert house.desk.value("latent_bias_0") == 0.0


def test_a_run_folder_that_is_full_refuses_the_load_and_nothing_is_waited_for(house):
    for serial in range(8):
        (house.folder.path / f"start-{serial}.npz").mkdir()
    with pytest.raises(ControlError, match="cannot write"):
        run(house.swap.load(str(house.fuzz), begin=BEGIN))
    assert house.swap.settle() == ""
    assert unchanged(house)


def test_values_come_in_with_a_load_that_is_settled_later(house):
    async def scene():
        loading = asyncio.create_task(house.swap.load(str(house.fuzz), begin=BEGIN))
        await house.audio.heard()
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading

    run(scene())
    house.audio.status["serial"] = 5.0
    assert house.swap.settle() == "Now playing tiny effect."
    assert house.desk.value("drive") == 7.0


def test_what_the_model_remembers_is_fetched_and_leaves_nothing_behind(house):
    async def scene():
        fetched = []
        for ticket in (1, 2):
            fetching = asyncio.create_task(house.swap.caches())
            request = await house.audio.heard()
            assert (request["command"], request["ticket"]) == ("remember", ticket)
            Path(request["file"]).write_bytes(b"caches %d" % ticket)
            house.audio.status["remembered"] = ticket
            fetched.append(await fetching)
            assert not Path(request["file"]).exists()
        return fetched

    assert run(scene()) == [b"caches 1", b"caches 2"]


def test_an_audio_process_that_has_nothing_to_remember_is_said(house):
    async def scene():
        fetching = asyncio.create_task(house.swap.caches())
        house.audio.status["remembered"] = (await house.audio.heard())["ticket"]
        await fetching

    with pytest.raises(ControlError, match="cannot be had just now"):
        run(scene())


def test_what_was_left_of_another_wish_is_not_taken_for_this_one(house):
    (house.folder.path / "caches.npz").write_bytes(b"old")
    house.audio.socket.close()
    with pytest.raises(ControlError, match="cannot be had just now"):
        run(house.swap.caches())


def test_a_ticket_is_never_used_twice_even_by_another_control_process(house):
    house.audio.status["remembered"] = 41.0

    async def scene():
        fetching = asyncio.create_task(house.swap.caches())
        request = await house.audio.heard()
        fetching.cancel()
        return request["ticket"]

    assert run(scene()) == 42

"""Rehearsing while it plays: said, tried once, and never in the way."""

import asyncio
import sys
from pathlib import Path

import pytest

from device.admission.prepared import Found, place, read_found, write_found
from device.play.playing import Asked, Playing
from device.play.rehearsing import Rehearsing
from device.provider import CPU, Provider
from tests.bundles import save, tiny_autoencoder, tiny_effect


def playing_of(bundle, path=Path("a.ondine")):
    return Playing(path, bundle.manifest, 1, "auto", "none", "silence", None, Asked())


class Stage:
    def __init__(self, provider, playing, command):
        self.said = []
        self.playing = playing
        self.source = Rehearsing(provider, lambda: self.playing, self.said.append, command)

    async def done(self):
        while (task := self.source._task) is not None and not task.done():
            await asyncio.wait([task])


def run(stage, meanwhile=lambda: None):
    async def through():
        stage.source.start(asyncio.get_running_loop(), lambda readings: None)
        meanwhile()
        await stage.done()
        stage.source.close()
        stage.source.close()

    asyncio.run(through())


FAILS = (sys.executable, "-c", "import sys; sys.exit('there is no room')")
REAL = (sys.executable, "-m", "device.admission.rehearsal")


def test_on_the_processor_nothing_is_tried():
    stage = Stage(CPU, playing_of(tiny_effect()), FAILS)
    run(stage, stage.source.look)
    assert stage.said == []


@pytest.mark.slow
def test_it_is_said_tried_and_said_again_once(tmp_path):
    path = save(tiny_effect(), tmp_path / "a.ondine")
    asked = Provider("tensorrt", engines=tmp_path / "engines")
    playing = playing_of(tiny_effect(), path)
    stage = Stage(asked, playing, REAL)
    run(stage)
    assert stage.said == [
        "tiny effect is being tried with TensorRT. The first time takes minutes; it plays on "
        "meanwhile.",
        "The processor goes on playing tiny effect: TensorRT and CUDA are not installed here.",
    ]
    assert read_found(place(playing.manifest, asked, "auto")).name == "cpu"
    run(stage)
    assert len(stage.said) == 2


def test_what_was_found_good_is_to_be_loaded_again(tmp_path):
    asked = Provider("cuda", engines=tmp_path)
    playing = playing_of(tiny_effect())
    folder = place(playing.manifest, asked, "auto")
    script = (
        "import os, sys\n"
        f"os.makedirs({str(folder)!r})\n"
        f"os.rename({str(tmp_path / 'found/found.json')!r}, {str(folder / 'found.json')!r})\n"
    )
    write_found(tmp_path / "found", Found("cuda", "", 1.25, 5.8))
    stage = Stage(asked, playing, (sys.executable, "-c", script))
    run(stage)
    assert stage.said[1] == (
        "tiny effect is ready for CUDA: 1.2 ms for 5.8 ms of sound. Load it again, and it is "
        "played so."
    )


def test_a_rehearsal_that_fails_is_told_and_not_repeated_for_ever(tmp_path):
    stage = Stage(Provider("cuda", engines=tmp_path), playing_of(tiny_effect()), FAILS)
    run(stage)
    assert stage.said[1:] == [
        "tiny effect could not be tried with CUDA (there is no room). The processor goes on "
        "playing it."
    ]


def test_what_is_loaded_meanwhile_is_next(tmp_path):
    stage = Stage(Provider("cuda", engines=tmp_path), playing_of(tiny_effect()), FAILS)

    def load_another():
        stage.playing = playing_of(tiny_autoencoder())
        stage.source.look()

    async def through():
        loop = asyncio.get_running_loop()
        stage.source.start(loop, lambda readings: None)
        await asyncio.sleep(0)
        load_another()
        await stage.done()

    asyncio.run(through())
    assert [said.split(" is ")[0] for said in stage.said if "being tried" in said] == [
        "tiny effect",
        "tiny autoencoder",
    ]


def test_closing_ends_what_is_being_tried(tmp_path):
    sleeper = (sys.executable, "-c", "import sys, time; time.sleep(60)")
    stage = Stage(Provider("cuda", engines=tmp_path), playing_of(tiny_effect()), sleeper)

    async def through():
        stage.source.start(asyncio.get_running_loop(), lambda readings: None)
        while not stage.said:
            await asyncio.sleep(0)
        task = stage.source._task
        stage.source.close()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(through())

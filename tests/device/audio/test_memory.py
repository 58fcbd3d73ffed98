"""What a model remembers while it plays: copied between two blocks, and put into one that comes in.

A real deck, a real stagehand in its thread, real files; the test is the loop.
"""

import json
import select
import time

import numpy as np
import pytest

from device.audio.commands import obey
from device.audio.cost import Budget
from device.audio.deck import Deck
from device.audio.fit import Shape
from device.audio.loader import Load, Settings, make_track, open_engine
from device.audio.memory import Remember, Remembered, write_remembered
from device.audio.orders import Orders
from device.audio.stagehand import Stagehand
from device.audio.start import write_start
from device.audio.trouble import Trouble
from device.caches import MAX_BYTES, pack_caches, unpack_caches
from device.params import LATENT_BIAS, SERIAL, default_values
from device.rung import Rung
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_decoder, tiny_effect

RATE, BLOCK, DELAY = 48_000, 256, 64
SHAPE = Shape(RATE, BLOCK, 1, 1)
BOUND_S = 20.0
FIRST, SECOND = "encode\tcached_input", "decode\tcached_output"


class Stage:
    """A deck that plays a delay line, and counts its frames into it: a cache tells when it was."""

    def __init__(self, folder):
        self.folder, self.orders, self.frames = folder, Orders(), 0
        self.path = save(tiny_autoencoder(delay=DELAY), folder / "glass.ondine")
        self.status = Status(folder / "status", create=True)
        budget = Budget(10.0, 10.0)
        self.deck = Deck(SHAPE, self.orders, budget=budget, latency_frames=DELAY)
        self.engine = open_engine(Load(self.path, 1), Settings())
        track = make_track(self.engine, Load(self.path, 1), Rung.MODEL, SHAPE, DELAY)
        self.deck.start(track)
        self.params = default_values()
        self.params[SERIAL] = 1.0
        self.out = np.zeros((1, BLOCK), np.float32)
        self.stagehand = Stagehand(
            self.deck,
            self.orders,
            self.status,
            SHAPE,
            Settings(),
            latency_frames=DELAY,
            budget=budget,
            spare=None,
            trouble=Trouble(self.status, lambda line: None),
        )
        self.stagehand.start()

    def block(self):
        """One block of the frames' own numbers, below 1 so that nothing is limited."""
        frames = np.arange(self.frames, self.frames + BLOCK, dtype=np.float32)
        self.frames += BLOCK
        self.deck.process(frames[None] / (1 << 20), self.out, self.params)

    def until(self, condition):
        ends_s = time.monotonic() + BOUND_S
        while not condition():
            assert time.monotonic() < ends_s, "it did not come to that"
            self.block()
            select.select([], [], [], 0.001)

    def remember(self, ticket=1):
        """The caches as they were written, by name; None if they were not."""
        path = self.folder / "caches.npz"
        wish = {"command": "remember", "file": str(path), "ticket": ticket}
        assert obey(json.dumps(wish).encode(), self.orders)
        self.until(lambda: self.status["remembered"] == ticket)
        return unpack_caches(path.read_bytes()) if path.exists() else None

    def load(self, serial, path=None, **more):
        """Ask for a bundle; whether it plays in the end, and why not."""
        request = {"command": "load", "bundle": str(path or self.path), "serial": serial, **more}
        assert obey(json.dumps(request).encode(), self.orders)
        self.until(lambda: serial in (self.deck.serial, self.status["refused"]))
        return self.deck.serial == serial, self.status.text("load_error")

    def start_with(self, values, caches):
        write_start(self.folder / "start.npz", values, caches)
        return str(self.folder / "start.npz")


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stagehand.close()


def test_what_was_copied_while_it_played_is_of_one_block(stage):
    stage.until(lambda: stage.frames >= 10 * BLOCK)
    for ticket in range(1, 12):
        caches = stage.remember(ticket)
        line = np.concatenate([caches[SECOND].ravel(), caches[FIRST].ravel()])
        frames = np.rint(line * (1 << 20))
        assert len(line) == DELAY
        assert (np.diff(frames) == 1).all()
        # The last frame that it heard was the last of a block.
        assert (frames[-1] + 1) % BLOCK == 0


def test_a_model_that_comes_in_with_caches_goes_on_from_them(stage):
    stage.until(lambda: stage.frames >= 10 * BLOCK)
    caches = stage.remember()
    file = stage.start_with({}, pack_caches(caches))
    request = {"command": "load", "bundle": str(stage.path), "serial": 2, "start": file}
    assert obey(json.dumps(request).encode(), stage.orders)
    ends_s = time.monotonic() + BOUND_S
    while stage.orders.next is None:
        assert time.monotonic() < ends_s
        select.select([], [], [], 0.001)
    coming = stage.orders.next.engine.caches()
    assert {"\t".join(key) for key in coming} == caches.keys()
    assert all(np.array_equal(caches["\t".join(key)], array) for key, array in coming.items())
    stage.until(lambda: stage.deck.serial == 2)
    assert stage.status["refused"] == 0


def test_an_instrument_begins_with_its_values_before_the_table_is_meant_for_it(stage):
    slot = LATENT_BIAS.start
    played, _ = stage.load(2, start=stage.start_with({slot: 0.25}, None))
    assert played
    # A delay line whose latents are the sound itself: a bias on one of four frames is heard as dc.
    stage.params[slot] = 5.0
    track = stage.deck._now
    assert (track.serial, track.own[slot]) == (2, np.float32(0.25))
    assert track.own[slot + 1] == 0.0


@pytest.mark.parametrize(
    "make", [tiny_effect, lambda: tiny_autoencoder(delay=32), lambda: tiny_autoencoder(int8=True)]
)
def test_caches_of_another_model_are_refused_and_the_old_one_plays_on(stage, make):
    caches = pack_caches(stage.remember())
    other = save(make(), stage.folder / "other.ondine")
    played, why = stage.load(2, other, start=stage.start_with({}, caches))
    assert not played
    assert "what the scene remembers is not of tiny" in why
    assert "save the scene again" in why
    assert (stage.deck.serial, stage.deck.rung, stage.deck.swaps) == (1, Rung.MODEL, 0)
    # And one without them still comes in.
    assert stage.load(3)[0]


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x05\x06" + b"\0" * 18])
def test_a_damaged_start_is_refused_and_the_old_one_plays_on(stage, data):
    file = stage.folder / "start.npz"
    file.write_bytes(data)
    played, why = stage.load(2, start=str(file))
    assert not played
    assert "what it should begin with cannot be read" in why
    assert stage.deck.serial == 1


def test_a_seed_may_come_with_a_load(stage):
    bells = save(tiny_decoder(prior=True), stage.folder / "chimes.ondine")
    assert stage.load(2, bells, seed=7)[0]


@pytest.mark.parametrize("seed", [-1, 1 << 63, 1.5, "7", True])
def test_a_load_with_a_seed_that_is_none_is_ignored(seed):
    request = {"command": "load", "bundle": "/a", "serial": 2, "seed": seed}
    orders = Orders()
    assert not obey(json.dumps(request).encode(), orders)
    assert orders.told.empty()


@pytest.mark.parametrize("start", ["relative.npz", "", 7, "/a\0b", ["/a"]])
def test_a_load_with_a_start_that_is_no_path_is_ignored(start):
    request = {"command": "load", "bundle": "/a", "serial": 2, "start": start}
    assert not obey(json.dumps(request).encode(), Orders())


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"file": "/a"},
        {"file": "a", "ticket": 1},
        {"file": "/a", "ticket": 0},
        {"file": "/a", "ticket": 1 << 24},
        {"file": "/a", "ticket": 1.0},
        {"file": "/a", "ticket": True},
        {"file": "/a\0", "ticket": 1},
    ],
)
def test_a_wish_that_is_not_whole_is_ignored(wish):
    orders = Orders()
    assert not obey(json.dumps({"command": "remember", **wish}).encode(), orders)
    assert orders.told.empty()


def test_nothing_is_remembered_of_an_instrument_that_is_not_the_music(stage):
    dry = make_track(
        open_engine(Load(stage.path, 9), Settings()), Load(stage.path), Rung.LAST, SHAPE
    )
    stage.deck.start(dry)
    (stage.folder / "caches.npz").write_bytes(b"of before")
    assert stage.deck.playing() is None
    assert stage.remember() is None


def test_nothing_is_remembered_if_another_has_come_in_since(stage):
    wish = Remember(stage.folder / "caches.npz", 5)
    assert stage.load(2)[0]
    stage.until(lambda: stage.deck.playing() is not stage.engine)
    stage.orders.remember = Remembered(wish, stage.engine, stage.engine.caches())
    stage.until(lambda: stage.status["remembered"] == 5)
    assert not wish.path.exists()


def test_caches_that_are_too_large_for_a_scene_are_not_written(tmp_path):
    wish = Remember(tmp_path / "caches.npz", 1)
    much = {("encode", "a"): np.zeros(MAX_BYTES, np.uint8)}
    assert not write_remembered(Remembered(wish, None, much))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_the_caches_only(tmp_path):
    wish = Remember(tmp_path / "none/caches.npz", 1)
    assert not write_remembered(Remembered(wish, None, {("encode", "a"): np.zeros(3)}))

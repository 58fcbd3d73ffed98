"""The mixer on a real deck: frames, chokes, cross-overs, levels, and nothing that grows."""

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from device.audio.clock import VirtualClock
from device.audio.cost import Budget
from device.audio.deck import Deck
from device.audio.dry import Dry
from device.audio.file import FileStream
from device.audio.fit import Shape
from device.audio.loop import run
from device.audio.orders import Orders
from device.audio.sink import Memory
from device.audio.sound import silence
from device.audio.track import Track
from device.pads.bank import Bank
from device.pads.beside import Beside
from device.pads.hits import ALL, Hits
from device.pads.mixer import VOICES, Mixer
from device.pads.pace import SLACK_S
from device.pads.voice import FADE_S
from device.params import FIXED, ParamTable, default_values
from device.rung import Rung
from device.status import Status

RATE, BLOCK = 48_000, 256
BLOCK_S = BLOCK / RATE
FADE = round(FADE_S * RATE)


class Stage:
    """A deck that plays silence, pads beside it, a virtual clock, and a jitter of its own."""

    def __init__(self, folder: Path, channels: int = 2, block: int = BLOCK) -> None:
        self.clock = VirtualClock(100.0)
        self.bank = Bank(folder / "pads", sample_rate_hz=RATE, create=True)
        self.hits = Hits(folder / "hits", create=True)
        self.shape = Shape(RATE, block, channels, channels)
        self.deck = Deck(self.shape, Orders(), budget=Budget(BLOCK_S, BLOCK_S), latency_frames=0)
        self.deck.start(Track(Dry(RATE, block, channels, channels), Rung.MODEL, "dry"))
        self.mixer = Mixer(self.shape, self.bank, Hits(folder / "hits"), self.clock)
        self.player = Beside(self.deck, self.mixer)
        self.params = default_values()
        self.params[FIXED["limiter_ceiling_db"].slot] = 0.0
        self.heard = np.zeros((channels, block), np.float32)
        self.made = np.zeros((channels, block), np.float32)
        self.begun_s, self.blocks = 100.0, 0

    def play(self, blocks: int, jitter_s: float = 0.0, seed: int = 0) -> np.ndarray:
        """So many blocks, each begun up to `jitter_s` late: float32 [channels, frames]."""
        random, played = np.random.default_rng(seed), []
        block = self.shape.block_frames
        for _ in range(blocks):
            due_s = self.begun_s + self.blocks * block / RATE
            self.clock.wait_until(due_s + jitter_s * random.uniform())
            self.player.process(self.heard, self.made, self.params)
            played.append(self.made.copy())
            self.blocks += 1
        return np.concatenate(played, axis=1)

    @property
    def next_s(self) -> float:
        """When the next block is due."""
        return self.begun_s + self.blocks * self.shape.block_frames / RATE


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def click(frames: int = 400) -> np.ndarray:
    sound = np.zeros(frames, np.float32)
    sound[0] = 0.5
    return sound


def struck_at(made: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.abs(made[0]) > 0.2)


def test_a_hit_is_heard_a_block_and_the_slack_later_at_its_own_frame(stage: Stage) -> None:
    stage.bank.put(0, click())
    stage.play(4)
    expected = []
    for ahead in (3, 300, 711):  # frames after the beginning of the next block
        stage.hits.hit(0, 1.0, stage.next_s + ahead / RATE)
        expected.append(BLOCK + ahead + round(SLACK_S * RATE))
    assert struck_at(stage.play(8)).tolist() == expected


def test_hits_do_not_shake_with_the_loop(stage: Stage) -> None:
    stage.bank.put(0, click())
    stage.play(1500, jitter_s=0.002)
    begun, every = stage.next_s, 0.0371
    for n in range(40):
        stage.hits.hit(0, 1.0, begun + n * every)
    found = struck_at(stage.play(300, jitter_s=0.002, seed=1))
    assert len(found) == 40
    apart = np.diff(found) - every * RATE
    # Woken up to 96 frames late, and yet within a fifth of a millisecond of where they belong.
    assert np.abs(apart).max() < 0.0002 * RATE
    delay = found - np.arange(40) * every * RATE
    # Woken a millisecond late in the mean, which is how late the pace is: as much as the slack.
    assert np.abs(delay - BLOCK - (SLACK_S - 0.001) * RATE).max() < 0.0003 * RATE


def test_a_hit_long_past_is_heard_at_once_and_one_far_ahead_waits(stage: Stage) -> None:
    stage.bank.put(0, click())
    stage.play(4)
    stage.hits.hit(0, 1.0, 1.0)
    stage.hits.hit(0, 1.0, stage.next_s + 100 * BLOCK_S)
    assert struck_at(stage.play(99)).tolist() == [0]
    assert len(struck_at(stage.play(4))) == 1


def test_sound_comes_out_as_it_was_laid_there_at_any_block(tmp_path: Path) -> None:
    sound = 0.3 * np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    for block in (32, 256, 480, 4096):
        folder = tmp_path / str(block)
        folder.mkdir()
        stage = Stage(folder, channels=1, block=block)
        stage.bank.put(5, sound * 0.5)
        stage.hits.hit(5, 1.0, stage.next_s)
        made = stage.play(4 + 4000 // block)[0]
        first = int(np.flatnonzero(made)[0])
        np.testing.assert_allclose(
            made[first : first + 3000], sound * 0.5 * np.cos(np.pi / 4) * np.sqrt(2), atol=1e-6
        )
        assert not made[first + 3000 :].any()


def test_velocity_gain_and_pan(stage: Stage) -> None:
    stage.bank.put(0, click())
    stage.bank.put(1, click())
    stage.bank.place(1, gain=0.5, pan=-1.0, choke=0)
    stage.play(2)
    stage.hits.hit(0, 0.5, stage.next_s)
    made = stage.play(3)
    assert np.abs(made).max() == pytest.approx(0.5 * 0.25, rel=1e-5)
    np.testing.assert_allclose(made[0], made[1], atol=1e-7)
    stage.hits.hit(1, 1.0, stage.next_s)
    made = stage.play(3)
    assert made[0].max() == pytest.approx(0.5 * 0.5 * np.sqrt(2), rel=1e-5)
    assert np.abs(made[1]).max() < 1e-6


def test_a_choke_ends_the_others_of_its_group_without_a_step(stage: Stage) -> None:
    steady = np.full(RATE, 0.25, np.float32)
    for pad in (0, 1, 2):
        stage.bank.put(pad, steady if pad != 1 else click())
    stage.bank.place(0, gain=1.0, pan=0.0, choke=1)
    stage.bank.place(1, gain=0.0, pan=0.0, choke=1)
    stage.bank.place(2, gain=0.5, pan=0.0, choke=2)
    stage.play(2)
    stage.hits.hit(0, 1.0, stage.next_s)
    stage.hits.hit(2, 1.0, stage.next_s)
    assert stage.play(6)[0, -1] == pytest.approx(0.375, rel=1e-5)
    stage.hits.hit(1, 1.0, stage.next_s + 0.001)
    made = stage.play(6)[0]
    assert made[-1] == pytest.approx(0.125, rel=1e-5)
    assert np.abs(np.diff(made)).max() < 0.25 * np.pi / 2 / FADE * 1.05


def test_a_new_sound_is_crossed_over_to_where_the_old_one_was(stage: Stage) -> None:
    stage.bank.put(0, np.full(RATE, 0.25, np.float32))
    stage.hits.hit(0, 1.0, stage.next_s)
    stage.play(6)
    assert stage.bank.ready(0)
    stage.bank.put(0, np.linspace(0.5, 0.25, RATE, dtype=np.float32))
    made = stage.play(1)[0]
    assert not stage.bank.ready(0) or FADE < BLOCK
    made = np.concatenate([made, stage.play(5)[0]])
    assert stage.bank.ready(0)
    assert np.abs(np.diff(made)).max() < 0.25 * np.pi / 2 / FADE * 1.05
    assert 0.48 < made[-1] < 0.5


def test_a_pad_whose_sound_changes_without_end_is_never_torn(stage: Stage) -> None:
    stage.bank.put(0, np.full(RATE, 0.25, np.float32))
    stage.hits.hit(0, 1.0, stage.next_s)
    stage.play(4)
    last, laid = 0.25, 0
    for n in range(60):
        if stage.bank.ready(0):
            stage.bank.put(0, np.full(RATE, 0.25 + 0.01 * (n % 7), np.float32))
            laid += 1
        made = stage.play(1)[0]
        assert np.abs(np.diff(made, prepend=last)).max() < 0.003
        last = float(made[-1])
    assert laid > 25


def test_all_fall_silent_together_and_at_velocity_0_one(stage: Stage) -> None:
    for pad in (0, 1):
        stage.bank.put(pad, np.full(RATE, 0.25, np.float32))
        stage.hits.hit(pad, 1.0, stage.next_s)
    assert stage.play(4)[0, -1] == pytest.approx(0.5, rel=1e-5)
    stage.hits.hit(1, 0.0, stage.next_s)
    assert stage.play(4)[0, -1] == pytest.approx(0.25, rel=1e-5)
    stage.hits.hit(ALL, 0.0, stage.next_s)
    assert stage.play(4)[0, -1] == 0.0


def test_more_hits_than_voices_let_the_oldest_fall_without_a_step(stage: Stage) -> None:
    level = 0.5 / VOICES
    stage.bank.put(0, np.full(RATE, level, np.float32))
    for n in range(VOICES + 20):
        stage.hits.hit(0, 1.0, stage.next_s + n * 0.005)
    made = stage.play(60)[0]
    assert made[-1] == pytest.approx(0.5, rel=1e-4)
    # Each begins with a step of its own sound, as a drum does.
    assert np.abs(np.diff(made)).max() < level * 1.1


def test_what_is_too_loud_together_is_limited(stage: Stage) -> None:
    stage.params[FIXED["limiter_ceiling_db"].slot] = -6.0
    stage.bank.put(0, np.sin(np.arange(RATE) * 0.05).astype(np.float32))
    for _ in range(8):
        stage.hits.hit(0, 1.0, stage.next_s)
    made = stage.play(8)
    assert np.abs(made).max() <= 10 ** (-6 / 20) + 1e-6
    assert stage.player.limited
    assert stage.player.peak_out == pytest.approx(np.abs(made[:, -BLOCK:]).max())


def test_the_output_gain_is_theirs_too_and_bad_numbers_do_no_harm(stage: Stage) -> None:
    stage.bank.put(0, np.full(RATE, 0.25, np.float32))
    stage.params[FIXED["output_gain_db"].slot] = -20.0
    stage.play(20)
    stage.hits.hit(0, 1.0, stage.next_s)
    assert stage.play(6)[0, -1] == pytest.approx(0.025, rel=1e-3)
    stage.params[:] = np.nan
    stage.bank.rows["gain"][1:3] = np.nan, np.inf
    stage.bank.rows["pan"][4] = np.nan
    stage.bank.rows["frames"][5] = 1 << 40
    for pad in range(1, 6):
        stage.bank.put(pad, click()) if pad != 5 else None
        stage.hits.hit(pad, 1.0, stage.next_s)
    stage.hits.hit(99, 1.0, stage.next_s)
    assert np.isfinite(stage.play(8)).all()


def test_the_instrument_is_untouched_where_no_pad_sounds(stage: Stage) -> None:
    stage.heard[...] = 0.5 * np.random.default_rng(0).standard_normal((2, BLOCK))
    stage.params[FIXED["limiter_ceiling_db"].slot] = 0.0
    made = stage.play(3)
    np.testing.assert_array_equal(made[:, -BLOCK:], stage.heard)
    assert stage.player.peak_out == stage.deck.peak_out


def test_a_pad_without_a_sound_is_silent_and_so_is_a_reset(stage: Stage) -> None:
    stage.hits.hit(7, 1.0, stage.next_s)
    assert not stage.play(3).any()
    stage.bank.put(0, np.full(RATE, 0.25, np.float32))
    stage.hits.hit(0, 1.0, stage.next_s)
    assert stage.play(3).any()
    stage.player.reset()
    assert not stage.play(3).any()


@pytest.mark.slow
def test_nothing_grows_while_pads_play(stage: Stage) -> None:
    rolling = 0.02 * np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    for pad in range(16):
        stage.bank.put(pad, rolling)
        stage.bank.place(pad, gain=1.0, pan=0.0, choke=pad % 3)
    made = np.zeros((2, BLOCK), np.float32)

    def roll(blocks: int) -> None:
        for n in range(blocks):
            stage.clock.wait_until(stage.next_s)
            stage.hits.hit(n % 16, 1.0, stage.next_s)
            stage.player.process(stage.heard, made, stage.params)
            stage.blocks += 1

    roll(300)
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        roll(1200)
        assert sys.getallocatedblocks() - before < 50
    finally:
        gc.enable()


def test_the_loop_plays_pads_and_counts_them_like_any_player(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.bank.put(0, click())
    ParamTable(tmp_path / "params", create=True)
    sink = Memory(2, RATE)
    stream = FileStream(
        silence(2), sink, stage.clock, sample_rate_hz=RATE, block_frames=BLOCK,
        headroom_frames=BLOCK, channels_out=2,
    )  # fmt: skip
    orders, status = Orders(), Status(tmp_path / "status", create=True)
    for n in range(10):
        stage.hits.hit(0, 1.0, 100.02 + 0.01 * n)
    player = Stopping(stage.player, orders, 60)
    run(stream, player, ParamTable(tmp_path / "params"), status, stage.clock, orders)
    found = struck_at(sink.audio)
    assert np.diff(found).tolist() == [480] * 9
    assert status["blocks"] >= 60
    assert status["rung"] == Rung.MODEL


class Stopping(Beside):
    """Tells the loop to stop after some blocks."""

    def __init__(self, player: Beside, orders: Orders, after: int) -> None:
        super().__init__(player._deck, player._mixer)
        self._orders, self._after = orders, after

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        super().process(audio_in, audio_out, params)
        self._after -= 1
        self._orders.stop = self._after <= 0

"""The deck: swaps, the ladder down and up, and what is heard meanwhile, block by block."""

import numpy as np

from device.audio.cost import Budget, Cost
from device.audio.deck import FADE_S, Changed, Deck, Retired
from device.audio.fit import Shape
from device.audio.ladder import ENOUGH_S, FIRST_RETURN_S, TRUSTED_S
from device.audio.orders import Orders
from device.audio.track import Track
from device.params import FIXED, LATENT_BIAS, MODEL, SERIAL, default_values
from device.rung import Rung

RATE, BLOCK = 48_000, 480
BLOCK_S = BLOCK / RATE
FADE_BLOCKS = round(FADE_S / BLOCK_S)
SHAPE = Shape(RATE, BLOCK, 1, 1)
LATENCY = 96
LEAD_BLOCKS = 1


class Steady:
    """A player of one constant level, which may be told to be broken."""

    sample_rate_hz, block_frames, channels_in, channels_out = RATE, BLOCK, 1, 1
    delay_frames = LATENCY
    limited = False

    def __init__(self, level: float) -> None:
        self.level, self.repaired, self.resets = level, False, 0
        self.peak_in = self.peak_out = level
        self.params = default_values()

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        np.copyto(self.params, params)
        # A broken engine mutes itself.
        audio_out.fill(0.0 if self.repaired else self.level)

    def reset(self) -> None:
        self.resets += 1


class Stage:
    """A deck with its orders, and all that was heard of it."""

    def __init__(self, track: Track) -> None:
        self.orders = Orders()
        budget = Budget(BLOCK_S, BLOCK_S)
        self.deck = Deck(SHAPE, self.orders, budget=budget, latency_frames=LATENCY)
        self.deck.start(track)
        self.params = default_values()
        self.params[FIXED["limiter_ceiling_db"].slot] = 0.0
        self.heard = np.zeros(0, np.float32)
        self.said: list[Changed] = []
        self.retired: list[Track] = []

    def play(self, seconds: float, heard: float = 0.0, late: bool = False) -> np.ndarray:
        """So much sound, with `heard` on the input."""
        audio_in = np.full((1, BLOCK), heard, np.float32)
        played = []
        for _ in range(round(seconds / BLOCK_S)):
            audio_out = np.full((1, BLOCK), np.nan, np.float32)
            self.deck.process(audio_in, audio_out, self.params)
            self.orders.late = late
            played.append(audio_out[0])
        made = np.concatenate(played)
        self.heard = np.concatenate([self.heard, made])
        while not self.orders.told.empty():
            told = self.orders.told.get()
            if isinstance(told, Changed):
                self.said.append(told)
            elif isinstance(told, Retired):
                self.retired.append(told.track)
        return made

    def rungs(self) -> list[Rung]:
        return [changed.rung for changed in self.said]


def track(level: float, serial: int = 1, rung: Rung = Rung.MODEL, cost_s: float = 0.0) -> Track:
    cost = Cost(cost_s, cost_s)
    return Track(Steady(level), rung, f"steady {level}", serial=serial, cost=cost)


def test_a_swap_moves_from_one_to_the_other_without_a_step() -> None:
    old, new = track(0.25), track(0.5, serial=2)
    stage = Stage(old)
    stage.play(0.1)
    stage.orders.next = new
    made = stage.play(0.1)
    assert (np.diff(made) >= 0).all()
    assert np.abs(np.diff(stage.heard)).max() < 0.25 * np.pi / 2 / (FADE_BLOCKS * BLOCK) * 1.01
    # It hears for as long as it is late before any of it is heard.
    assert (made[: LEAD_BLOCKS * BLOCK] == 0.25).all()
    assert made[LEAD_BLOCKS * BLOCK + 200] > 0.25
    assert (made[(LEAD_BLOCKS + FADE_BLOCKS) * BLOCK :] == 0.5).all()
    assert stage.deck.serial == 2
    assert stage.deck.swaps == 1
    assert stage.rungs() == [Rung.MODEL, Rung.MODEL]
    # The old one is kept until the new one can be trusted.
    assert stage.retired == []
    stage.play(TRUSTED_S + 0.1)
    assert stage.retired == [old]


def test_two_that_cost_too_much_together_are_never_played_together() -> None:
    dear = 0.6 * BLOCK_S
    stage = Stage(track(0.25, cost_s=dear))
    stage.play(0.2)
    stage.orders.next = track(0.5, serial=2, cost_s=dear)
    made = stage.play(0.15)
    # Through the dry input, which is silent.
    middle = FADE_BLOCKS * BLOCK
    assert made[middle - 1] == 0.0
    assert made[-1] == 0.5
    assert np.abs(np.diff(made)).max() < 0.5 * np.pi / 2 / middle * 1.05


def test_until_the_table_is_meant_for_it_a_track_plays_with_its_own_values() -> None:
    old, new = track(0.25, serial=1), track(0.5, serial=2)
    new.own[MODEL.start] = 7.0
    stage = Stage(old)
    stage.params[[SERIAL, MODEL.start, LATENT_BIAS.start]] = 1.0, 3.0, 2.0
    stage.play(0.1)
    assert old.player.params[MODEL.start] == 3.0
    stage.orders.next = new
    stage.play(0.1)
    assert new.player.params[MODEL.start] == 7.0
    assert new.player.params[LATENT_BIAS.start] == 0.0
    # The engine's own parameters are everyone's.
    assert new.player.params[FIXED["limiter_ceiling_db"].slot] == 0.0
    # While it fades away the old one keeps what it had, even when control writes for the new one.
    stage.params[[SERIAL, MODEL.start]] = 2.0, 9.0
    stage.play(0.1)
    assert old.player.params[MODEL.start] == 3.0
    assert new.player.params[MODEL.start] == 9.0


def test_a_broken_instrument_gives_way_to_the_last_good_one_and_gets_another_chance() -> None:
    old, new = track(0.25), track(0.5, serial=2)
    stage = Stage(old)
    stage.play(0.1)
    stage.orders.next = new
    stage.play(0.2)
    new.player.repaired = True
    stage.play(ENOUGH_S + 0.1)
    assert stage.deck.rung is Rung.LAST
    assert stage.heard[-1] == 0.25
    assert "gives no sound that can be played" in stage.said[-1].reason
    new.player.repaired = False
    stage.play(FIRST_RETURN_S + 0.2)
    assert stage.deck.rung is Rung.MODEL
    assert stage.heard[-1] == 0.5
    assert stage.said[-1].reason == ""
    assert new.player.resets == 1
    assert np.abs(np.diff(stage.heard)[: -BLOCK * 20]).max() <= 0.5


def test_all_the_way_down_and_up_again() -> None:
    model, spare = track(0.5), track(0.125, serial=-1, rung=Rung.DEFAULT)
    stage = Stage(model)
    stage.deck.put(spare)
    stage.play(0.1)
    model.player.repaired = spare.player.repaired = True
    stage.play(2 * ENOUGH_S + 0.3, heard=0.25)
    assert stage.rungs() == [Rung.MODEL, Rung.DEFAULT, Rung.DRY]
    stage.play(ENOUGH_S + 0.1, late=True)
    assert stage.deck.rung is Rung.MUTE
    assert stage.play(1.0, late=True).max() == 0.0
    model.player.repaired = spare.player.repaired = False
    stage.play(4 * FIRST_RETURN_S + 10 * FIRST_RETURN_S)
    assert stage.rungs()[4:] == [Rung.DRY, Rung.DEFAULT, Rung.MODEL]
    assert stage.heard[-1] == 0.5


def test_late_blocks_bring_it_down_too_and_say_so() -> None:
    stage = Stage(track(0.5))
    stage.play(ENOUGH_S + 0.1, late=True)
    assert stage.deck.rung is Rung.DRY
    assert "comes too late" in stage.said[-1].reason


def test_the_dry_input_is_as_late_as_the_instrument() -> None:
    model = track(0.0)
    stage = Stage(model)
    model.player.repaired = True
    audio_in, audio_out = np.zeros((1, BLOCK), np.float32), np.zeros((1, BLOCK), np.float32)
    for _ in range(round((ENOUGH_S + 0.2) / BLOCK_S)):
        stage.deck.process(audio_in, audio_out, stage.params)
    assert stage.deck.rung is Rung.DRY
    audio_in[0, 7] = 0.5
    stage.deck.process(audio_in, audio_out, stage.params)
    assert int(np.argmax(np.abs(audio_out))) == 7 + LATENCY


def test_when_memory_is_short_spares_are_let_go_but_not_what_plays() -> None:
    old, new, spare = track(0.25), track(0.5, serial=2), track(0.1, rung=Rung.DEFAULT)
    stage = Stage(old)
    stage.deck.put(spare)
    stage.orders.next = new
    stage.play(0.2)
    stage.orders.shed = True
    stage.play(0.1)
    assert set(stage.retired) == {old, spare}
    assert stage.heard[-1] == 0.5
    assert not stage.orders.shed


def test_of_swaps_in_a_hurry_each_is_heard_and_what_is_left_is_freed() -> None:
    tracks = [track(level, serial=n) for n, level in enumerate(np.linspace(0.1, 0.5, 20))]
    stage = Stage(tracks[0])
    for following in tracks[1:]:
        stage.orders.next = following
        stage.play(FADE_S + 2 * BLOCK_S)
    assert stage.deck.swaps == 19
    assert stage.retired == tracks[:-2]
    assert np.abs(np.diff(stage.heard)).max() < 1e-3


def test_a_new_instrument_while_a_rung_below_plays_takes_its_place() -> None:
    bad, good = track(0.5), track(0.25, serial=2)
    stage = Stage(bad)
    bad.player.repaired = True
    stage.play(ENOUGH_S + 0.2)
    stage.orders.next = good
    stage.play(0.2)
    assert stage.retired == [bad]
    assert (stage.deck.rung, stage.heard[-1]) == (Rung.MODEL, 0.25)


def test_a_block_of_the_deck_allocates_nothing_that_stays() -> None:
    import sys

    stage = Stage(track(0.5))
    audio_in, audio_out = np.zeros((1, BLOCK), np.float32), np.zeros((1, BLOCK), np.float32)
    for _ in range(100):
        stage.deck.process(audio_in, audio_out, stage.params)
    before = sys.getallocatedblocks()
    for _ in range(5_000):
        stage.deck.process(audio_in, audio_out, stage.params)
    assert sys.getallocatedblocks() - before < 20

"""reed streams, holds pitch and level whatever its weights are, and hears pitch in noise."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.pitch import cents, pitch_hz
from models.reed import corpus as made
from models.reed.config import KNOBS, ReedConfig, place
from models.reed.course import ReedCourse
from models.reed.follow import follow, tone
from models.reed.hiss import Hiss
from models.reed.material import from_clips, from_sounds
from models.reed.measure import joins_db, level_db
from models.reed.net import Reed, note_hz, untrained
from models.reed.nn_tilde import ReedNnTilde
from models.reed.play import play
from models.reed.recipe import ReedRecipe
from models.reed.room import Room
from models.reed.tracker import track
from models.reed.wave import TABLE, shapes

HOP, RATE = 256, 48000
STILL = {"vibrato": 0.0, "room": 0.0, "follow": 0.0}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def net() -> Reed:
    """Random weights: what is tested here holds for all."""
    net = untrained(ReedConfig(), 3).eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net


def tones(hz: float, seconds: float) -> Tensor:
    t = torch.arange(int(seconds * RATE)) / RATE
    parts = [0.2 / k * torch.sin(2 * torch.pi * k * hz * t) for k in range(1, 6)]
    return torch.stack(parts).sum(dim=0)


@pytest.mark.parametrize("hops", [1, 2, 4])
def test_blocks_of_any_size_make_the_same_sound(net: Reed, hops: int) -> None:
    x, draws = tones(220, 16 * HOP / RATE)[None, None], net.draws(16, 1)
    knobs = net.knobs(note_1=60.0, level_1=-20.0, note_3=64.5, level_3=-30.0)
    whole, _ = net(x, knobs, draws, net.init_state())
    state, parts = net.init_state(), []
    for at in range(0, 16, hops):
        part = x[:, :, at * HOP : (at + hops) * HOP]
        y, state = net(part, knobs, draws[:, :, at : at + hops], state)
        parts.append(y)
    assert torch.equal(torch.cat(parts, dim=2), whole)


def test_what_is_trained_is_what_is_played(net: Reed) -> None:
    hops = 24
    draws, state = net.draws(hops, 2), net.init_state()
    knobs = net.knobs(level_1=-15.0, timbre=1.4, brightness=0.7, attack=60.0, **STILL)
    notes, sizes, sound = [], [], []
    for i in range(hops):
        knobs[place("note_1")] = 50.0 + 0.2 * i
        y, state = net(torch.zeros(1, 1, HOP), knobs, draws[:, :, i : i + 1], state)
        notes.append(50.0 + 0.2 * i)
        sizes.append(state[3][0, 0])
        sound.append(y[0, 0])
    note, size = torch.tensor([notes]), torch.stack(sizes)[None]
    # The GRU heard four silent voices more, which are columns of their own.
    at_once = net.sequence(
        note, size, torch.full_like(note, 0.7), torch.full_like(note, 1.4), draws.transpose(1, 2)
    )
    both = torch.cat(sound)[2 * HOP :], at_once[0, 2 * HOP :]
    torch.testing.assert_close(*both, atol=2e-4, rtol=0)


def test_a_period_read_between_its_entries_is_the_sum_of_its_harmonics(net: Reed) -> None:
    heights = 1 / torch.arange(1, 97)
    turns, k = torch.rand(1, 1, generator=torch.Generator().manual_seed(1)), np.arange(1, 97)
    table = (heights @ net.wave.shapes)[None]
    hz = torch.tensor([[317.0]])
    parts, _ = net.wave(torch.cat([table, table], dim=1), hz, hz, turns)
    place = float(turns) + 317.0 * np.arange(1, HOP + 1) / RATE
    # The phases of the harmonics are those of the table's entries themselves.
    phase = -np.pi * k * k / 30.0
    exact = (np.sin(2 * np.pi * k[:, None] * place + phase[:, None]) / k[:, None]).sum(axis=0)
    error = parts.sum(dim=(0, 1, 2)).numpy() - exact
    assert 20 * np.log10(error.std() / exact.std()) < -60
    assert shapes(2).shape == (2, TABLE + 3)


@pytest.mark.parametrize("level", [-60.0, -30.0, -6.0])
def test_a_note_has_the_level_that_is_asked_for(net: Reed, level: float) -> None:
    y = play(net, 0.5, [(0, {"note_1": 57.0, "level_1": level, **STILL})])[RATE // 4 :]
    assert level_db(y) == pytest.approx(level, abs=0.5)


@pytest.mark.parametrize("note", [36.0, 57.25, 70.5, 95.0])
def test_a_note_has_the_pitch_that_is_asked_for(net: Reed, note: float) -> None:
    turned = {"note_1": note, "level_1": -12.0, "breath": -24.0, **STILL}
    heard = pitch_hz(play(net, 0.5, [(0, turned)])[RATE // 4 :], RATE)
    assert cents(heard, torch.tensor(note_hz(note))).abs().max() < 3


def test_four_notes_add_up(net: Reed) -> None:
    chord = (48.0, 55.0, 64.0, 71.0)
    turned = {f"note_{i + 1}": n for i, n in enumerate(chord)} | {"breath": -24.0, **STILL}
    turned |= {f"level_{i + 1}": -24.0 for i in range(4)}
    y = play(net, 1.0, [(0, turned)])[RATE // 4 :]
    assert level_db(y) == pytest.approx(-24 + 10 * np.log10(4), abs=0.7)
    spectrum = torch.fft.rfft(y[:32768] * torch.hann_window(32768)).abs()
    for note in chord:
        at = round(note_hz(note) * 32768 / RATE)
        near = spectrum[at - 2 : at + 3].max()
        assert near > 20 * spectrum[at - 25 : at - 15].median()


def test_without_notes_and_input_it_is_silent(net: Reed) -> None:
    assert level_db(play(net, 0.3)) < -110


def test_a_note_let_go_dies_out_and_so_does_the_room(net: Reed) -> None:
    turns = [(0, {"note_1": 60.0, "level_1": -6.0, "room": 1.0, "release": 10.0})]
    y = play(net, 1.0, [*turns, (0.3, {"level_1": -80.0})])
    assert level_db(y[int(0.3 * RATE) : int(0.4 * RATE)]) > -50
    assert level_db(y[int(0.75 * RATE) :]) < -100


def test_a_stolen_voice_does_not_click(net: Reed) -> None:
    dull = {"note_1": 62.0, "level_1": -12.0, "breath": -24.0, "timbre": 0.0, **STILL}
    turns = [(0, dull), (0.3, {"note_1": 74.0}), (0.5, {"level_1": -80.0})]
    y = play(net, 0.8, [*turns, (0.6, {"level_1": -12.0, "note_1": 66.0})])
    assert joins_db(y, HOP) < -60


def test_a_click_would_be_seen() -> None:
    t = torch.arange(RATE // 2) / RATE
    y = 0.3 * torch.sin(2 * torch.pi * 440 * t)
    assert joins_db(y, HOP) < -80
    y[40 * HOP :] += 0.002
    assert joins_db(y, HOP) == pytest.approx(-54, abs=1)


def test_the_input_is_followed_at_its_pitch_and_level(net: Reed) -> None:
    x = tones(330.0, 0.6)
    y = play(net, 0.6, [(0, {"room": 0.0, "transpose": 12.0, "breath": -24.0})], x)[RATE // 4 :]
    heard = pitch_hz(y, RATE)
    assert cents(heard, torch.tensor(660.0)).abs().max() < 5
    assert level_db(y) == pytest.approx(level_db(x), abs=0.7)


def test_what_has_no_pitch_is_played_as_breath(net: Reed) -> None:
    x = 0.1 * torch.randn(RATE // 2, generator=torch.Generator().manual_seed(4))
    y = play(net, 0.5, [(0, {"room": 0.0})], x)[RATE // 4 :]
    assert pitch_hz(y, RATE).isnan().all()
    assert level_db(y) == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("noise_db", [None, 10.0])
def test_the_tracker_hears_pitch_in_noise(net: Reed, noise_db: float | None) -> None:
    off, voiced = [], []
    for index in range(6):
        x, note = tone(index, RATE, noise_db)
        notes, voices = follow(net, x)
        ends = np.clip((np.arange(len(notes)) - 2) * HOP, 0, None)
        off.append(100 * np.abs(notes - note[ends])[12:])
        voiced.append(voices[12:])
    assert np.median(np.concatenate(off)) < 3
    assert (np.concatenate(off) > 50).mean() < 0.02
    assert np.concatenate(voiced).mean() > 0.99


def test_noise_and_silence_have_no_pitch(net: Reed) -> None:
    x = np.random.default_rng(5).normal(size=RATE).astype(np.float32)
    for size in (0.1, 1e-4, 0.0):
        assert follow(net, size * x)[1].mean() < 0.02


def test_offline_the_same_measure_finds_the_corpus_pitch() -> None:
    clip = made.clip(4, 1, 2.0)
    notes, clear = track(torch.from_numpy(clip.sound), RATE, HOP)
    sounding = clear > 0.7
    assert sounding.float().mean() > 0.5
    off = 100 * (notes - torch.from_numpy(clip.note).float()).abs()[sounding]
    assert off.median() < 5
    assert (off > 50).float().mean() < 0.05


def test_noise_has_the_power_that_its_bands_say() -> None:
    hiss = Hiss(24, RATE)
    powers = torch.full((1, 400, 24), 0.01 / 24)
    draws = torch.randn(1, 400, 512, generator=torch.Generator().manual_seed(1))
    y, _, _ = hiss(powers, draws, powers[:, 0], torch.zeros(1, 128))
    assert level_db(y) == pytest.approx(-20, abs=0.3)


def test_the_room_answers_for_a_quarter_of_a_second_with_about_what_it_is_given() -> None:
    room = Room(HOP, RATE)
    x = torch.zeros(1, 64 * HOP)
    x[0, 0] = 1.0
    state, parts = room.init_state(), []
    for at in range(64):
        y, state = room(x[:, at * HOP : (at + 1) * HOP], state)
        parts.append(y)
    answer = torch.cat(parts, dim=1)[0]
    assert float(answer.square().sum()) == pytest.approx(1, abs=0.5)
    assert not answer[int(0.27 * RATE) :].any()
    assert answer[int(0.1 * RATE) :].any()


def test_the_corpus_is_the_same_every_time() -> None:
    first, again = made.clip(7, 2, 0.5), made.clip(7, 2, 0.5)
    np.testing.assert_array_equal(first.sound, again.sound)
    assert np.abs(first.sound).max() <= 1
    assert first.kind == 2
    assert len(first.note) * HOP == len(first.sound)


SMALL = ReedRecipe(steps=4, corpus_clips=3, batch=2, hops=40, context=8, warm_up=2)


@pytest.fixture(scope="module")
def clips() -> list[made.Clip]:
    return [made.clip(1, index, 0.5) for index in range(3)]


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been(
    clips: list[made.Clip], tmp_path: Path
) -> None:
    material = from_clips(clips, SMALL.config)
    nothing = np.zeros(0)
    whole = ReedCourse(SMALL, material)
    for _ in range(4):
        whole.advance(nothing)
    first = ReedCourse(SMALL, material)
    for _ in range(2):
        first.advance(nothing)
    first.save(tmp_path / "checkpoint.pt")
    second = ReedCourse(SMALL, material)
    second.load(tmp_path / "checkpoint.pt")
    assert second.step == 2
    for _ in range(2):
        second.advance(nothing)
    for a, b in zip(whole.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(a, b)


def test_another_recipes_run_is_not_gone_on_with(clips: list[made.Clip], tmp_path: Path) -> None:
    material = from_clips(clips, SMALL.config)
    ReedCourse(SMALL, material).save(tmp_path / "checkpoint.pt")
    other = ReedCourse(ReedRecipe(steps=5), material)
    with pytest.raises(ValueError, match="other numbers"):
        other.load(tmp_path / "checkpoint.pt")


def test_own_sounds_become_material_and_noise_is_refused() -> None:
    sounds = np.stack([tones(hz, 0.6).numpy() for hz in (196.0, 440.0)])
    found = from_sounds(sounds, ReedConfig())
    middle = found.note[:, 30:60]
    assert middle[0].median() == pytest.approx(55, abs=0.1)
    assert middle[1].median() == pytest.approx(69, abs=0.1)
    noise = np.random.default_rng(1).normal(size=(2, 24000)).astype(np.float32) * 0.1
    with pytest.raises(ValueError, match="single notes"):
        from_sounds(noise, ReedConfig())


def test_the_exports_attributes_are_the_knobs_in_their_order(net: Reed) -> None:
    wrapped = ReedNnTilde(net)
    assert wrapped.get_attributes() == [knob.id for knob in KNOBS]
    rng, turned = np.random.default_rng(2), {}
    for knob in KNOBS:
        turned[knob.id] = float(np.float32(rng.uniform(knob.minimum, knob.maximum)))
        getattr(wrapped, knob.id).fill_(turned[knob.id])
    x = tones(220, 8 * HOP / RATE)[None, None]
    with torch.no_grad():
        torch.manual_seed(1)
        y = wrapped(x)
        torch.manual_seed(1)
        draws = torch.randn(1, 512, 8)
        expected, _ = net(x, net.knobs(**turned), draws, net.init_state())
    assert torch.equal(y, expected)


def test_a_knob_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no knob 'loudness'"):
        place("loudness")

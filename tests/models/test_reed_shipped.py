"""The shipped reed, by measures that need no ears. What it promises is in its card."""

import numpy as np
import pytest
import torch

from device.bundle import Bundle, read_bundle
from device.engine.chain import Chain
from device.manifest import MAX_PARAMETERS
from device.params import default_values, specs_of
from models.pitch import cents, pitch_hz
from models.reed.config import KNOBS, NOTES
from models.reed.corpus import corpus
from models.reed.material import from_clips
from models.reed.measure import (
    additive,
    behaviour,
    distance,
    distances,
    joins_db,
    level_db,
    loudness,
    onsets,
    size,
    storm,
    tuning,
)
from models.reed.net import Reed, note_hz
from models.reed.nn_tilde import WEIGHTS, trained
from models.reed.play import play
from models.reed.recipe import REED

pytestmark = pytest.mark.slow

BUNDLE = WEIGHTS.parents[1] / "bundles" / "reed.ondine"
RATE = REED.config.sample_rate
MOST_BYTES, MOST_MACS = 4_000_000, 2_000_000
FIT = (0.3, 0.11, 10.6, 10.7, 11.0, 0.33)  # about what the corpus gives; no need to be exact


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def net() -> Reed:
    net = trained()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle(BUNDLE)


def heard(bundle: Bundle, seconds: float, **turned: float) -> torch.Tensor:
    """What the engine's own chain plays with knobs at these values."""
    chain = Chain(bundle, "fp32", 1, 0)
    values, specs = default_values(bundle.manifest), specs_of(bundle.manifest)
    for id, value in turned.items():
        values[specs[id].slot] = value
    blocks = []
    for _ in range(int(seconds * RATE) // bundle.manifest.block_frames):
        chain.run(values)
        blocks.append(chain.wet[0].copy())
    return torch.from_numpy(np.concatenate(blocks))


def test_its_bundle_is_small_and_has_every_knob(bundle: Bundle, net: Reed) -> None:
    assert BUNDLE.stat().st_size <= MOST_BYTES
    assert len(KNOBS) <= MAX_PARAMETERS
    found = bundle.manifest.parameters
    assert [(p.id, p.minimum, p.maximum, p.warp) for p in found] == [
        (k.id, k.minimum, k.maximum, k.warp) for k in KNOBS
    ]
    assert [p.default for p in found] == pytest.approx([k.default for k in KNOBS])
    assert bundle.manifest.delay_frames == 0
    assert size(net)["macs"] <= MOST_MACS


def test_the_engine_plays_four_notes_from_the_bundle_at_their_pitches(bundle: Bundle) -> None:
    chord = (45.0, 52.0, 61.0, 69.0)
    turned = {f"note_{i + 1}": note for i, note in enumerate(chord)}
    turned |= {f"level_{i + 1}": -24.0 for i in range(NOTES)}
    y = heard(bundle, 1.0, **turned, vibrato=0, room=0, breath=-24)[RATE // 4 :]
    assert level_db(y) == pytest.approx(-18, abs=0.6)
    spectrum = torch.fft.rfft(y[:32768] * torch.hann_window(32768), n=1 << 18).abs()
    for note in chord:
        at = note_hz(note) * (1 << 18) / RATE
        near = spectrum[int(at * 0.985) : int(at * 1.015)]
        top = int(near.argmax()) + int(at * 0.985)
        assert 1200 * abs(np.log2(top / at)) < 3


def test_the_bundle_is_the_committed_weights(bundle: Bundle, net: Reed) -> None:
    turned = {"note_1": 62.0, "level_1": -18.0, "timbre": 1.3, "breath": -24.0}
    still = {"vibrato": 0.0, "room": 0.0}
    ours = play(net, 0.5, [(0, turned | still)])[RATE // 4 :]
    theirs = heard(bundle, 0.5, **turned, **still)[RATE // 4 :]
    assert pitch_hz(theirs, RATE).median() == pytest.approx(float(pitch_hz(ours, RATE).median()))
    a, b = (x[None, None] for x in (ours[: len(theirs)], theirs))
    assert distance(a[0], b[0])["log_spectral_distance_db"] < 1.5


def test_a_note_is_there_within_two_blocks(net: Reed) -> None:
    found = onsets(net)
    assert found["quickest_90_ms"] <= 10.7
    assert found["usual_90_ms"] <= 25


def test_notes_struck_let_go_and_stolen_do_not_click(net: Reed) -> None:
    y = play(net, 3.0, storm())
    assert joins_db(y, REED.config.hop) < -60
    assert float(y.mean().abs()) < 1e-3


def test_it_sounds_like_its_players_and_more_so_than_a_plain_sum(net: Reed) -> None:
    shown = from_clips(corpus(9, 3), REED.config, FIT)
    draws = torch.randn(*shown.note.shape, 512, generator=torch.Generator().manual_seed(1))
    y = net.sequence(shown.note, shown.size, shown.bright, shown.timbre, draws)
    ours = distance(shown.sound, y)
    plain = distance(shown.sound, additive(shown.note, shown.size, net))
    assert ours["log_spectral_distance_db"] < 0.6 * plain["log_spectral_distance_db"]
    assert ours["multiscale_distance"] < 0.6 * plain["multiscale_distance"]


def test_a_voice_that_plays_along_is_in_tune(net: Reed) -> None:
    t = torch.arange(RATE // 2) / RATE
    x = sum((0.2 / k * torch.sin(2 * torch.pi * 196 * k * t) for k in range(1, 8)), 0 * t)
    y = play(net, 0.5, [(0, {"room": 0.0, "timbre": 1.0})], x)[RATE // 4 :]
    found = pitch_hz(y, RATE)
    assert cents(found[~found.isnan()], torch.tensor(196.0)).abs().max() < 5


@pytest.mark.slow
def test_pitch_and_level_over_the_whole_range(net: Reed) -> None:
    assert tuning(net)["worst_cents"] < 3
    assert abs(loudness(net)["worst_db"]) < 1


@pytest.mark.slow
def test_it_behaves(net: Reed) -> None:
    found = behaviour(net)
    assert max(found["joins_db"], found["steal_joins_db"]) < -60
    assert max(found["dc"], found["chord_dc"]) < 1e-3
    assert found["five_seconds_later_db"] < -100


@pytest.mark.slow
def test_what_the_card_says_of_held_out_sound(net: Reed) -> None:
    shown = from_clips(corpus(REED.held_out_seed, 9), REED.config)
    found = distances(net, REED, shown)
    ours = found["trained"]["log_spectral_distance_db"]
    assert ours < 3
    assert ours < 0.5 * found["additive, 1 / k"]["log_spectral_distance_db"]
    assert ours < 0.35 * found["untrained"]["log_spectral_distance_db"]

"""The shipped brook, by measures that need no ears. What it promises is in its card."""

import numpy as np
import pytest
import torch
from torch import Tensor

from device.bundle import read_bundle
from device.engine.step import Step
from models.as_played import as_played
from models.brook.axes import responses
from models.brook.measure import joins, onsets, pitch_following, up_to
from models.brook.net import Brook
from models.corpus import clip, corpus
from models.distances import level_db, log_spectral_distance_db
from models.export import WEIGHTS, trained, untrained
from models.measure import envelope_lag, played
from models.recipes import BROOK

pytestmark = pytest.mark.slow

RATE, HOP, DELAY = BROOK.config.sample_rate, BROOK.config.hop, BROOK.config.delay
SHIPPED = WEIGHTS / "brook.npz"
BUNDLE = WEIGHTS.parent / "bundles" / "brook.ondine"


@pytest.fixture(scope="module")
def net() -> Brook:
    return trained(BROOK, SHIPPED)


@pytest.fixture(scope="module")
def clips() -> list[Tensor]:
    arrays = corpus(9, 9, 1.5)  # one of each player; no training ever saw this seed
    return [torch.from_numpy(a[: len(a) // HOP * HOP])[None, None] for a in arrays]


@pytest.fixture(scope="module")
def outputs(net, clips) -> list[Tensor]:
    with torch.no_grad():
        return [played(net, x) for x in clips]


@pytest.fixture(autouse=True, scope="module")
def _light_torch():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        yield
    torch.set_num_threads(threads)


def aligned(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return x[:, :, : x.shape[2] - DELAY], y[:, :, DELAY:]


def test_level_is_kept_within_a_decibel(clips, outputs):
    pairs = [aligned(x, y) for x, y in zip(clips, outputs, strict=True)]
    assert abs(np.mean([level_db(y) - level_db(x) for x, y in pairs])) < 1


def test_nothing_is_silent_loud_or_off_centre(net, outputs):
    for y in outputs:
        assert level_db(y) > -60
        assert float(y.abs().max()) < 1
        assert abs(float(y.mean())) < 1e-3
    silent = played(net, torch.zeros(1, 1, 100 * HOP))[:, :, 30 * HOP :]
    assert level_db(silent) < -60


def test_it_is_far_closer_than_before_training(clips, outputs):
    before = untrained(BROOK)
    trained_db, untrained_db = (
        np.mean(
            [log_spectral_distance_db(*aligned(x, y)) for x, y in zip(clips, made, strict=True)]
        )
        for made in (outputs, [played(before, x) for x in clips])
    )
    assert trained_db < 0.6 * untrained_db


def test_blocks_join_without_a_click(net):
    assert joins(net) < -60


def test_it_answers_as_late_as_it_says(net):
    # As the card measures it: four clips of drums. One clip alone says little.
    drums = [clip(9, index) for index in (6, 15, 24, 33)]
    drums = [torch.from_numpy(x[: len(x) // HOP * HOP])[None, None] for x in drums]
    assert abs(envelope_lag(net, drums) - DELAY) <= HOP // 2
    assert DELAY / RATE <= 0.030


def test_an_onset_is_heard_in_time(net):
    found = onsets(net)
    assert found["half_level_latest_ms"] < 1000 * (DELAY + HOP) / RATE + 10


def test_pitch_follows(net):
    found = pitch_following(net)
    assert found["steady_median_cents"] < 25
    assert found["glide_median_cents"] < 50


def test_latents_come_in_the_order_of_how_much_they_change(net, clips):
    rows = [net.encode(x, net.encoder.init_state())[0][0] for x in clips]
    products, _ = responses(net, rows, torch.eye(16).double())
    moved = products.diagonal().sqrt()
    # Another corpus than the one that ordered them: neighbours may change places, quarters may not.
    assert (moved[1:] < 1.2 * moved[:-1]).all()
    quarters = moved.reshape(4, 4).mean(dim=1)
    assert (quarters[1:] < quarters[:-1]).all()


def test_each_latent_brings_the_sound_nearer(net, clips):
    nearer = up_to(net, clips)
    assert nearer[-1] == min(nearer)
    assert nearer[0] > nearer[3] > nearer[7] > nearer[15]


def test_the_box_plays_it_in_time_at_level_and_without_clicks():
    found = as_played(BUNDLE)
    assert found["onsets"]["latest_ms"] < found["onsets"]["stated_ms"] + 10
    assert abs(found["level_db"]) < 1
    assert found["dc"] < 1e-4
    assert found["peak"] < 1
    assert found["jerked"]["joins_db"] < -60


@pytest.mark.parametrize("latent", range(0, 16, 3))
def test_latents_can_be_heard(net, clips, latent):
    z, _ = net.encode(clips[0], net.encoder.init_state())
    moved = z.clone()
    moved[:, latent] += 2
    still, other = (
        net.decode(code, net.noise(z.shape[2], seed=1), net.decoder.init_state())[0]
        for code in (z, moved)
    )
    assert log_spectral_distance_db(still, other) > 1


def test_the_bundle_is_these_weights_and_small(net, clips):
    assert BUNDLE.stat().st_size < 6e6
    assert SHIPPED.stat().st_size < 6e6
    bundle = read_bundle(BUNDLE)
    manifest = bundle.manifest
    assert (manifest.name, manifest.hop_frames, manifest.latent_size) == ("brook", HOP, 16)
    assert [latent.label for latent in manifest.latents] == list(BROOK.latent_labels)
    assert all(latent.low < 0 < latent.high for latent in manifest.latents)
    assert abs(manifest.delay_frames - DELAY) <= HOP // 2
    step, state = Step(bundle, "encode", "fp32"), net.encoder.init_state()
    for x in clips[2][:, :, 20 * HOP : 28 * HOP].split(HOP, 2):
        z, state = net.encode(x, state)
        step.inputs["audio"][:] = x.numpy()
        step.run()
        np.testing.assert_allclose(next(iter(step.outputs.values())), z.numpy(), atol=1e-4)

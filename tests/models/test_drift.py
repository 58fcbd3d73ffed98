"""The shipped autoencoder: streaming, its nn~ form, and that its recipe learns."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from models.axes import align_latents
from models.checkpoint import load_weights, save_weights
from models.corpus import corpus
from models.distances import level_db, log_spectral_distance_db, multiscale_distance
from models.drift import Drift, DriftConfig
from models.drift_course import Trainer, learning_rate, loss, segments
from models.export import WEIGHTS, trained
from models.nn_tilde import scripted
from models.recipes import RECIPES, recipe

HOP = DriftConfig().hop
LABELS = list(RECIPES["drift"].latent_labels)
SHIPPED = WEIGHTS / "drift.npz"


@pytest.fixture(scope="module")
def net() -> Drift:
    torch.manual_seed(3)
    return Drift().eval()


@pytest.fixture(scope="module")
def shipped() -> Drift:
    return trained(RECIPES["drift"], SHIPPED)


@pytest.fixture(scope="module")
def sound() -> Tensor:
    return torch.from_numpy(corpus(7, 1, 1.0)[0, : 180 * HOP])[None, None]


@pytest.fixture(autouse=True)
def _light_torch(request):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a net this small only waits for a second thread
    with torch.set_grad_enabled("learn" in request.node.name):
        yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("hops", [1, 2, 5, 64])
def test_blocks_equal_the_whole(net, sound, hops):
    noise = net.noise(180, seed=1)
    z, _ = net.encode(sound, net.encoder.init_state())
    y, _ = net.decode(z, noise, net.decoder.init_state())
    coding, playing = net.encoder.init_state(), net.decoder.init_state()
    latents, audio = [], []
    for x, draw in zip(sound.split(hops * HOP, 2), noise.split(hops * 16, 2), strict=True):
        code, coding = net.encode(x, coding)
        out, playing = net.decode(code, draw, playing)
        latents.append(code)
        audio.append(out)
    torch.testing.assert_close(torch.cat(latents, 2), z, rtol=0, atol=1e-4)
    torch.testing.assert_close(torch.cat(audio, 2), y, rtol=0, atol=1e-5)


def test_states_keep_their_shapes(net):
    coding, playing = net.encoder.init_state(), net.decoder.init_state()
    z, coded = net.encode(torch.zeros(1, 1, HOP), coding)
    y, played = net.decode(z, net.noise(1), playing)
    assert z.shape == (1, 8, 1)
    assert y.shape == (1, 1, HOP)
    assert [s.shape for s in coded] == [s.shape for s in coding]
    assert [s.shape for s in played] == [s.shape for s in playing]


def test_the_export_equals_the_explicit_net(net, sound, tmp_path):
    path = tmp_path / "drift.ts"
    scripted(net, LABELS).save(str(path))
    module = torch.jit.load(str(path))
    assert module.get_methods() == ["encode", "decode", "forward"]
    assert module.encode_params.tolist() == [1, 1, 8, HOP]
    assert module.decode_params.tolist() == [8, HOP, 1, 1]
    assert module.forward_params.tolist() == [1, 1, 1, 1]
    assert (module.sr, module.latent_size) == (48000, 8)

    coding, playing = net.encoder.init_state(), net.decoder.init_state()
    for x in sound[:, :, : 8 * HOP].split(2 * HOP, 2):
        z, coding = net.encode(x, coding)
        torch.testing.assert_close(module.encode(x), z, rtol=0, atol=1e-6)
        torch.manual_seed(11)
        heard = module.decode(z)
        torch.manual_seed(11)
        y, playing = net.decode(z, torch.rand(1, 16, 32) * 2 - 1, playing)
        torch.testing.assert_close(heard, y, rtol=0, atol=1e-6)


def test_the_export_wants_a_label_per_latent(net):
    with pytest.raises(ValueError, match="7 latent labels for 8 latents"):
        scripted(net, LABELS[:7])


def test_turning_the_latents_leaves_the_sound_alone(sound):
    torch.manual_seed(4)
    net = Drift()
    state = net.encoder.init_state, net.decoder.init_state
    z, _ = net.encode(sound, state[0]())
    before, _ = net.decode(z, net.noise(180, seed=1), state[1]())
    align_latents(net, sound[0].numpy())
    z, _ = net.encode(sound, state[0]())
    after, _ = net.decode(z, net.noise(180, seed=1), state[1]())
    torch.testing.assert_close(after, before, rtol=0, atol=1e-4)
    covariance = z[0] @ z[0].T / z.shape[2]
    torch.testing.assert_close(covariance, torch.eye(8), rtol=0, atol=0.05)
    torch.testing.assert_close(z.mean(dim=2), torch.zeros(1, 8), rtol=0, atol=0.05)


def test_weights_survive_the_disk_and_others_are_refused(net, tmp_path):
    save_weights(net, tmp_path / "w.npz")
    torch.manual_seed(5)
    other = Drift()
    load_weights(other, tmp_path / "w.npz")
    for a, b in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(ValueError, match="holds other weights"):
        load_weights(Drift(DriftConfig(channels=32)), tmp_path / "w.npz")


def test_a_few_steps_learn_something_and_a_resumed_run_repeats(tmp_path):
    plan = dataclasses.replace(
        RECIPES["drift"],
        config=DriftConfig(channels=32),
        lesson_steps=10,
        lesson_batch=2,
        lesson_hops=64,
        steps=8,
        warm_up=1,
        learning_rate=1e-2,
        batch=2,
        hops=64,
    )
    clips = corpus(8, 3, 1.0)
    batch = segments(clips, plan, 0)
    whole = Trainer(plan)
    lesson = [whole.advance(clips)["pitch"] for _ in range(10)]
    assert lesson[-1] < lesson[0]

    before = float(loss(whole.net, batch, plan, 0)["total"].detach())
    for _ in range(4):
        whole.advance(clips)
    whole.save(tmp_path / "checkpoint.pt")
    totals = [whole.advance(clips)["total"] for _ in range(4)]
    after = float(loss(whole.net, batch, plan, 0)["total"].detach())
    assert after < 0.95 * before

    resumed = Trainer(plan)
    resumed.load(tmp_path / "checkpoint.pt")
    assert resumed.step == 14
    assert [resumed.advance(clips)["total"] for _ in range(2)] == pytest.approx(
        totals[:2], rel=1e-4
    )


def test_the_learning_rate_rises_and_falls():
    plan = recipe("drift")
    for begin, steps in ((0, plan.lesson_steps), (plan.lesson_steps, plan.steps)):
        at = begin, begin + plan.warm_up, begin + steps // 2, begin + steps - 1
        first, top, middle, last = (learning_rate(step, plan) for step in at)
        assert first < middle < top
        assert last < middle


def test_an_unknown_instrument_is_named():
    with pytest.raises(ValueError, match="'drfit'; there is drift"):
        recipe("drfit")


def test_distances_are_zero_for_equals_and_grow_with_difference(sound):
    assert log_spectral_distance_db(sound, sound) == 0
    assert multiscale_distance(sound, sound) == 0
    assert log_spectral_distance_db(sound, 0.5 * sound) < log_spectral_distance_db(
        sound, torch.zeros_like(sound)
    )


def test_the_shipped_weights_track_silence_level_and_pitch(shipped):
    def play(x: Tensor) -> Tensor:
        z, _ = shipped.encode(x, shipped.encoder.init_state())
        y, _ = shipped.decode(z, shipped.noise(z.shape[2], seed=1), shipped.decoder.init_state())
        return y[:, :, 100 * HOP :]

    t = torch.arange(200 * HOP) / 48000
    quiet = play(torch.zeros(1, 1, 200 * HOP))
    tone = 0.25 * torch.sin(2 * torch.pi * 440 * t)[None, None]
    loud, soft = play(tone), play(0.1 * tone)
    assert level_db(quiet) < -60
    assert abs(float(loud.mean())) < 1e-3
    assert level_db(loud) == pytest.approx(level_db(tone), abs=6)
    assert level_db(loud) - level_db(soft) > 10
    spectrum = torch.fft.rfft(loud[0, 0] * torch.hann_window(loud.shape[2])).abs()
    heard = float(spectrum.argmax()) * 48000 / loud.shape[2]
    assert 1200 * abs(np.log2(heard / 440)) < 100


@pytest.mark.parametrize("latent", range(8))
def test_every_latent_can_be_heard(shipped, sound, latent):
    z, _ = shipped.encode(sound, shipped.encoder.init_state())

    def play(code: Tensor) -> Tensor:
        return shipped.decode(code, shipped.noise(180, seed=1), shipped.decoder.init_state())[0]

    moved = z.clone()
    moved[:, latent] += 2
    assert log_spectral_distance_db(play(z), play(moved)) > 1

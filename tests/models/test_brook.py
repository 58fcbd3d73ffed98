"""brook: streaming, causality, its nn~ form, and that its recipe learns and repeats."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from models.brook.axes import align_latents, responses
from models.brook.course import BrookCourse, learning_rate
from models.brook.ear import Ear
from models.brook.material import turns_at
from models.brook.net import Brook, BrookConfig
from models.brook.plain import plain_tones
from models.brook.recipe import Stage
from models.checkpoint import load_weights, rounded, save_weights
from models.corpus import corpus
from models.nn_tilde import scripted
from models.recipes import BROOK

pytestmark = pytest.mark.slow

HOP, LATENTS = BrookConfig().hop, BrookConfig().latent_size
LABELS = list(BROOK.latent_labels)
SMALL = BrookConfig(encoder_channels=24, decoder_channels=24)


@pytest.fixture(scope="module")
def net() -> Brook:
    torch.manual_seed(3)
    return Brook(SMALL).eval()


@pytest.fixture(scope="module")
def sound() -> Tensor:
    return torch.from_numpy(corpus(7, 1, 1.0)[0, : 90 * HOP])[None, None]


@pytest.fixture(autouse=True)
def _light_torch(request):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.set_grad_enabled("learn" in request.node.name):
        yield
    torch.set_num_threads(threads)


def whole(net: Brook, x: Tensor) -> tuple[Tensor, Tensor]:
    z, _ = net.encode(x, net.encoder.init_state())
    y, _ = net.decode(z, net.noise(z.shape[2], seed=1), net.decoder.init_state())
    return z, y


@pytest.mark.parametrize("hops", [1, 2, 5, 30])
def test_blocks_equal_the_whole(net, sound, hops):
    z, y = whole(net, sound)
    noise = net.noise(90, seed=1)
    coding, playing = net.encoder.init_state(), net.decoder.init_state()
    latents, audio = [], []
    for x, draw in zip(sound.split(hops * HOP, 2), noise.split(hops, 2), strict=True):
        code, coding = net.encode(x, coding)
        out, playing = net.decode(code, draw, playing)
        latents.append(code)
        audio.append(out)
    torch.testing.assert_close(torch.cat(latents, 2), z, rtol=0, atol=5e-5)
    torch.testing.assert_close(torch.cat(audio, 2), y, rtol=0, atol=1e-5)


def test_states_keep_their_shapes(net):
    coding, playing = net.encoder.init_state(), net.decoder.init_state()
    z, coded = net.encode(torch.zeros(1, 1, HOP), coding)
    y, played = net.decode(z, net.noise(1), playing)
    assert z.shape == (1, LATENTS, 1)
    assert y.shape == (1, 1, HOP)
    assert [s.shape for s in coded] == [s.shape for s in coding]
    assert [s.shape for s in played] == [s.shape for s in playing]


@pytest.mark.parametrize("at", [40 * HOP, 40 * HOP + 100])
def test_nothing_is_heard_before_it_came(net, sound, at):
    changed = sound.clone()
    changed[:, :, at:] += 0.1
    (z, y), (other_z, other_y) = whole(net, sound), whole(net, changed)
    first = at // HOP  # the hop in which it came
    torch.testing.assert_close(other_z[:, :, :first], z[:, :, :first], rtol=0, atol=0)
    torch.testing.assert_close(other_y[:, :, : first * HOP], y[:, :, : first * HOP], rtol=0, atol=0)
    assert not torch.equal(other_z[:, :, first], z[:, :, first])


def test_the_export_equals_the_explicit_net(net, sound, tmp_path):
    path = tmp_path / "brook.ts"
    scripted(net, LABELS).save(str(path))
    module = torch.jit.load(str(path))
    assert module.encode_params.tolist() == [1, 1, LATENTS, HOP]
    assert module.decode_params.tolist() == [LATENTS, HOP, 1, 1]
    assert (module.sr, module.latent_size) == (48000, LATENTS)
    coding, playing = net.encoder.init_state(), net.decoder.init_state()
    for x in sound[:, :, : 8 * HOP].split(2 * HOP, 2):
        z, coding = net.encode(x, coding)
        torch.testing.assert_close(module.encode(x), z, rtol=0, atol=1e-6)
        torch.manual_seed(11)
        heard = module.decode(z)
        torch.manual_seed(11)
        draws = torch.rand(1, SMALL.draw_shape[0], 2) * 2 - 1
        y, playing = net.decode(z, draws, playing)
        torch.testing.assert_close(heard, y, rtol=0, atol=1e-6)


def test_the_export_wants_a_label_per_latent(net):
    with pytest.raises(ValueError, match="7 latent labels for 16 latents"):
        scripted(net, LABELS[:7])


def test_turning_the_latents_leaves_the_sound_alone(sound):
    torch.manual_seed(4)
    net = Brook(SMALL)
    _, before = whole(net, sound)
    align_latents(net, sound[0].numpy())
    z, after = whole(net, sound)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-3)
    covariance = z[0] @ z[0].T / z.shape[2]
    torch.testing.assert_close(covariance, torch.eye(LATENTS), rtol=0, atol=0.05)
    torch.testing.assert_close(z.mean(dim=2), torch.zeros(1, LATENTS), rtol=0, atol=0.05)


def test_rounded_weights_take_half_the_room_and_come_back_the_same(tmp_path):
    torch.manual_seed(5)
    net = Brook(SMALL)
    save_weights(net, tmp_path / "whole.npz")
    rounded(net)
    save_weights(net, tmp_path / "half.npz")
    sizes = [(tmp_path / name).stat().st_size for name in ("whole.npz", "half.npz")]
    assert sizes[1] < 0.6 * sizes[0]
    other = Brook(SMALL)
    load_weights(other, tmp_path / "half.npz")
    for a, b in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_what_the_ear_hears_of_a_softer_sound_is_worked_out_and_not_heard_again(sound):
    ear = Ear(48000, HOP, 16, 257, 80.0)
    powers, turns, _ = ear(sound, ear.init_state())
    softer, turned, _ = ear(0.1 * sound, ear.init_state())
    torch.testing.assert_close(powers * 0.01, softer, rtol=1e-3, atol=1e-9)
    level = torch.full((1, 1, 1), 0.1)
    torch.testing.assert_close(turns * turns_at(level, powers), turned, rtol=0, atol=1e-4)


SHORT = (
    Stage("lesson", 10, 1e-2, 10),
    Stage("sound", 2, 6e-4, 4),
    Stage("adversary", 2, 6e-4, 4, fallen=2),
    Stage("wider", 3, 1e-3, 3),
)


def short_plan(**changes):
    return dataclasses.replace(
        BROOK, config=SMALL, warm_up=1, lesson_batch=2, lesson_hops=32, batch=2, hops=32, context=8,
        first_clips=2, plain_clips=1, plain_share=0.5, stages=SHORT, **changes,
    )  # fmt: skip


def test_a_course_learns_and_a_resumed_one_repeats_it(tmp_path):
    clips = corpus(8, 3, 1.0)
    run = BrookCourse(short_plan())
    lesson = [run.advance(clips)["lesson"] for _ in range(10)]
    assert lesson[-1] < lesson[0]
    run.advance(clips)
    run.save(tmp_path / "checkpoint.pt")
    terms = [run.advance(clips) for _ in range(6)]
    assert run.step == run.last
    assert all("spectrum" in row for row in terms)
    assert ["fooling" in row for row in terms] == [False, True, True, False, False, False]
    assert ["beside" in row for row in terms] == 3 * [False] + 3 * [True]

    again = BrookCourse(short_plan())
    again.load(tmp_path / "checkpoint.pt")
    assert again.step == 11
    repeated = [again.advance(clips) for _ in range(6)]
    for one, other in zip(terms, repeated, strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


def test_the_first_steps_of_learning_repeat():
    clips = corpus(8, 2, 1.0)
    runs = [BrookCourse(short_plan()) for _ in range(2)]
    first, second = ([run.advance(clips)["total"] for _ in range(3)] for run in runs)
    assert first == second
    other = BrookCourse(short_plan(seed=1))
    assert [other.advance(clips)["total"] for _ in range(3)] != first


def test_the_learning_rate_rises_and_falls():
    for stage in BROOK.stages:
        at = [0, BROOK.warm_up, stage.steps // 2, stage.steps - 1]
        first, top, middle, last = (learning_rate(n, stage, BROOK) for n in at)
        assert top > middle > last
        assert stage.fallen or first < middle
    shared = [s for s in BROOK.stages if s.fallen]
    for stage in shared:  # goes on where the stage before it ended
        before = BROOK.stages[BROOK.stages.index(stage) - 1]
        assert learning_rate(before.steps, before, BROOK) == learning_rate(0, stage, BROOK)


def test_a_step_finds_its_stage():
    run = BrookCourse(short_plan())
    found = []
    for step in (0, 9, 10, 12, 15):
        run.step = step
        found.append(run.stage())
    assert found == [(SHORT[0], 0), (SHORT[0], 9), (SHORT[1], 0), (SHORT[2], 0), (SHORT[3], 1)]


def test_the_first_latent_changes_the_sound_most():
    torch.manual_seed(6)
    net = Brook(SMALL)
    clips = corpus(7, 3, 1.0)
    align_latents(net, clips)
    rows = [
        net.encode(torch.from_numpy(c[: 90 * HOP])[None, None], net.encoder.init_state())[0][0]
        for c in clips
    ]
    products, lean = responses(net, rows, torch.eye(LATENTS).double())
    moved = products.diagonal()
    assert (moved[1:] <= moved[:-1] * 1.01).all()
    assert (lean >= -1e-6).all()  # up is louder
    off = products - torch.diag(moved)
    assert float(off.abs().max()) < 0.05 * float(moved[0])


def test_plain_tones_are_heard_centred_and_repeat():
    made = plain_tones(3, 2, 2.0)
    assert made.shape == (2, 96000)
    assert made.dtype == np.float32
    assert 0.1 < np.abs(made).max() <= 0.5
    assert np.abs(made.mean(axis=1)).max() < 1e-2
    np.testing.assert_array_equal(plain_tones(3, 2, 2.0), made)
    assert np.abs(plain_tones(4, 1, 2.0)[0] - made[0]).max() > 0.1

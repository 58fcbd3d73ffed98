"""eddy: streaming, listening and going on, draws, its nn~ form, its pieces, and that it learns."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.brook.net import Brook, BrookConfig
from models.eddy.course import EddyCourse
from models.eddy.mixture import log_likelihood, parts, sample
from models.eddy.net import Eddy, fit_steps
from models.eddy.nn_tilde import scripted
from models.eddy.pieces import piece, stream
from models.eddy.play import go_on
from models.eddy.recipe import EDDY, EddyConfig
from models.eddy.samples import energy_distance, priming, unlikeness

SMALL = EddyConfig(channels=16, dilations=(1, 2, 4), memory=24, hidden=16, mixtures=3, fade=4)
ONE = torch.ones(1, 1, 1)


@pytest.fixture(scope="module")
def latents() -> Tensor:
    """Slow curves, [6, 16, 160]."""
    wild = torch.randn(6, 16, 180, generator=torch.Generator().manual_seed(1))
    return F.avg_pool1d(wild, 21, 1) * 4.0


@pytest.fixture(scope="module")
def prior(latents) -> Eddy:
    torch.manual_seed(2)
    net = Eddy(SMALL).eval()
    fit_steps(net, latents)
    return net


@pytest.fixture(autouse=True)
def _light_torch(request):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.set_grad_enabled("learn" in request.node.name):
        yield
    torch.set_num_threads(threads)


def through(prior: Eddy, heard: Tensor, listen: list[float], warmth: float = 1.0) -> Tensor:
    """The latents played, step by step, with `listen` at each."""
    state, seen = prior.init_state(len(heard)), []
    normal, uniform = prior.draws(heard.shape[2], 3, len(heard))
    for t, share in enumerate(listen):
        at = slice(t, t + 1)
        z, state = prior.step(
            heard[:, :, at], share * ONE, warmth * ONE, normal[:, :, at], uniform[:, :, at], state
        )
        seen.append(z)
    return torch.cat(seen, 2)


def test_while_listening_it_plays_what_it_hears_to_the_bit(prior, latents):
    assert torch.equal(through(prior, latents[:1], [1.0] * 160), latents[:1])


def test_steps_know_what_the_whole_knows(prior, latents):
    # The likelihood of all at once against the mixture of each step, memories carried along.
    z = latents[:2, :, :60]
    whole = prior.likelihood(z, z)
    state, worst = prior.init_state(2), 0.0
    normal, uniform = prior.draws(60, 0, 2)
    volume = torch.linalg.slogdet(prior.turn[:, :, 0])[1]
    for t in range(60):
        at = slice(t, t + 1)
        y, _ = prior.trunk(prior.past(state[0], state[1]), state[5:])
        recalled = prior.recall(prior.query(y), state[2], state[3])
        mixture = parts(prior.head(y, recalled), prior.mixtures, prior.smallest)
        moved = F.conv1d(z[:, :, at] - state[0], prior.turn)
        now = log_likelihood(moved, *mixture)[:, 0] + volume
        worst = max(worst, float((now - whole[:, t]).abs().max()))
        _, state = prior.step(z[:, :, at], ONE, ONE, normal[:, :, at], uniform[:, :, at], state)
    assert worst < 1e-4


def test_nothing_is_known_before_it_came(prior, latents):
    z, other = latents[:1], latents[:1].clone()
    other[:, :, 70:] += 1.0
    same, changed = prior.likelihood(z, z), prior.likelihood(other, other)
    torch.testing.assert_close(changed[:, :70], same[:, :70])
    assert not torch.allclose(changed[:, 70:], same[:, 70:])


def test_from_heard_to_continued_it_goes_in_equal_parts(prior, latents):
    # With fade 4 the own share is 1/4, 2/4, 3/4, 1: what is heard counts no more from the fourth.
    other = latents.clone()
    other[:, :, 10:] += 5.0
    listen = [1.0] * 10 + [0.0] * 20
    first = through(prior, latents[:1, :, :11], listen[:11])[:, :, 10]
    second = through(prior, other[:1, :, :11], listen[:11])[:, :, 10]
    torch.testing.assert_close(second - first, torch.full((1, 16), 0.75 * 5.0))
    faded = other.clone()
    faded[:, :, 13:] = 9.0
    torch.testing.assert_close(
        through(prior, faded[:1, :, :30], listen), through(prior, other[:1, :, :30], listen)
    )


def test_it_comes_back_to_listening(prior, latents):
    played = through(prior, latents[:1, :, :60], [0.0] * 30 + [1.0] * 30)
    torch.testing.assert_close(played[:, :, 34:], latents[:1, :, 34:60])


def test_it_stays_within_reach_whatever_the_draws(prior):
    state = prior.init_state(1)
    heard = torch.zeros(1, 16, 1)
    for sign in (1.0, -1.0):
        for _ in range(40):
            z, state = prior.step(
                heard, 0 * ONE, 1.5 * ONE, torch.full((1, 16, 1), 50.0 * sign),
                torch.zeros(1, 3, 1), state,
            )  # fmt: skip
            assert float(z.norm()) <= 1.0001 * float(prior.reach)


def test_the_draws_decide_and_a_seed_repeats_them(prior, latents):
    heard = latents[:1, :, :20].repeat(3, 1, 1)
    warm = go_on(prior, heard, 30, torch.ones(3))
    assert torch.equal(warm[:, :, :20], heard)
    assert not torch.allclose(warm[0], warm[1])
    assert torch.equal(warm, go_on(prior, heard, 30, torch.ones(3)))
    assert not torch.equal(warm, go_on(prior, heard, 30, torch.ones(3), seed=1))


def test_samples_are_of_the_mixture_they_are_drawn_from():
    # Parts at -3 and 5 with odds 1 : 3 and spreads 0.5 and 1: mean 3, variance 0.8125 + 12.
    count = 40000
    logits = torch.tensor([0.0, np.log(3.0)]).float()[None, :, None].expand(1, 2, count)
    means = torch.tensor([-3.0, 5.0])[None, :, None, None].expand(1, 2, 1, count)
    spreads = torch.tensor([0.5, 1.0])[None, :, None, None].expand(1, 2, 1, count)
    source = torch.Generator().manual_seed(0)
    normal = torch.randn(1, 1, count, generator=source)
    uniform = torch.rand(1, 2, count, generator=source)
    drawn = sample(logits, means, spreads, ONE, normal, uniform)
    assert abs(float(drawn.mean()) - 3.0) < 0.05
    assert abs(float(drawn.var()) - 12.8125) < 0.2
    # Cold, only the means are left, at the same odds.
    cold = sample(logits, means, spreads, 0 * ONE, normal, uniform)
    assert set(cold.unique().tolist()) == {-3.0, 5.0}
    assert abs(float((cold > 0).float().mean()) - 0.75) < 0.01
    # Hot, the odds even out: at 2 they are 1 : sqrt(3).
    hot = sample(logits, means, spreads, 2 * ONE, 0 * normal, uniform)
    assert abs(float((hot > 0).float().mean()) - 3**0.5 / (1 + 3**0.5)) < 0.01


def test_a_mixture_of_one_is_the_normal_density():
    u = torch.tensor([[[0.3], [-1.2]]])
    out = torch.tensor([0.0, 1.0, -1.0, 0.2, -0.4])[None, :, None]
    logits, means, spreads = parts(out, 1, 0.05)
    wanted = torch.distributions.Normal(means[:, 0], spreads[:, 0]).log_prob(u).sum(1)
    torch.testing.assert_close(log_likelihood(u, logits, means, spreads), wanted)


def test_usual_steps_are_white_once_turned(prior, latents):
    moved = F.conv1d(latents[:, :, 1:] - latents[:, :, :-1], prior.turn)
    flat = moved.permute(1, 0, 2).reshape(16, -1)
    torch.testing.assert_close(flat @ flat.T / flat.shape[1], torch.eye(16), rtol=0, atol=1e-3)
    both = F.conv1d(moved, prior.back) - (latents[:, :, 1:] - latents[:, :, :-1])
    assert float(both.abs().max()) < 1e-4


@pytest.mark.parametrize("hops", [1, 2])
def test_the_export_equals_the_explicit_nets(prior, tmp_path, hops):
    torch.manual_seed(3)
    brook = Brook(BrookConfig(encoder_channels=16, decoder_channels=16)).eval()
    path = tmp_path / "eddy.ts"
    scripted(brook, prior).save(str(path))
    module = torch.jit.load(str(path))
    assert module.get_methods() == ["encode", "decode"]
    assert module.get_attributes() == ["listen", "temperature"]
    hearing, state = brook.encoder.init_state(), prior.init_state()
    x = 0.3 * torch.randn(1, 1, 6 * 512, generator=torch.Generator().manual_seed(4))
    for i, block in enumerate(x.split(hops * 512, 2)):
        listen = float(i < 2 // hops)
        module.listen.fill_(listen)
        torch.manual_seed(11)
        found = module.encode(block)
        torch.manual_seed(11)
        normal, uniform = torch.randn(1, 16, hops), torch.rand(1, 3, hops)
        z, hearing = brook.encode(block, hearing)
        for t in range(hops):
            at = slice(t, t + 1)
            played, state = prior.step(
                z[:, :, at], listen * ONE, ONE, normal[:, :, at], uniform[:, :, at], state
            )
            torch.testing.assert_close(found[:, :, at], played, rtol=0, atol=1e-5)
    assert module(x).shape == x.shape


def test_a_prior_of_other_latents_is_refused():
    brook = Brook(BrookConfig(latent_size=8, encoder_channels=16, decoder_channels=16))
    with pytest.raises(ValueError, match="knows 16 latents and brook has 8"):
        scripted(brook, Eddy(SMALL))


def test_pieces_repeat_by_seed_and_say_their_motif_again():
    first, again = piece(3, 1, 4.0), piece(3, 1, 4.0)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, piece(4, 1, 4.0))
    assert first.dtype == np.float32
    assert first.shape == (192000,)
    assert 0.1 < np.abs(first).max() <= 1.0
    assert abs(first.mean()) < 1e-3
    assert stream(3, 0, 5.0).shape == (240000,)


def test_alike_crowds_are_near_and_a_shuffled_pairing_is_not():
    source = torch.Generator().manual_seed(5)
    places = 3 * torch.randn(12, 16, 1, generator=source)
    a, b = (places + torch.randn(12, 16, 40, generator=source) for _ in range(2))
    assert energy_distance(a[0].T, b[0].T) < 0.3 < energy_distance(a[0].T, b[1].T)
    paired, mixed = priming(a, b), priming(a, b.roll(1, 0))
    assert paired["nearer"] == 1.0
    assert paired["p"] < 0.001
    assert mixed["nearer"] < 0.6
    assert mixed["p"] > 0.05
    assert unlikeness(a, a, 8)["mean"] == 0.0
    assert unlikeness(2 * a, a, 8)["spread_db"] == pytest.approx(6.02, abs=0.01)


def short_plan(**changes):
    return dataclasses.replace(
        EDDY, config=SMALL, steps=30, batch=3, length=80, warm_up=2, learning_rate=1e-2, **changes
    )


def nats(net: Eddy, z: Tensor) -> float:
    """Per latent step, without the first: they come out of nothing."""
    with torch.no_grad():
        return -float(net.likelihood(z, z)[:, 8:].mean())


def test_a_course_learns_and_a_resumed_one_repeats_it(latents, tmp_path):
    nothing = np.zeros((0, 0), np.float32)
    run = EddyCourse(short_plan(), latents, "one brook")
    before = nats(run.net, latents)
    for _ in range(25):
        run.advance(nothing)
    run.save(tmp_path / "checkpoint.pt")
    terms = [run.advance(nothing)["nats"] for _ in range(5)]
    assert run.step == run.last
    assert nats(run.net, latents) < before - 0.3

    again = EddyCourse(short_plan(), latents, "one brook")
    again.load(tmp_path / "checkpoint.pt")
    assert [again.advance(nothing)["nats"] for _ in range(5)] == pytest.approx(terms, rel=1e-4)


def test_learning_is_not_resumed_on_another_brook_or_with_other_numbers(latents, tmp_path):
    run = EddyCourse(short_plan(), latents, "one brook")
    run.save(tmp_path / "checkpoint.pt")
    for other in (
        EddyCourse(short_plan(), latents, "another"),
        EddyCourse(short_plan(seed=1), latents, "one brook"),
    ):
        with pytest.raises(ValueError, match="other numbers, or on another brook"):
            other.load(tmp_path / "checkpoint.pt")

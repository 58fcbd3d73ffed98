"""Measure eddy and write its card: `python -m models.eddy.measure`.

Writes models/cards/eddy.json (the numbers), eddy.md (the card) and eddy.svg (the drawing).
All is measured on pieces and streams of a seed that training never sees.
"""

import argparse
import json
import math
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from models.as_played import HELD_OUT, through
from models.brook.grid import HISSING
from models.brook.net import Brook
from models.corpus import clip
from models.eddy.card import card
from models.eddy.events import onsets_per_s
from models.eddy.material import brook, held_out
from models.eddy.net import Eddy
from models.eddy.nn_tilde import EDDY_WEIGHTS, trained_prior
from models.eddy.picture import picture
from models.eddy.play import go_on, sound
from models.eddy.recipe import EDDY, EddyRecipe
from models.eddy.samples import autocorrelation, priming, unlikeness
from models.measure import BUNDLES, CARDS

STEPS_PER_S = 93.75
TEMPERATURES = (0.5, 1.0, 1.3)
LADDER = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
SILENT_DB = -60.0
LAGS = 188  # two seconds


def normal_nats(x: Tensor) -> float:
    """Nats per point of points x [N, 16] under the normal distribution that fits them best."""
    covariance = torch.cov(x.T.double())
    return 0.5 * float(torch.linalg.slogdet(2 * math.pi * math.e * covariance)[1])


def sized_nats(u: Tensor, sizes: int = 8, rounds: int = 60) -> float:
    """Nats per point of u [N, L] under a mixture of round normals of many sizes, found by EM."""
    far, width = u.double().square().sum(dim=1, keepdim=True), u.shape[1]
    spread = torch.quantile(far / width, torch.linspace(0.05, 0.98, sizes).double()).clamp(min=1e-4)
    weights = torch.full((sizes,), 1.0 / sizes, dtype=torch.float64)
    for _ in range(rounds):
        log = torch.log(weights) - 0.5 * (far / spread + width * torch.log(2 * math.pi * spread))
        belongs = torch.softmax(log, dim=1)
        weights = belongs.mean(dim=0)
        spread = ((belongs * far).sum(dim=0) / (width * belongs.sum(dim=0))).clamp(min=0.0025)
    return -float(torch.logsumexp(log, dim=1).mean())


def likelihoods(prior: Eddy, z: Tensor) -> dict[str, float]:
    """Nats per latent step, lower is better, of held-out latents [N, 16, T].

    The baselines are given the held-out set's own means and covariances, which flatters them.
    """
    with torch.no_grad():
        found = [prior.likelihood(row[None], row[None])[0, 1:] for row in z]
    flat, steps = z.permute(0, 2, 1), z[:, :, 1:] - z[:, :, :-1]
    with torch.no_grad():
        turned = F.conv1d(steps, prior.turn).permute(0, 2, 1).reshape(-1, prior.size)
    volume = float(torch.linalg.slogdet(prior.turn[:, :, 0])[1])
    variances = flat.reshape(-1, prior.size).double().var(dim=0)
    return {
        "eddy": -float(torch.cat(found).mean()),
        "eddy, each step's median": -float(torch.cat(found).median()),
        "normal, same means and variances": 0.5
        * float(torch.log(2 * math.pi * math.e * variances).sum()),
        "normal, same covariances": normal_nats(flat.reshape(-1, prior.size)),
        "the last latent again": normal_nats(steps.permute(0, 2, 1).reshape(-1, prior.size)),
        "the last again, steps of eight sizes": sized_nats(turned) - volume,
    }


def joins_db(net: Brook, z: Tensor) -> float:
    """The largest step where two grains of partials meet, in dBFS; see `models.brook.measure`."""
    partials, worst = net.decoder.partials, 0.0
    edges = torch.tensor([-0.5, 0.5]) * partials.grain
    for row in z:
        heads, _ = net.decoder.steer(row[None], net.decoder.init_state()[7:])
        draws = net.noise(z.shape[2], seed=0)[:, : 2 * HISSING]
        opened = net.decoder.opened(heads)
        grains, mean, _ = partials.grains(*opened, draws, partials.init_state())
        at = partials.spun(grains, mean, edges).reshape(-1, 2)
        worst = max(worst, float((at[1:, 0] - at[:-1, 1]).abs().max()))
    return 20 * math.log10(max(worst, 1e-7))


def levels_db(y: Tensor, seconds: float = 1.0) -> Tensor:
    """RMS of each second of sounds y [N, frames], in dBFS [N, seconds]."""
    frames = int(seconds * 48000)
    whole = y[:, : y.shape[1] // frames * frames].reshape(len(y), -1, frames)
    return 10 * torch.log10(whole.square().mean(dim=2) + 1e-12)


def sounding(y: Tensor) -> dict[str, float]:
    """How sounds y [N, frames] go on: level, steadiness, silence, how often something begins."""
    second = levels_db(y)
    return {
        "level_db": float(10 * torch.log10(y.square().mean())),
        "softest_second_db": float(second.min()),
        "loudest_second_db": float(second.max()),
        "level_deviation_db": float(second[second > SILENT_DB].std()),
        "silent_share": float((levels_db(y, 0.1) < SILENT_DB).double().mean()),
        "onsets_per_s": onsets_per_s(y, 48000),
    }


def running_free(net: Brook, prior: Eddy, corpus: Tensor, primes: Tensor) -> dict[str, Any]:
    """A minute by itself after each prime [N, 16, T], at each temperature."""
    rows, prompt = len(primes), primes.shape[2]
    warmth = torch.tensor(TEMPERATURES).repeat_interleave(rows)
    steps = int(60 * STEPS_PER_S)
    every = go_on(prior, primes.repeat(len(TEMPERATURES), 1, 1), steps, warmth, seed=1)
    found: dict[str, Any] = {}
    for i, temperature in enumerate(TEMPERATURES):
        z = every[i * rows : (i + 1) * rows]
        y = torch.cat([sound(net, row[None]) for row in z])
        alone = y[:, prompt * net.config.hop :]
        free = z[:, :, prompt + prior.config.fade :]
        at_edge = free.square().sum(dim=1).sqrt() > 0.999 * float(prior.reach)
        found[str(temperature)] = {
            "finite": bool(torch.isfinite(y).all()),
            **sounding(alone),
            "last_ten_db": float(levels_db(alone)[:, -10:].max(dim=1).values.min()),
            "peak": float(alone.abs().max()),
            "dc": float(alone.mean(dim=1).abs().max()),
            "joins_db": joins_db(net, z),
            "at_edge": float(at_edge.double().mean()),
            **unlikeness(free, corpus, LAGS),
            "autocorrelation_curve": autocorrelation(free, LAGS)[::4].tolist(),
        }
    return found


def variation(prior: Eddy, primes: Tensor, again: int = 4) -> list[dict[str, float]]:
    """How much varies at each temperature: from step to step, and from one run to another."""
    seconds, rows = 4, len(primes)
    table = []
    for temperature in LADDER:
        warmth = torch.full((again * rows,), temperature)
        played = go_on(
            prior, primes.repeat(again, 1, 1), int(seconds * STEPS_PER_S), warmth, seed=10
        )
        runs = played[:, :, primes.shape[2] + prior.config.fade :]
        runs = runs.reshape(again, rows, prior.size, -1)
        moved = runs[..., 1:] - runs[..., :-1]
        table.append(
            {
                "temperature": temperature,
                "step": float(moved.square().sum(dim=2).mean().sqrt()),
                "apart": float(runs.var(dim=0).sum(dim=1).mean().sqrt()),
            }
        )
    return table


def cost(prior: Eddy) -> dict[str, Any]:
    """Multiply-accumulates and numbers of the prior's step; times from both bundles' passports."""
    one, state = torch.ones(1, 1, 1), prior.init_state()
    normal, uniform = prior.draws(1, 0)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        prior.step(torch.zeros(1, prior.size, 1), one, one, normal, uniform, state)
    # The recall is written as sums of products, which the counter does not see.
    config = prior.config
    recall = config.heads * (config.key_size + config.value_size) * config.memory
    found: dict[str, Any] = {
        "macs": counter.get_total_flops() // 2 + recall,
        "learned": sum(p.numel() for p in prior.parameters()),
        "state": sum(s.numel() for s in state),
    }
    for name in ("brook", "eddy"):
        path = BUNDLES / f"{name}.ondine"
        if path.exists():
            with zipfile.ZipFile(path) as members:
                manifest = json.loads(members.read("manifest.json"))
            found[name] = {
                "megabytes": path.stat().st_size / 1e6,
                "recommended": manifest["recommended"],
                "measured": {m: manifest["measured"].get(m) for m in ("encode", "decode")},
            }
    return found


def measures(plan: EddyRecipe, net: Brook, prior: Eddy) -> dict[str, Any]:
    """All numbers of the card, except those that training wrote down."""
    z = held_out(plan, net)
    count, prompt = len(z), int(3 * STEPS_PER_S)
    rng = np.random.default_rng(4)
    at = rng.integers(z.shape[2] - 2 * prompt, size=count)
    primes = torch.stack([row[:, a : a + prompt] for row, a in zip(z, at, strict=True)])
    true = torch.stack([row[:, a + prompt : a + prompt + 94] for row, a in zip(z, at, strict=True)])
    after = go_on(prior, primes, 94, torch.ones(count), seed=2)[:, :, prompt:]
    silence = z.new_zeros(1, prior.size, prompt)
    with torch.no_grad():
        quiet, _ = net.encode(torch.zeros(1, 1, prompt * net.config.hop), net.encoder.init_state())
        silence.copy_(quiet)
    free = running_free(net, prior, z, torch.cat([primes[[0, 7]], silence]))
    shown = go_on(prior, primes[[2]], int(6 * STEPS_PER_S), torch.ones(1), seed=3)[0]
    return {
        "recipe": asdict(plan),
        "nats": likelihoods(prior, z),
        "priming": priming(primes, after),
        "true_continuation": priming(primes, true),
        "free": free,
        "pieces": sounding(torch.cat([sound(net, row[None]) for row in z[::3]])),
        "halves": unlikeness(z[::2], z[1::2], LAGS),
        "corpus_autocorrelation_curve": autocorrelation(z, LAGS)[::4].tolist(),
        "variation": variation(prior, primes[::3]),
        "cost": cost(prior),
        "shown": {"prompt": prompt, "latents": shown[:4, ::2].tolist()},
    }


def alone_on_the_box(bundle: Path) -> dict[str, float]:
    """The bundle in the engine: three seconds heard, then 20 alone; of these level, DC, peak."""
    heard, alone_s = clip(HELD_OUT, 2, 3.0), 20
    turn = len(heard)
    x = np.concatenate([heard, np.zeros(alone_s * 48000, np.float32)])
    y = torch.from_numpy(through(bundle, x, [(turn / 48000, "listen", 0.0)]))
    alone = y[None, turn:]
    return {
        **sounding(alone),
        "dc": abs(float(alone.mean())),
        "peak": float(alone.abs().max()),
        "finite": bool(torch.isfinite(y).all()),
    }


def main() -> None:
    argparse.ArgumentParser(description="Measure eddy and write its card.").parse_args()
    torch.set_num_threads(1)
    with torch.no_grad():
        found = measures(EDDY, brook(), trained_prior())
    if (bundle := BUNDLES / "eddy.ondine").exists():
        found["as_played"] = alone_on_the_box(bundle)
    found["training"] = json.loads(EDDY_WEIGHTS.with_suffix(".json").read_text())
    CARDS.mkdir(exist_ok=True)
    (CARDS / "eddy.svg").write_text(picture(found))
    del found["shown"]  # only the drawing needs it
    (CARDS / "eddy.json").write_text(json.dumps(found, indent=1) + "\n")
    (CARDS / "eddy.md").write_text(card(EDDY, found))
    print((CARDS / "eddy.md").read_text())


if __name__ == "__main__":
    main()

"""Train hail: `python -m models.drums.train [--folder SHOTS] [--minutes 25] [--resume]`.

One thread, no GPU. It writes DIR/shots.npz (the analysed corpus, in parts, so that a run that was
ended goes on there too), DIR/checkpoint.pt every few hundred steps and at the end DIR/weights.npz
and DIR/weights.json. A run that was cut and resumed gives what an uncut one gives: step n draws its
batch from the seed and n alone.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from models.checkpoint import rounded, save_weights, save_whole
from models.drums.corpus import Shots, read_own, synthesised
from models.drums.net import CLOUDS, LATENTS, Encoder, Hail, distance
from models.drums.shots import CLASSES

SAVE_EVERY = 500


@dataclass(frozen=True)
class DrumRecipe:
    """Every number that a run depends on."""

    seed: int = 0
    corpus_seed: int = 1
    shots: int = 3600
    held_out_seed: int = 2
    held_out_shots: int = 420
    steps: int = 14000
    ear_steps: int = 3000
    """After them, of the encoder alone, on shots among others as loops have them."""
    batch: int = 64
    learning_rate: float = 2e-3
    last_learning_rate: float = 2e-5
    ear_learning_rate: float = 3e-4
    spread_weight: float = 0.004
    """Of the divergence from a class's prior, per latent; it rises over the first third."""
    class_weight: float = 0.1
    unit_weight: float = 0.01
    """Pulls the classes' priors together, so that what lies between them is known too."""

    @property
    def last(self) -> int:
        """Steps in all."""
        return self.steps + self.ear_steps


RECIPE = DrumRecipe()


class Course:
    """The training at one step: advance it, save it, load it."""

    def __init__(self, plan: DrumRecipe, shots: Shots) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.step, self.seconds = plan, 0, 0.0
        self.net = Hail()
        self._features = torch.from_numpy(shots.features)
        self._numbers = torch.from_numpy(shots.numbers)
        self._among = torch.from_numpy(shots.among)
        self._kinds = torch.from_numpy(shots.kinds)
        self._optimiser = torch.optim.Adam(self.net.parameters(), lr=plan.learning_rate)
        self._teacher = Encoder()
        """What the encoder was when it had learned shots alone: what it is held to."""
        ear = self.net.encoder.parameters()
        self._ear_optimiser = torch.optim.Adam(ear, lr=plan.ear_learning_rate)

    def advance(self) -> dict[str, float]:
        """One step; returns the terms of its loss."""
        plan = self.plan
        rng = torch.Generator().manual_seed(plan.seed * 1_000_003 + self.step)
        if self.step >= plan.steps:
            if self.step == plan.steps:
                self._teacher.load_state_dict(self.net.encoder.state_dict())
            return self._train_ear(rng)
        way = self.step / plan.steps
        rate = plan.last_learning_rate + 0.5 * (plan.learning_rate - plan.last_learning_rate) * (
            1 + np.cos(np.pi * way)
        )
        for group in self._optimiser.param_groups:
            group["lr"] = float(rate)
        pick = torch.randint(len(self._kinds), (plan.batch,), generator=rng)
        features, numbers, kinds = self._features[pick], self._numbers[pick], self._kinds[pick]
        features = disturbed(features, rng)
        mean, log_variance, logits = self.net.encoder(features)
        noise = torch.randn(mean.shape, generator=rng)
        made = self.net.decode(mean + torch.exp(0.5 * log_variance) * noise)
        apart = distance(made, numbers)
        known = kinds >= 0
        weights = torch.softmax(logits, dim=1).detach()
        weights[known] = torch.nn.functional.one_hot(kinds[known], weights.shape[1]).float()
        spread = divergence(mean, log_variance, *self.net.prior(weights))
        kind = torch.zeros(())
        if known.any():
            kind = torch.nn.functional.cross_entropy(logits[known], kinds[known])
        unit = (self.net.prior_mean**2).mean() + (self.net.prior_log_variance**2).mean()
        loss = apart + min(1.0, 3 * way) * plan.spread_weight * spread
        loss = loss + plan.class_weight * kind + plan.unit_weight * unit
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        return {"apart": apart.item(), "spread": spread.item(), "class": kind.item()}

    def _train_ear(self, rng: torch.Generator) -> dict[str, float]:
        """One step of the encoder: among others a shot shall mean what it means alone."""
        plan = self.plan
        way = (self.step - plan.steps) / plan.ear_steps
        for group in self._ear_optimiser.param_groups:
            group["lr"] = float(plan.ear_learning_rate * 0.5 * (1.02 + np.cos(np.pi * way)))
        pick = torch.randint(len(self._kinds), (plan.batch,), generator=rng)
        kinds = self._kinds[pick]
        with torch.no_grad():
            wanted = self._teacher(self._features[pick])[0]
        alone, _, logits = self.net.encoder(disturbed(self._features[pick], rng))
        among, _, logits_among = self.net.encoder(disturbed(self._among[pick], rng))
        known, kind = kinds >= 0, torch.zeros(())
        if known.any():
            kind = torch.nn.functional.cross_entropy(logits_among[known], kinds[known])
            kind = kind + torch.nn.functional.cross_entropy(logits[known], kinds[known])
        away = ((alone - wanted) ** 2).mean()
        away_among = ((among - wanted) ** 2).mean()
        loss = away + 0.3 * away_among + 0.3 * kind
        self._ear_optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.encoder.parameters(), 1.0)
        self._ear_optimiser.step()
        self.step += 1
        return {"away": away.item(), "among": away_among.item(), "class": kind.item()}

    def save(self, path: Path) -> None:
        """All of it, to go on from."""
        state = {"step": self.step, "seconds": self.seconds, "net": self.net.state_dict()}
        state["optimiser"] = self._optimiser.state_dict()
        state["ear"] = self._ear_optimiser.state_dict()
        state["teacher"] = self._teacher.state_dict()
        save_whole(state, path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.step, self.seconds = state["step"], state["seconds"]
        self.net.load_state_dict(state["net"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._ear_optimiser.load_state_dict(state["ear"])
        self._teacher.load_state_dict(state["teacher"])


def disturbed(features: Tensor, rng: torch.Generator) -> Tensor:
    """As recordings would be: another equaliser, a little noise, a floor that is not silent."""
    count = len(features)
    tilt = 0.15 * torch.randn(count, 1, generator=rng)
    noise = 0.03 * torch.randn(features.shape, generator=rng)
    floor = -1.0 + 0.4 * torch.rand(count, 1, generator=rng) ** 3
    return torch.maximum(features + 0.5 * tilt * (features > -0.95) + noise, floor)


def divergence(mean: Tensor, log_variance: Tensor, at: Tensor, spread: Tensor) -> Tensor:
    """Kullback-Leibler, in nats, from N(at, spread), summed over latents, mean over the batch."""
    share = (torch.exp(log_variance) + (mean - at) ** 2) / spread**2
    return 0.5 * (share - 1.0 - log_variance + 2.0 * torch.log(spread)).sum(dim=1).mean()


@torch.no_grad()
def settle(net: Hail, shots: Shots, seed: int) -> None:
    """Find the clouds of every class among its shots: k-means (Lloyd 1957), then their spreads.

    A class without shots keeps the one cloud that training pulled it to.
    """
    means, log_variances, logits = net.encoder(torch.from_numpy(shots.features))
    kinds = torch.from_numpy(shots.kinds)
    kinds = torch.where(kinds < 0, logits.argmax(dim=1), kinds)
    rng = torch.Generator().manual_seed(seed)
    for kind in range(len(CLASSES)):
        own, blur = means[kinds == kind], log_variances[kinds == kind].exp()
        if len(own) < 2 * CLOUDS:
            own = net.prior_mean[kind] + torch.randn(256, LATENTS, generator=rng)
            blur = torch.zeros_like(own)
        centres = own[torch.randperm(len(own), generator=rng)[:CLOUDS]]
        for _ in range(30):
            nearest = torch.cdist(own, centres).argmin(dim=1)
            full = [(nearest == c).any() for c in range(CLOUDS)]
            centres = torch.stack(
                [own[nearest == c].mean(dim=0) if full[c] else own[c] for c in range(CLOUDS)]
            )
        spreads = torch.stack(
            [
                (((own - centres[c]) ** 2 + 0.5 * blur)[nearest == c].mean(dim=0)).sqrt()
                if full[c]
                else torch.full((LATENTS,), 0.1)
                for c in range(CLOUDS)
            ]
        )
        shares = torch.bincount(nearest, minlength=CLOUDS) / len(own)
        net.clouds[kind] = torch.cat([centres.flatten(), spreads.flatten(), shares])


def train(plan: DrumRecipe, shots: Shots, out: Path, minutes: float, resume: bool) -> bool:
    """Run the recipe for at most `minutes`; returns whether it came to its end."""
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    run, checkpoint = Course(plan, shots), out / "checkpoint.pt"
    if resume and checkpoint.exists():
        run.load(checkpoint)
    begun, worked, before = time.monotonic(), time.process_time(), run.seconds
    mean: dict[str, float] = {}
    while run.step < plan.last and time.monotonic() - begun < 60 * minutes:
        terms = run.advance()
        mean = {k: 0.99 * mean.get(k, v) + 0.01 * v for k, v in terms.items()}
        run.seconds = before + time.process_time() - worked
        if run.step % SAVE_EVERY == 0:
            run.save(checkpoint)
            told = "  ".join(f"{name} {value:.3f}" for name, value in mean.items())
            print(f"step {run.step} of {plan.last}, {run.seconds:.0f} s: {told}", flush=True)
    run.save(checkpoint)
    if run.step < plan.last:
        print(f"stopped at step {run.step} of {plan.last}; go on with --resume")
        return False
    settle(run.net, shots, plan.seed)
    rounded(run.net)
    save_weights(run.net, out / "weights.npz")
    record = {
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "shots": len(shots.kinds),
        "corpus": shots.source,
        "torch": torch.__version__,
    }
    (out / "weights.json").write_text(json.dumps(record, indent=1) + "\n")
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description="Train hail, the drum engine.")
    parser.add_argument("--folder", type=Path, help="learn from your own shots; see docs/drums.md")
    parser.add_argument("--minutes", type=float, default=25.0, help="stop after this long")
    parser.add_argument("--out", type=Path, default=Path("build/hail"))
    parser.add_argument("--resume", action="store_true", help="go on from DIR/checkpoint.pt")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    plan = RECIPE
    try:
        if options.folder is not None:
            shots = read_own(options.folder, lambda items: track(items, "listening"))
        else:
            shots = synthesised(
                plan.corpus_seed, plan.shots, options.out, lambda items: track(items, "making")
            )
    except ValueError as error:
        parser.error(str(error))
    train(plan, shots, options.out, options.minutes, options.resume)


if __name__ == "__main__":
    main()

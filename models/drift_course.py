"""drift's training: a lesson on tones, then sound.

A run cut and resumed gives what an uncut one gives: step n draws its batch from seed and n alone.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.axes import align_latents
from models.checkpoint import save_whole
from models.distances import loudness_db, spectral_loss
from models.drift import Drift
from models.lesson import Material, latent_terms, lesson_loss
from models.recipes import Recipe
from models.teacher import margin, tone_loss, tone_targets


def segments(clips: np.ndarray, plan: Recipe, step: int) -> Tensor:
    """The batch [B, 1, hops * hop] of a step: pieces of clips at random places and levels."""
    rng = np.random.default_rng([plan.seed, step])
    length = plan.hops * plan.config.hop
    batch = np.zeros((plan.batch, 1, length), dtype=np.float32)
    for row in batch:
        if rng.uniform() >= plan.silence:
            start = rng.integers(clips.shape[1] - length + 1)
            level = 10 ** (rng.uniform(-12, 6) / 20) * rng.choice([-1, 1])
            row[0] = clips[rng.integers(len(clips)), start : start + length] * level
    return torch.from_numpy(batch.clip(-1, 1))


def loss(net: Drift, x: Tensor, plan: Recipe, step: int) -> dict[str, Tensor]:
    """The terms of the loss on a batch x [B, 1, T]; "total" is what to minimise."""
    generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
    hop, delay = plan.config.hop, plan.config.delay
    z, _ = net.encode(x, net.encoder.init_state(x.shape[0]))
    shaken = z + plan.latent_noise * torch.randn(z.shape, generator=generator)
    shape = (x.shape[0], plan.config.bands, x.shape[2] // plan.config.bands)
    noise = torch.rand(shape, generator=generator) * 2 - 1
    state = net.decoder.init_state(x.shape[0])
    tones, bands, _, _ = net.decoder.steer(shaken, state[0], state[5:])
    y, _ = net.decoder.render(tones, bands, noise, state[1:5])

    begin = plan.context * hop
    heard = y[:, :, begin:]
    wanted = x[:, :, begin - delay : x.shape[2] - delay]
    # Timed as in `lesson.Material`; every fourth hop is enough here.
    hops = torch.arange(plan.context + 2, plan.hops - margin() // hop, 4)
    targets = tone_targets(x, (hops + 1) * hop - delay, plan.config.sample_rate)
    pitch, level = tone_loss(tones[:, :, hops], targets)
    terms = {
        "spectrum": spectral_loss(wanted, heard, plan.config.sample_rate),
        "pitch": pitch,
        "tones": level,
        "loudness": (loudness_db(wanted) - loudness_db(heard)).abs().mean(),
        **latent_terms(z[:, :, plan.context :]),
    }
    terms["total"] = (
        terms["spectrum"]
        + 0.1 * plan.pitch_weight * pitch
        + 0.1 * plan.tone_weight * level
        + plan.loudness_weight * terms["loudness"]
        + plan.spread_weight * terms["spread"]
        + plan.calm_weight * terms["calm"]
    )
    return terms


def learning_rate(step: int, plan: Recipe) -> float:
    """In either part of the training: a short rise, then half a cosine down to the last rate."""
    top, length = plan.lesson_learning_rate, plan.lesson_steps
    if step >= plan.lesson_steps:
        top, length, step = plan.learning_rate, plan.steps, step - plan.lesson_steps
    fall = 0.5 * (1 + math.cos(math.pi * min(step / length, 1.0)))
    rate = plan.last_learning_rate + (top - plan.last_learning_rate) * fall
    return rate * min(1.0, (step + 1) / plan.warm_up)


class Trainer:
    """The network, its optimiser and the step they have reached."""

    def __init__(self, plan: Recipe) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.net = Drift(plan.config)
        self.adam = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))
        self.step = 0
        self.seconds = 0.0  # of the processor, so far
        self.material: Material | None = None

    def advance(self, clips: np.ndarray) -> dict[str, float]:
        """One step of Adam; returns the terms of the loss before it."""
        if self.step < self.plan.lesson_steps:
            if self.material is None:
                self.material = Material(self.net, clips)
            return self.descend(lesson_loss(self.net, self.material, self.plan, self.step))
        self.material = None
        batch = segments(clips, self.plan, self.step)
        return self.descend(loss(self.net, batch, self.plan, self.step))

    @property
    def last(self) -> int:
        """The step at which the course is over."""
        return self.plan.lesson_steps + self.plan.steps

    def descend(self, terms: dict[str, Tensor]) -> dict[str, float]:
        """Follow the gradient of `total`; returns the terms as numbers."""
        for group in self.adam.param_groups:
            group["lr"] = learning_rate(self.step, self.plan)
        self.adam.zero_grad()
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()
        self.step += 1
        return {name: float(value.detach()) for name, value in terms.items()}

    def finish(self, clips: np.ndarray) -> None:
        """Turn the latents so that each means something."""
        align_latents(self.net, clips[:90])

    def save(self, path: Path) -> None:
        data = {
            "net": self.net.state_dict(),
            "adam": self.adam.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        save_whole(data, path)

    def load(self, path: Path) -> None:
        data = torch.load(path, weights_only=True)
        self.net.load_state_dict(data["net"])
        self.adam.load_state_dict(data["adam"])
        self.step, self.seconds = data["step"], data["seconds"]

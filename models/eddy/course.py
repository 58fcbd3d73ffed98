"""eddy's way through its training: the likelihood of each latent after those before it.

What the network looks back on is shaken a little (half the segments by up to `noise`), and it is
still asked for what really came: so it learns to find back from its own small errors, which it
hears when it plays by itself (in the manner of scheduled sampling, Bengio et al. 2015, without
running it step by step). Step n draws its batch from the seed and n alone.
"""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.checkpoint import rounded, save_whole
from models.eddy.net import Eddy, fit_steps
from models.eddy.recipe import EddyRecipe


def untrained(plan: EddyRecipe) -> Eddy:
    """The network as training begins."""
    torch.manual_seed(plan.seed)
    return Eddy(plan.config)


class EddyCourse:
    """A network on its way; `advance` takes steps on the latents given at the beginning.

    `brook` names the weights that made the latents (their sha256): no run is resumed on others.
    """

    def __init__(self, plan: EddyRecipe, latents: Tensor, brook: str) -> None:
        self._plan, self._latents, self._brook = plan, latents, brook
        self.net: Eddy = untrained(plan)
        fit_steps(self.net, latents)
        self._adam = torch.optim.Adam(self.net.parameters(), plan.learning_rate, (0.9, 0.98))
        self.step = 0
        self.seconds = 0.0

    @property
    def last(self) -> int:
        """The step at which the course is over."""
        return self._plan.steps

    def rate(self) -> float:
        """The learning rate of the next step: it rises, then falls as a cosine."""
        plan = self._plan
        way = min(self.step / max(plan.steps, 1), 1.0)
        fall = 0.5 + 0.5 * math.cos(math.pi * way)
        rate = plan.last_learning_rate + (plan.learning_rate - plan.last_learning_rate) * fall
        return rate * min(1.0, (self.step + 1) / plan.warm_up)

    def batch(self) -> tuple[Tensor, Tensor]:
        """Latents [B, 16, T] as the network sees them, and as they were."""
        plan = self._plan
        rng = np.random.default_rng([plan.seed, self.step])
        sounds, _, steps = self._latents.shape
        length = min(plan.length, steps)
        chosen = rng.integers(sounds, size=plan.batch)
        at = rng.integers(steps - length + 1, size=plan.batch)
        pieces = [self._latents[c, :, a : a + length] for c, a in zip(chosen, at, strict=True)]
        clean = torch.stack(pieces)
        size = np.maximum(rng.uniform(-1, 1, plan.batch), 0) * plan.noise
        shaken = rng.standard_normal(clean.shape, dtype=np.float32) * size[:, None, None]
        return clean + torch.from_numpy(shaken.astype(np.float32)), clean

    def advance(self, clips: np.ndarray) -> dict[str, float]:
        """One step; returns the loss before it, nats per latent step. `clips` are not looked at."""
        for group in self._adam.param_groups:
            group["lr"] = self.rate()
        loss = -self.net.likelihood(*self.batch())[:, self._plan.context :].mean()
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._adam.step()
        self.step += 1
        return {"nats": float(loss.detach())}

    def finish(self, clips: np.ndarray) -> None:
        """Round the weights to what the file holds."""
        rounded(self.net)

    def save(self, path: Path) -> None:
        """All that going on needs, written whole or not at all."""
        data = {
            "net": self.net.state_dict(),
            "adam": self._adam.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "made_from": self._made_from(),
        }
        save_whole(data, path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote; raises ValueError if it was another recipe's or brook's."""
        data = torch.load(path, weights_only=True)
        if data["made_from"] != self._made_from():
            raise ValueError(
                f"{path} was written by a run with other numbers, or on another brook; train "
                "without --resume, or into another folder"
            )
        self.net.load_state_dict(data["net"])
        self._adam.load_state_dict(data["adam"])
        self.step, self.seconds = int(data["step"]), float(data["seconds"])

    def _made_from(self) -> str:
        return f"{asdict(self._plan)!r} {self._brook}"

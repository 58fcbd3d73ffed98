"""brook's training: a lesson on partials, then sound, then an adversary listens, too.

At the end sound and lesson together, on more clips and on tones of any pitch.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.brook.axes import align_latents
from models.brook.level import bring_to_level
from models.brook.listener import Listener, fooling, likeness, telling_apart
from models.brook.material import Batch, Material, joined
from models.brook.net import Brook
from models.brook.plain import plain_tones
from models.brook.recipe import BrookRecipe, Stage
from models.brook.teacher import Targets, teaching
from models.checkpoint import rounded, save_whole
from models.distances import loudness_db, spectral_loss
from models.lesson import latent_terms


def learning_rate(at: int, stage: Stage, plan: BrookRecipe) -> float:
    """At a stage's step `at`: a short rise and half a cosine down, which stages may share."""
    at += stage.fallen
    fall = 0.5 * (1 + math.cos(math.pi * min(at / stage.fall, 1.0)))
    rate = plan.last_learning_rate + (stage.rate - plan.last_learning_rate) * fall
    return rate * min(1.0, (at + 1) / plan.warm_up)


def lesson_terms(
    heads: list[Tensor], z: Tensor, wanted: Targets, plan: BrookRecipe
) -> dict[str, Tensor]:
    """The lesson's terms for what a decoder steered and its latents; "lesson" sums them up."""
    begin = plan.context
    late = Targets(*(t[:, :, begin:] for t in vars(wanted).values()))
    terms = teaching([head[:, :, begin:] for head in heads], late)
    terms["lesson"] = (
        plan.pitch_weight * terms["pitch"]
        + plan.tone_weight * terms["tones"]
        + plan.hiss_weight * terms["hiss"]
        + plan.bend_weight * terms["bend"]
        + plan.noise_weight * terms["noise"]
    )
    terms |= latent_terms(z[:, :, begin:])
    terms["latents"] = plan.spread_weight * terms["spread"] + plan.calm_weight * terms["calm"]
    return terms


class BrookCourse:
    """The network, its optimisers and the step they have reached."""

    def __init__(self, plan: BrookRecipe, tell: Callable[[int], None] = lambda _: None) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.net = Brook(plan.config)
        self.adam = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))
        self.listener = Listener()
        self.ears = torch.optim.Adam(self.listener.parameters(), lr=5e-4, betas=(0.5, 0.9))
        self.step = 0
        self.seconds = 0.0  # of the processor, so far
        self.tell = tell
        self.material: Material | None = None
        self.plain: Material | None = None

    @property
    def last(self) -> int:
        """The step at which the course is over."""
        return sum(stage.steps for stage in self.plan.stages)

    def stage(self) -> tuple[Stage, int]:
        """The stage of the next step, and its number within it."""
        at = self.step
        for stage in self.plan.stages:
            if at < stage.steps:
                return stage, at
            at -= stage.steps
        return self.plan.stages[-1], self.plan.stages[-1].steps

    def advance(self, clips: np.ndarray) -> dict[str, float]:
        """One step; returns the terms of the loss before it."""
        if self.material is None:
            self.material = Material(self.net, clips, self.tell)
        plan = self.plan
        stage, at = self.stage()
        wide = stage.kind == "wider"
        among = None if wide else plan.first_clips
        if stage.kind == "lesson":
            size = plan.lesson_batch, plan.lesson_hops
            terms = self.lesson(self.material.draw(plan, self.step, *size, False, among))
        else:
            batch = self.material.draw(plan, self.step, plan.batch, plan.hops, True, among)
            terms = self.sound(batch, stage)
        if wide:
            beside = self.lesson(self.wide_batch(self.material))
            terms["beside"] = beside["lesson"]
            terms["total"] = terms["total"] + plan.wider_lesson_share * beside["total"]
        for group in self.adam.param_groups:
            group["lr"] = learning_rate(at, stage, plan)
        self.adam.zero_grad()
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()
        self.step += 1
        return {name: float(value.detach()) for name, value in terms.items()}

    def wide_batch(self, material: Material) -> Batch:
        """The lesson of the wider stage: any clips, and some plain tones."""
        plan, size = self.plan, self.plan.lesson_batch
        if self.plain is None:
            self.plain = Material(self.net, plain_tones(plan.corpus_seed, plan.plain_clips))
        few = round(plan.plain_share * size)
        number = self.last + self.step  # another than of the sound beside it: other clips
        main = material.draw(plan, number, size - few, plan.lesson_hops, False)
        return joined(main, self.plain.draw(plan, number, few, plan.lesson_hops, False))

    def steer(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """Latents of a batch, and what the decoder does with them when they are shaken a little."""
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        coding, playing = (
            m.init_state(batch.powers.shape[0]) for m in (self.net.encoder, self.net.decoder)
        )
        z, _ = self.net.encoder.code(batch.powers, batch.turns, coding[3:])
        shaken = z + self.plan.latent_noise * torch.randn(z.shape, generator=generator)
        heads, _ = self.net.decoder.steer(shaken, playing[7:])
        return z, heads

    def lesson(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of a step without sound; "total" is what to minimise."""
        z, heads = self.steer(batch)
        terms = lesson_terms(heads, z, batch.wanted, self.plan)
        return {**terms, "total": terms["lesson"] + terms["latents"]}

    def sound(self, batch: Batch, stage: Stage) -> dict[str, Tensor]:
        """The terms of a step with sound."""
        plan, x = self.plan, batch.sound
        wide = stage.kind == "wider"
        loudness_weight = plan.wider_loudness_weight if wide else plan.loudness_weight
        assert x is not None
        z, heads = self.steer(batch)
        terms = lesson_terms(heads, z, batch.wanted, plan)
        # Only the lesson teaches frequency: through a spectrum its gradient is nearly noise.
        tied = [heads[0], heads[1].detach(), *heads[2:]]
        noise = self.net.noise(z.shape[2], len(z), seed=plan.seed * 1_000_003 + self.step)
        y, _ = self.net.decoder.render(tied, noise, self.net.decoder.init_state(len(z))[:7])
        begin, delay = plan.context * plan.config.hop, plan.config.delay
        heard, wanted = y[:, :, begin:], x[:, :, begin - delay : x.shape[2] - delay]
        terms["spectrum"] = spectral_loss(wanted, heard, plan.config.sample_rate)
        terms["loudness"] = (loudness_db(wanted) - loudness_db(heard)).abs().mean()
        terms["total"] = (
            terms["spectrum"]
            + loudness_weight * terms["loudness"]
            + plan.lesson_share * terms["lesson"]
            + terms["latents"]
        )
        if stage.kind == "adversary":
            terms |= self.listen(wanted, heard)
            terms["total"] = (
                terms["total"]
                + plan.likeness_weight * terms["likeness"]
                + plan.fooling_weight * terms["fooling"]
            )
        return terms

    def listen(self, wanted: Tensor, heard: Tensor) -> dict[str, Tensor]:
        """Teach the listener by one step, and say what it then makes of the sound."""
        apart = telling_apart(self.listener(wanted), self.listener(heard.detach()))
        self.ears.zero_grad()
        apart.backward()
        self.ears.step()
        with torch.no_grad():
            real = self.listener(wanted)
        made = self.listener(heard)
        return {
            "apart": apart.detach(),
            "likeness": likeness(real, made),
            "fooling": fooling(made),
        }

    def finish(self, clips: np.ndarray) -> None:
        """Order the latents, bring the output to level and round the weights for the disk."""
        align_latents(self.net, clips[:45])
        bring_to_level(self.net, clips[:90])
        rounded(self.net)

    def save(self, path: Path) -> None:
        """Write all that going on needs; a cut during writing leaves the older file whole."""
        data = {
            "net": self.net.state_dict(),
            "adam": self.adam.state_dict(),
            "listener": self.listener.state_dict(),
            "ears": self.ears.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        save_whole(data, path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        data = torch.load(path, weights_only=True)
        self.net.load_state_dict(data["net"])
        self.adam.load_state_dict(data["adam"])
        self.listener.load_state_dict(data["listener"])
        self.ears.load_state_dict(data["ears"])
        self.step, self.seconds = data["step"], data["seconds"]

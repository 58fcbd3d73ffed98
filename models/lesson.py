"""The first part of training: from what the filters hear to the tones that should sound.

No audio is made here, so a step costs a tenth of one on sound. What the fixed filters hear and what
the teacher wants are worked out once for the whole corpus.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.drift import Drift
from models.recipes import Recipe
from models.teacher import margin, tone_loss, tone_targets


class Material:
    """Heard features [clips, 192, hops] and wanted amplitudes [clips, 128, hops] of a corpus."""

    def __init__(self, net: Drift, clips: np.ndarray) -> None:
        hop, delay = net.config.hop, net.config.delay
        hops = clips.shape[1] // hop
        edge = margin() + delay
        # Hop n sounds most around the end of block n; there it plays what came in `delay` before.
        centres = (torch.arange(hops) + 1) * hop - delay + edge
        heard, wanted = [], []
        with torch.no_grad():
            for clip in clips:
                x = torch.from_numpy(clip[: hops * hop])[None, None]
                heard.append(net.encoder.listen(x, net.encoder.init_state()[:3])[0][0])
                around = F.pad(x, (edge, edge))
                wanted.append(tone_targets(around, centres, net.config.sample_rate)[0])
        self.heard, self.wanted = torch.stack(heard), torch.stack(wanted)

    def draw(self, plan: Recipe, step: int) -> tuple[Tensor, Tensor]:
        """The batch of a step: [B, 192, lesson_hops] and [B, 128, lesson_hops]."""
        rng = np.random.default_rng([plan.seed, step])
        last = self.heard.shape[2] - plan.lesson_hops
        places = [
            (int(rng.integers(len(self.heard))), int(rng.integers(last + 1)))
            for _ in range(plan.lesson_batch)
        ]
        heard = [self.heard[i, :, at : at + plan.lesson_hops] for i, at in places]
        wanted = [self.wanted[i, :, at : at + plan.lesson_hops] for i, at in places]
        return torch.stack(heard), torch.stack(wanted)


def latent_terms(z: Tensor) -> dict[str, Tensor]:
    """The pulls on latents z [B, L, N]: to mean 0 and variance 1, and to slow movement."""
    mean, variance = z.mean(dim=(0, 2)), z.var(dim=(0, 2)) + 1e-6
    return {
        "spread": 0.5 * (mean.square() + variance - variance.log() - 1).sum(),
        "calm": (z[:, :, 1:] - z[:, :, :-1]).square().mean(),
    }


def lesson_loss(net: Drift, material: Material, plan: Recipe, step: int) -> dict[str, Tensor]:
    """The terms of the loss of a step; "total" is what to minimise."""
    generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
    heard, wanted = material.draw(plan, step)
    coding, playing = (m.init_state(len(heard)) for m in (net.encoder, net.decoder))
    z, _ = net.encoder.code(heard, coding[3:])
    shaken = z + plan.latent_noise * torch.randn(z.shape, generator=generator)
    logits, _, _, _ = net.decoder.steer(shaken, playing[0], playing[5:])
    begin = plan.context
    pitch, level = tone_loss(logits[:, :, begin:], wanted[:, :, begin:])
    terms = {"pitch": pitch, "tones": level, **latent_terms(z[:, :, begin:])}
    terms["total"] = (
        plan.pitch_weight * pitch
        + plan.tone_weight * level
        + plan.spread_weight * terms["spread"]
        + plan.calm_weight * terms["calm"]
    )
    return terms

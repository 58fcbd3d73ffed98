"""brook's training recipe: every number that a run depends on."""

from dataclasses import dataclass, field

from models.brook.net import BrookConfig


@dataclass(frozen=True)
class BrookRecipe:
    """One training; the same recipe on the same torch gives the same weights."""

    config: BrookConfig = field(default_factory=BrookConfig)
    lesson_steps: int = 5000  # optimiser steps on partials alone, which makes no sound
    sound_steps: int = 2400  # then on sound
    listener_steps: int = 700  # then on sound with an adversary listening
    corpus_seed: int = 1
    corpus_clips: int = 480  # of 4 s each: 32 minutes
    held_out_seed: int = 2  # clips the training never sees
    held_out_clips: int = 36
    seed: int = 0  # of the weights and the batches
    lesson_batch: int = 12
    lesson_hops: int = 96  # per segment
    batch: int = 6
    hops: int = 64
    context: int = 16  # hops at the start of a segment which only fill the memories
    warm_up: int = 50  # steps until the learning rate is reached
    lesson_learning_rate: float = 2e-3
    learning_rate: float = 6e-4
    last_learning_rate: float = 3e-5
    latent_noise: float = 0.03  # added to the latents, of size about 1: no fine print between them
    pitch_weight: float = 1.0
    tone_weight: float = 3.0
    hiss_weight: float = 2.0
    bend_weight: float = 2.0
    noise_weight: float = 1.0
    spread_weight: float = 0.005  # of the pull towards mean 0 and variance 1
    calm_weight: float = 0.02  # of the pull towards slow latents
    lesson_share: float = 0.2  # of the lesson's terms, while training on sound
    loudness_weight: float = 0.05  # per dB
    likeness_weight: float = 2.0  # of feature matching
    fooling_weight: float = 0.1  # of the adversarial term
    silence: float = 0.05  # share of segments without any sound
    latent_labels: tuple[str, ...] = tuple(f"latent {i + 1}" for i in range(16))

"""brook's training recipe: every number that a run depends on."""

from dataclasses import dataclass, field

from models.brook.net import BrookConfig


@dataclass(frozen=True)
class Stage:
    """A part of the training."""

    kind: str  # "lesson": on partials alone, which makes no sound; "sound"; "adversary" beside it;
    # "wider": sound and a lesson in one step, on all clips and on plain tones
    steps: int  # of the optimiser
    rate: float  # the learning rate after a short rise
    fall: int  # steps of half a cosine from there down
    fallen: int = 0  # of these, what the stage before took


STAGES = (
    Stage("lesson", 5000, rate=2e-3, fall=5000),
    Stage("sound", 2400, rate=6e-4, fall=3100),
    Stage("adversary", 700, rate=6e-4, fall=3100, fallen=2400),
    Stage("wider", 1200, rate=3e-4, fall=1200),
)


@dataclass(frozen=True)
class BrookRecipe:
    """One training; the same recipe on the same torch gives the same weights."""

    config: BrookConfig = field(default_factory=BrookConfig)
    stages: tuple[Stage, ...] = STAGES
    corpus_seed: int = 1
    corpus_clips: int = 1200  # of 4 s each: 80 minutes
    first_clips: int = 480  # of them that all stages hear but the wider one
    plain_clips: int = 144  # of plain tones, for the wider stage's lesson
    plain_share: float = 0.17  # of that lesson's segments
    held_out_seed: int = 2  # clips the training never sees
    held_out_clips: int = 36
    seed: int = 0  # of the weights and the batches
    lesson_batch: int = 12
    lesson_hops: int = 96  # per segment
    batch: int = 6
    hops: int = 64
    context: int = 16  # hops at the start of a segment which only fill the memories
    warm_up: int = 50  # steps until the learning rate of a fall is reached
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
    wider_loudness_weight: float = 0.1  # the same, in the wider stage
    wider_lesson_share: float = 0.3  # of the lesson beside it, the same
    likeness_weight: float = 2.0  # of feature matching
    fooling_weight: float = 0.1  # of the adversarial term
    silence: float = 0.05  # share of segments without any sound
    latent_labels: tuple[str, ...] = tuple(f"latent {i + 1}" for i in range(16))

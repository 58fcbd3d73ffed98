"""eddy's numbers: the sizes of its network, its two knobs, and all that a training depends on."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EddyConfig:
    """Sizes; the defaults are the shipped instrument. A step is a latent step of brook's."""

    latent_size: int = 16
    channels: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)  # steps
    heads: int = 2  # of the recall
    key_size: int = 24
    value_size: int = 32
    memory: int = 320  # steps that the recall looks back: 3.4 s
    hidden: int = 128
    mixtures: int = 8
    smallest_spread: float = 0.05  # of a mixture's part, in units of a usual step
    fade: int = 12  # steps from heard to continued and back: 128 ms


@dataclass(frozen=True)
class Knob:
    """A parameter of the instrument, as the manifest has it."""

    id: str
    label: str
    minimum: float
    maximum: float
    default: float


LISTEN = Knob("listen", "listen (1) or continue (0)", 0.0, 1.0, 1.0)
TEMPERATURE = Knob("temperature", "temperature", 0.0, 1.5, 1.0)
KNOBS = (LISTEN, TEMPERATURE)


@dataclass(frozen=True)
class EddyRecipe:
    """One training; the same recipe on the same torch and brook gives the same weights."""

    config: EddyConfig = field(default_factory=EddyConfig)
    steps: int = 1600
    corpus_seed: int = 1
    pieces: int = 72  # composed, of `piece_s` each
    streams: int = 24  # clips of models/corpus.py one after the other, as long as a piece
    piece_s: float = 24.0
    held_out_seed: int = 2  # what the training never sees
    held_out_pieces: int = 18
    held_out_streams: int = 6
    seed: int = 0  # of the weights and the batches
    batch: int = 8
    length: int = 512  # steps of a segment
    context: int = 8  # of them that only fill the memories
    noise: float = 0.08  # the most that a batch's past is shaken by, see `course`
    warm_up: int = 30
    learning_rate: float = 2.5e-3
    last_learning_rate: float = 5e-5


EDDY = EddyRecipe()

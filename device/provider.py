"""What computes a model: onnxruntime's execution providers, by the names that a profile has.

    tensorrt ──► cuda ──► cpu     from what is asked for downwards, the first that is installed

Nothing is imported here, and what is installed is passed in: control asks, too, and does without
onnxruntime.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Name = Literal["cpu", "cuda", "tensorrt"]

LADDER: tuple[Name, ...] = ("tensorrt", "cuda", "cpu")
"""Best first. Each can do what the one before it cannot."""
EXECUTION: Mapping[Name, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""What onnxruntime calls them."""
WORDS: Mapping[Name, str] = {"tensorrt": "TensorRT", "cuda": "CUDA", "cpu": "the processor"}


@dataclass(frozen=True)
class Provider:
    """One way to compute a model. `fp16` and `engines` are TensorRT's."""

    name: Name = "cpu"
    fp16: bool = False
    """Whether it may compute with half the digits: faster, and not quite the same sound."""
    engines: Path | None = None
    """A folder for what it builds, which takes minutes; None: it is built at every start."""
    why: str = ""
    """Why it is not what was asked for; '' if it is."""

    @property
    def key(self) -> str:
        """What it is kept apart by: what was built and tried for one is nothing to another."""
        return f"{self.name}-fp16" if self.name == "tensorrt" and self.fp16 else self.name


CPU = Provider()


def in_words(provider: Provider, computes: Name) -> str:
    """What computes and, if it is not what was asked for, why; '' for a plain processor."""
    why = provider.why
    if computes != provider.name:
        why = f"{WORDS[provider.name]} does not work here any more"
    if computes == "cpu" and not why:
        return ""
    return f"{WORDS[computes]}: {why}" if why else WORDS[computes]


def choose_provider(asked: Name, installed: Collection[str]) -> tuple[Name, str]:
    """The best that is installed, of what is asked for and what stands below it.

    `installed` are onnxruntime's names. Returns a sentence, too: why it is not what was asked for.
    """
    below = LADDER[LADDER.index(asked) :]
    there = [name for name in below if name == "cpu" or EXECUTION[name] in installed]
    if there[0] == asked:
        return asked, ""
    lacking = " and ".join(WORDS[name] for name in below[: below.index(there[0])])
    are = "are" if " and " in lacking else "is"
    return there[0], f"{lacking} {are} not installed here"


def session_providers(
    provider: Provider, installed: Collection[str]
) -> list[tuple[str, dict[str, object]]]:
    """What a session is given: the provider and all below it, as no one of them can do everything.

    What is not installed is left out.
    """
    options: dict[Name, dict[str, object]] = {"tensorrt": {"trt_fp16_enable": provider.fp16}}
    if provider.engines is not None:
        folder = str(provider.engines)
        options["tensorrt"] |= {
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": folder,
            "trt_timing_cache_enable": True,
            "trt_timing_cache_path": folder,
        }
    below = LADDER[LADDER.index(provider.name) :]
    return [
        (EXECUTION[name], options.get(name, {}))
        for name in below
        if name == "cpu" or EXECUTION[name] in installed
    ]

"""Decide what of a model becomes a bundle: its kind, its methods, its block."""

import math
from dataclasses import dataclass

from convert.lift import check_block
from convert.model_file import ModelFile, Signature
from device.errors import ConvertError
from device.manifest import Kind

_SMALLEST_BLOCK = 256


@dataclass(frozen=True)
class Plan:
    """What will be converted. `left_out` says of every other method why not."""

    kind: Kind
    methods: tuple[str, ...]
    block_frames: int
    hop_frames: int
    channels_in: int
    channels_out: int
    latent_size: int
    left_out: dict[str, str]


def make_plan(model: ModelFile, block_frames: int | None) -> Plan:
    """Choose methods and block; the block is the smallest allowed from 256 frames up by default.

    Raises:
        ConvertError: if no method makes sound, or the block is not allowed.
    """
    methods = model.methods
    left_out: dict[str, str] = {}
    if {"encode", "decode"} <= methods.keys():
        kind: Kind = "autoencoder"
        chosen: tuple[str, ...] = ("encode", "decode")
        left_out |= {"forward": "encode and decode do the same, with the latents between"}
        left_out |= {"prior": "not yet: priors come with the instruments that play by themselves"}
    elif "decode" in methods:
        kind, chosen = "decoder", ("decode",)
    else:
        kind, chosen = "effect", tuple(methods)
    left_out = {
        name: left_out.get(name, "not part of what an instrument plays")
        for name in methods
        if name not in chosen
    }
    first, last = methods[chosen[0]], methods[chosen[-1]]
    if kind == "effect":
        first = last = _sounding(model, methods)
        # The engine plays the first method that takes sound and gives sound.
        main = next(n for n in chosen if methods[n] is first)
        chosen = (main, *(n for n in chosen if n != main))
    hop = math.lcm(*(methods[name].ratio for name in chosen))
    block = hop * -(-_SMALLEST_BLOCK // hop) if block_frames is None else block_frames
    for name in chosen:
        check_block(hop, block, name)
    return Plan(
        kind=kind, methods=chosen, block_frames=block, hop_frames=hop,
        channels_in=0 if kind == "decoder" else first.in_channels,
        channels_out=last.out_channels,
        latent_size=0 if kind == "effect" else methods["decode"].in_channels,
        left_out=left_out,
    )  # fmt: skip


def _sounding(model: ModelFile, methods: dict[str, Signature]) -> Signature:
    for signature in methods.values():
        if signature.in_ratio == signature.out_ratio == 1:
            return signature
    raise ConvertError(
        f"{model.path} has {', '.join(methods)}, of which none makes sound: an instrument needs "
        "`decode`, `encode` and `decode`, or a method from sound to sound."
    )

"""Attributes that stay knobs: what nn~ sets by name becomes a parameter of the bundle.

Recording freezes a plain number. An attribute is kept turnable if the module holds it as a buffer
of one float (shape [1]) of the attribute's name, and says its range as `NAME_range = [low, high]`;
`NAME_label`, `NAME_unit` and `NAME_warp` ("linear", "exponential") may say more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from convert.model_file import ModelFile
from convert.record import Buffer, buffers_of
from device.engine.step import Step
from device.errors import ConvertError
from device.manifest import FIXED_IDS, LATENT_PREFIXES, MAX_PARAMETERS, Parameter

_TAKEN = ("cached_", "new_cached_", "noise_", *LATENT_PREFIXES)
_NAMES = ("audio", "latent", "output", *FIXED_IDS)


@dataclass(frozen=True)
class Knob:
    """An attribute that stays turnable: its buffer, and what the manifest says of it."""

    buffer: Buffer
    parameter: Parameter


def knobs_of(model: ModelFile) -> tuple[Knob, ...]:
    """The attributes that can be turned, in the file's order.

    Raises:
        ConvertError: if there are more than a bundle holds, or one has an impossible range, warp
            or name.
    """
    buffers = {buffer.name: buffer for buffer in buffers_of(model.module)}
    found = []
    for name in model.attributes:
        limits = getattr(model.module, f"{name}_range", None)
        held = buffers.get(name)
        if limits is None or held is None or held.get().shape != (1,):
            continue
        if not held.get().is_floating_point():
            continue
        found.append(Knob(held, _parameter(model, name, held, limits)))
    if len(found) > MAX_PARAMETERS:
        raise ConvertError(
            f"{model.path} has {len(found)} attributes with a range; a bundle holds "
            f"{MAX_PARAMETERS} parameters. Export it with fewer."
        )
    return tuple(found)


def _parameter(model: ModelFile, name: str, held: Buffer, limits: object) -> Parameter:
    whose = f"the attribute `{name}` of {model.path}"
    if name in _NAMES or name.startswith(_TAKEN):
        raise ConvertError(f"{whose} has a name that Ondine uses itself. Give it another.")
    if not isinstance(limits, (list, tuple)) or len(limits) != 2:
        raise ConvertError(f"{whose} has a range {limits!r}; a range is two numbers, [low, high].")
    low, high = map(float, limits)
    default = float(held.get())
    warp: Literal["linear", "exponential"] = getattr(model.module, f"{name}_warp", "linear")
    if warp not in ("linear", "exponential"):
        raise ConvertError(f"{whose} has the warp {warp!r}; it can be linear or exponential.")
    # A float32 near an end of its range must not fall out of it.
    default = min(max(default, low), high) if np.isclose(default, [low, high]).any() else default
    if not low < high or not low <= default <= high or (warp == "exponential" and low <= 0):
        raise ConvertError(
            f"{whose} is {default:g} in a range of {low:g} to {high:g}, {warp}; it has to lie "
            "within, and an exponential range begins above 0."
        )
    label = str(getattr(model.module, f"{name}_label", name))
    unit = str(getattr(model.module, f"{name}_unit", ""))
    return Parameter(name, label, low, high, default, warp, unit)


def defaults(knobs: Sequence[Knob]) -> list[float]:
    """Every knob as the file has it."""
    return [knob.parameter.default for knob in knobs]


def anywhere(knobs: Sequence[Knob], seed: int) -> list[float]:
    """Every knob somewhere in its range."""
    rng = np.random.default_rng(seed)
    found = []
    for p in (knob.parameter for knob in knobs):
        way = float(rng.uniform())
        bent = p.warp == "exponential"
        value = p.minimum * (p.maximum / p.minimum) ** way if bent else 0.0
        found.append(value if bent else p.minimum + way * (p.maximum - p.minimum))
    return found


def turn(knobs: Sequence[Knob], values: Sequence[float], step: Step | None = None) -> None:
    """Set the knobs of the model itself, or of a step made from it."""
    for knob, value in zip(knobs, values, strict=True):
        if step is None:
            knob.buffer.set(torch.full((1,), value))
        else:
            step.inputs[knob.parameter.id].fill(value)

"""A timeline as lanes: one for each parameter that moves; those that move alike share one."""

from collections.abc import Mapping, Sequence

import numpy as np

from device.control.timeline import Event, Timeline
from device.params import SLOTS, ParamSpec
from models.demos.shown import Lane

_STEP_S = 0.01


def lanes(
    events: Sequence[Event], specs: Mapping[str, ParamSpec], seconds: float
) -> tuple[Lane, ...]:
    """The lanes of `events`, in the order in which their parameters first appear."""
    times_s = np.arange(0.0, seconds, _STEP_S)
    timeline, values = Timeline(events, specs), np.zeros(SLOTS, np.float32)
    moved = list(dict.fromkeys(event.param for event in events))
    for id in moved:
        values[specs[id].slot] = specs[id].default
    curves = np.zeros((len(times_s), len(moved)))
    for row, time_s in zip(curves, times_s, strict=True):
        timeline.values_at(float(time_s), values)
        row[:] = [values[specs[id].slot] for id in moved]
    alike: dict[bytes, list[str]] = {}
    for id, curve in zip(moved, curves.T, strict=True):
        alike.setdefault(curve.tobytes(), []).append(id)
    return tuple(_lane(ids, np.frombuffer(curve), times_s, specs) for curve, ids in alike.items())


def _lane(
    ids: list[str], curve: np.ndarray, times_s: np.ndarray, specs: Mapping[str, ParamSpec]
) -> Lane:
    low, high = float(curve.min()), float(curve.max())
    ends = f"{low:.3g}" if low == high else f"{low:.3g} .. {high:.3g}"
    return Lane(
        ids[0] if len(ids) == 1 else f"{ids[0]} … {ids[-1].rsplit('_', 1)[-1]}",
        times_s,
        (curve - low) / max(high - low, 1e-9),
        f"{ends} {specs[ids[0]].unit}".rstrip(),
    )

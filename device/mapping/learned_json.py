"""A learned map in a scene: JSON, read back strictly. What could be undone is not kept.

A trained network is kept with it, as base64 of little-endian float32: a scene must play at once as
it was left, not after another training.
"""

import base64
import binascii
import dataclasses
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from device.from_json import build
from device.mapping.dataset import Dataset
from device.mapping.dataset_json import decode_dataset, encode_dataset, is_row, refuse
from device.mapping.learned import Choices, LearnedMap, of
from device.mapping.network import Network
from device.mapping.scaling import Scaling

FORMAT = 1
MAX_LAYERS = 4
MAX_WIDTH = 256


@dataclass(frozen=True)
class _StoredLayer:
    rows: int
    cols: int
    weights: str
    bias: str


@dataclass(frozen=True)
class _StoredNetwork:
    knows: Literal["present", "earlier"]
    """whether it was trained on the pairs as they stand"""
    offset: Any
    factor: Any
    low: Any
    high: Any
    layers: tuple[_StoredLayer, ...]


@dataclass(frozen=True)
class _Stored:
    format: Literal[1]
    dataset: Any
    choices: Choices = field(default_factory=Choices)
    disabled: tuple[str, ...] = ()
    network: _StoredNetwork | None = None


def encode(map: LearnedMap) -> dict[str, Any]:
    """The map as what `json.dumps` takes."""
    stored: dict[str, Any] = {
        "format": FORMAT,
        "dataset": encode_dataset(map.dataset),
        "choices": dataclasses.asdict(map.choices),
        "disabled": sorted(map.disabled),
        "network": None,
    }
    if map.network is not None:
        scaling = map.network.scaling
        stored["network"] = {
            "knows": "present" if map.taught == map.dataset else "earlier",
            **{name: getattr(scaling, name).tolist() for name in _SCALING},
            "layers": [
                {
                    "rows": len(weights),
                    "cols": len(bias),
                    "weights": _text(weights),
                    "bias": _text(bias),
                }
                for weights, bias in map.network.layers
            ],
        }
    return stored


def decode(raw: Any) -> LearnedMap:
    """The map of parsed JSON, fitted.

    Raises:
        ControlError: naming everything that is missing, unknown, of a wrong type or impossible.
    """
    problems: list[str] = []
    stored = build(_Stored, raw, "learned map", problems)
    if not problems:
        problems += stored.choices.problems()
    refuse(problems, "the learned map")
    dataset = decode_dataset(stored.dataset)
    network = None
    if stored.network is not None:
        network = _network(stored.network, dataset, problems)
    problems += [
        f"disabled has {name[:64]!r}, which is none of its targets"
        for name in stored.disabled
        if name not in dataset.targets
    ]
    refuse(problems, "the learned map")
    map = of(dataset, stored.choices)
    taught = dataset if network and stored.network.knows == "present" else None
    map = replace(map, disabled=frozenset(stored.disabled), network=network, taught=taught)
    return map if network is None else map.choose(stored.choices, None, 0.0)


_SCALING = tuple(f.name for f in dataclasses.fields(Scaling))


def _network(stored: _StoredNetwork, dataset: Dataset, problems: list[str]) -> Network | None:
    rows = [getattr(stored, name) for name in _SCALING]
    for name, row in zip(_SCALING, rows, strict=True):
        if not is_row(row) or len(row) != len(dataset.inputs):
            problems.append(f"network.{name} is not a number for each of its inputs")
    if not 1 <= len(stored.layers) <= MAX_LAYERS:
        problems.append(f"network has {len(stored.layers)} layers, not 1 to {MAX_LAYERS}")
    layers = []
    size = len(dataset.inputs)
    for i, layer in enumerate(stored.layers[:MAX_LAYERS]):
        if layer.rows != size or not 1 <= layer.cols <= MAX_WIDTH:
            problems.append(
                f"network.layers[{i}] is {layer.rows} by {layer.cols}; it must take the {size} "
                f"values before it and give 1 to {MAX_WIDTH}"
            )
            break
        weights = _numbers(layer.weights, layer.rows * layer.cols)
        bias = _numbers(layer.bias, layer.cols)
        if weights is None or bias is None:
            problems.append(f"network.layers[{i}] is not base64 of as many finite numbers")
            break
        layers.append((weights.reshape(layer.rows, layer.cols), bias))
        size = layer.cols
    if not problems and size != len(dataset.targets):
        problems.append(f"network gives {size} values for {len(dataset.targets)} targets")
    if problems:
        return None
    return Network(Scaling(*(np.array(row, float) for row in rows)), tuple(layers))


def _text(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode()


def _numbers(text: str, count: int) -> np.ndarray | None:
    """`count` finite float32, or None where the text does not hold just these."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) != 4 * count:
        return None
    numbers = np.frombuffer(data, "<f4").astype(np.float32)
    # Beyond this no training goes, and a product of such would not be finite.
    return numbers if np.isfinite(numbers).all() and np.abs(numbers).max() < 1e6 else None

"""Datasets from and for FluCoMa (Tremblay, Roma and Green, "Enabling programmatic data mining as
musicking: the Fluid Corpus Manipulation toolkit", Computer Music Journal 45, 2021).

There a map is learned from two DataSets whose points have the same ids, or from a DataSet and a
LabelSet. Both are JSON objects of one shape:

    DataSet   {"cols": 2, "data": {"0": [0.1, 0.7], "1": [0.9, 0.2]}}
    LabelSet  {"cols": 1, "data": {"0": ["dark"], "1": ["bright"]}}

Its columns have no names, so those are given here; weights and trajectories do not exist there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from device.errors import ControlError
from device.mapping.dataset import (
    LARGEST_POSE,
    MAX_NAME,
    MAX_PAIRS,
    MAX_TARGETS,
    Dataset,
    row_problem,
)
from device.mapping.dataset_json import is_row, parse_json, refuse

Points = dict[str, list[Any]]


@dataclass(frozen=True)
class Imported:
    """The pairs of two files, and the ids that only one of them has."""

    dataset: Dataset
    left_out: tuple[str, ...]


def import_pairs(
    poses: bytes,
    targets: bytes,
    inputs: Sequence[str],
    names: Sequence[str],
    scale_targets: bool = False,
) -> Imported:
    """Two DataSet files as a dataset of `inputs` to targets `names`, matched by id.

    Targets are raw 0..1. Where the file has others, `scale_targets` brings each column's least to 0
    and its greatest to 1 (a column that never moves to 0.5), as FluCoMa's Normalize.

    Raises:
        ControlError: a file is no DataSet, has other columns than there are names, values out of
            range, or no id in common.
    """
    x = read_points(poses, "the DataSet of poses")
    y = read_points(targets, "the DataSet of targets")
    problems = _misfits(x, inputs, "the DataSet of poses", -LARGEST_POSE, LARGEST_POSE)
    low, high = (-LARGEST_POSE, LARGEST_POSE) if scale_targets else (0.0, 1.0)
    wrong = _misfits(y, names, "the DataSet of targets", low, high)
    if wrong and not scale_targets and not _misfits(y, names, "", -LARGEST_POSE, LARGEST_POSE):
        wrong.append("have the targets scaled to 0..1")
    refuse([*problems, *wrong], "this import")
    return _matched(x, _scaled(y) if scale_targets else y, inputs, names)


def import_labels(poses: bytes, labels: bytes, inputs: Sequence[str]) -> Imported:
    """A DataSet and a LabelSet as a dataset with a target for each label: 1 where it is, else 0.

    The map then says how much of each label a pose has: a soft classifier.

    Raises:
        ControlError: as `import_pairs`, or there are more labels than targets, or one that cannot
            be a name.
    """
    x = read_points(poses, "the DataSet of poses")
    given = _labels(labels)
    refuse(_misfits(x, inputs, "the DataSet of poses", -LARGEST_POSE, LARGEST_POSE), "this import")
    names = sorted(set(given.values()))
    if len(names) > MAX_TARGETS:
        raise ControlError(f"there are {len(names)} labels; {MAX_TARGETS} is the most")
    y: Points = {id: [float(name == label) for name in names] for id, label in given.items()}
    return _matched(x, y, inputs, names)


def export_pairs(dataset: Dataset) -> tuple[dict[str, Any], dict[str, Any]]:
    """The DataSets of poses and of targets, as what `json.dumps` takes."""
    poses = {pair.id: list(pair.pose) for pair in dataset.pairs}
    targets = {pair.id: list(pair.target) for pair in dataset.pairs}
    return (
        {"cols": len(dataset.inputs), "data": poses},
        {"cols": len(dataset.targets), "data": targets},
    )


def export_labels(dataset: Dataset) -> dict[str, Any]:
    """A LabelSet that names for each pair its greatest target, the first of equal ones."""
    data = {pair.id: [dataset.targets[int(np.argmax(pair.target))]] for pair in dataset.pairs}
    return {"cols": 1, "data": data}


def read_points(data: bytes, what: str) -> Points:
    """The rows of a DataSet file by id.

    Raises:
        ControlError: it is no DataSet, or has more points than a dataset can hold.
    """
    rows, cols = _container(data, what)
    problems = [
        f"point {id[:MAX_NAME]!r} is not {cols} finite numbers"
        for id, row in rows.items()
        if not is_row(row) or len(row) != cols
    ]
    refuse(problems, what)
    return rows


def _container(data: bytes, what: str) -> tuple[Points, int]:
    raw = parse_json(data, what)
    if not isinstance(raw, dict) or type(raw.get("cols")) is not int:
        raise ControlError(f'{what} is no FluCoMa file: it has no "cols" with a whole number')
    # FluCoMa writes no "data", or null, for a set without points.
    rows = raw.get("data") or {}
    if not isinstance(rows, dict):
        raise ControlError(f'{what} is no FluCoMa file: its "data" is no object of points by id')
    if len(rows) > MAX_PAIRS:
        raise ControlError(f"{what} has {len(rows)} points; {MAX_PAIRS} is the most")
    return rows, raw["cols"]


def _labels(data: bytes) -> dict[str, str]:
    rows, cols = _container(data, "the LabelSet")
    bad = [
        f"label of {id[:MAX_NAME]!r} is not one text"
        for id, row in rows.items()
        if not isinstance(row, list) or len(row) != 1 or not isinstance(row[0], str)
    ]
    if cols != 1:
        bad.append(f"it has {cols} columns, a LabelSet has 1")
    refuse(bad, "the LabelSet")
    # A label may have blanks, a target's name may not.
    return {id: "_".join(row[0].split()) for id, row in rows.items()}


def _misfits(
    points: Mapping[str, list[Any]], names: Sequence[str], what: str, low: float, high: float
) -> list[str]:
    found = ((id, row_problem("point", row, names, low, high)) for id, row in points.items())
    return [f"{what}, {id[:MAX_NAME]!r}: {problem}" for id, problem in found if problem]


def _scaled(points: Points) -> Points:
    if not points:
        return points
    rows = np.array(list(points.values()), float)
    low, length = rows.min(axis=0), np.ptp(rows, axis=0)
    scaled = np.full_like(rows, 0.5)
    np.divide(rows - low, length, out=scaled, where=np.broadcast_to(length > 0, rows.shape))
    return dict(zip(points, np.clip(scaled, 0, 1).tolist(), strict=True))


def _matched(x: Points, y: Points, inputs: Sequence[str], names: Sequence[str]) -> Imported:
    both = sorted(x.keys() & y.keys(), key=_order)
    if not both:
        raise ControlError(
            f"no point of the first file ({len(x)}) has the id of one of the second ({len(y)}); "
            "pairs are matched by id"
        )
    dataset = Dataset(tuple(inputs), tuple(names))
    for id in both:
        dataset = dataset.add(x[id], y[id], id)
    return Imported(dataset, tuple(sorted(x.keys() ^ y.keys(), key=_order)))


def _order(id: str) -> tuple[int, str]:
    """FluCoMa sorts ids as text, 10 before 9; the later pair is the one that wins."""
    return (int(id), id) if id.isdecimal() and len(id) < 16 else (1 << 60, id)

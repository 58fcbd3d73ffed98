"""A learned map and how it is played, as they stand in a scene.

{"format": 1, "mode": "play", "only": [], "map": {…}}          {}: there is no map
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from device.errors import ControlError
from device.from_json import build
from device.mapping.dataset_json import refuse
from device.mapping.learned import LearnedMap
from device.mapping.learned_json import decode, encode
from device.maps.player import Mode

FORMAT = 1


@dataclass(frozen=True)
class Saved:
    """What a scene keeps; without a `map` nothing is learned in it."""

    map: LearnedMap | None = None
    mode: Mode = "off"
    only: tuple[str, ...] = ()
    """the targets that chance finds new values for; none: all"""


@dataclass(frozen=True)
class _Stored:
    map: Any
    mode: Literal["off", "teach", "play"]
    only: tuple[str, ...] = ()
    format: int = FORMAT


def as_json(saved: Saved) -> dict[str, Any]:
    """As what `json.dumps` takes. What could be undone is not kept."""
    if saved.map is None:
        return {}
    return {
        "format": FORMAT,
        "mode": saved.mode,
        "only": list(saved.only),
        "map": encode(saved.map),
    }


def read_saved(raw: Mapping[str, Any]) -> Saved:
    """Out of read JSON, strictly. The map is fitted; of many hundred pairs it is slow, in a thread.

    Raises:
        ControlError: naming everything that is missing, unknown, of a wrong type or impossible.
    """
    if not isinstance(raw, Mapping):
        raise ControlError("the learned map of the scene is no JSON object")
    if not raw:
        return Saved()
    if raw.get("format", FORMAT) != FORMAT:
        raise ControlError(
            f"the learned map has format {str(raw['format'])[:20]}; this Ondine reads "
            f"format {FORMAT}. Update Ondine, or learn it again"
        )
    problems: list[str] = []
    stored = build(_Stored, dict(raw), "learned", problems)
    refuse(problems, "the learned map")
    map = decode(stored.map)
    refuse(
        [
            f"only has {id[:64]!r}, which is none of its targets"
            for id in stored.only
            if id not in map.dataset.targets
        ],
        "the learned map",
    )
    return Saved(map, stored.mode, stored.only)

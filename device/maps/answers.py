"""How a learned map is going, as it is answered over OSC."""

from device.control.osc_reply import Answer
from device.mapping.learned import LearnedMap
from device.maps.player import MapPlayer
from device.maps.school import School
from device.maps.training import overall


def map_answers(
    map: LearnedMap | None,
    player: MapPlayer,
    school: School,
    steps: int,
) -> list[Answer]:
    """One `/ondine/map/<name>` each, one for each input (where it is, or -1) and for each target
    (is it moved, is it held by a hand, its fit error). Errors are shares of a range, or -1.
    """
    if map is None:
        return [("/ondine/map/mode", [player.mode]), ("/ondine/map/pairs", [0])]
    errors, progress, trained = school.errors, school.progress, school.trained
    held_out = None if trained is None else trained.held_out
    facts: dict[str, float | int | str] = {
        "mode": player.mode,
        "kind": map.choices.kind,
        "scaling": map.choices.scaling,
        "pairs": len(map.dataset.pairs),
        "fit_error": overall(errors.values()),
        "training": 1.0 if progress is None else progress,
        "network": int(map.network is not None and not map.wants_training),
        "held_out_error": -1.0 if held_out is None else held_out,
        "held": len(player.held),
        "undo": steps,
    }
    told: list[Answer] = [(f"/ondine/map/{name}", [value]) for name, value in facts.items()]
    heard = player.heard
    told += [(f"/ondine/map/input/{n}", [heard.get(n, -1.0)]) for n in map.dataset.inputs]
    for id in map.dataset.targets:
        moved, held = int(id not in map.disabled), int(id in player.held)
        told.append((f"/ondine/map/target/{id}", [moved, held, errors.get(id, -1.0)]))
    return told

"""Learned maps in words: what is said about them, and what players may give their acts."""

from collections.abc import Mapping, Sequence

from device.errors import ControlError
from device.mapping.learned import LearnedMap
from device.params import ParamSpec
from device.words import nearest, printable

_SHOWN = 4
NO_MAP = "there is no map yet; begin one with map/begin, or pair"
NO_PAIR = "nothing is paired yet; find a sound, hold a pose, and pair them"


def usual_targets(specs: Mapping[str, ParamSpec]) -> tuple[str, ...]:
    """What a map moves if nobody says: the latents, else the instrument's own, else the mix."""
    latents = tuple(id for id in specs if id.startswith("latent_bias_"))
    own = (id for id, s in specs.items() if s.group == "instrument" and id != "noise_amount")
    return latents or tuple(own) or ("dry_wet",)


def title(map: LearnedMap) -> str:
    """Such as `smooth map from 2 controls to 8 latents`."""
    inputs, targets = map.dataset.inputs, map.dataset.targets
    return f"{map.choices.kind} map from {count(len(inputs), 'control')} to {counted(targets)}"


def pairs_of(map: LearnedMap) -> str:
    """Such as `1 pair`."""
    return count(len(map.dataset.pairs), "pair")


def count(number: int, what: str) -> str:
    """Such as `1 pair`, `no pairs`."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def counted(targets: Sequence[str]) -> str:
    """Such as `8 latents`, or parameters where others are among them."""
    latent = all(id.startswith("latent_bias_") for id in targets)
    return count(len(targets), "latent" if latent else "parameter")


def listed(names: Sequence[str]) -> str:
    """The first few by name."""
    shown = [*names[:_SHOWN]]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def percent(error: float) -> str:
    """An error as players read it: `0.3 %` of a parameter's range."""
    return f"{100 * error:.1f} %"


def one_of(what: str, given: str, allowed: Sequence[str]) -> str:
    """One of those that are allowed.

    Raises:
        ControlError: with all of them, and the nearest.
    """
    if given in allowed:
        return given
    shown = printable(given)[:40]
    near = nearest(shown, allowed)
    raise ControlError(f"{what} is {shown!r}, not one of {', '.join(allowed)}{near}")


def target_of(map: LearnedMap, id: str) -> str:
    """A target of the map.

    Raises:
        ControlError: if it is none, with the nearest.
    """
    if id in map.dataset.targets:
        return id
    shown = printable(id)[:64]
    raise ControlError(f"{shown!r} is no target of this map{nearest(shown, map.dataset.targets)}")


def whole(what: str, number: float) -> int:
    """A whole number, or a ControlError."""
    if number != int(number):
        raise ControlError(f"{what} is {number:g}; send a whole number")
    return int(number)


def pressed(on: float) -> bool:
    """1 or 0, or a ControlError."""
    if on not in (0.0, 1.0):
        raise ControlError(f"{on:g} was sent; send 1, or 0 to end it")
    return on == 1.0

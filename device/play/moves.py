"""Which parameters are moved when a performance opens: by settings, a timeline, or nobody.

What moves them is only read where something does: a box begins without.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from device.bundle import open_bundle
from device.control.setting import read_settings
from device.control.source import Reading
from device.errors import ControlError
from device.manifest import Manifest
from device.params import ParamSpec, specs_of
from device.paths import find_bundle
from device.play.opening import Opening
from device.play.wish import Play
from device.route import DEMONSTRATION

if TYPE_CHECKING:
    from device.control.timeline import Event
    from device.control.timeline_source import TimelineSource


@dataclass(frozen=True)
class Moves:
    """What is set once, and what moves."""

    settings: Mapping[str, float] = field(default_factory=dict)
    timeline: "TimelineSource | None" = None

    @property
    def readings(self) -> list[Reading]:
        """The settings, for the desk."""
        return [Reading(id, value, False, "settings", 0.0) for id, value in self.settings.items()]


def plan_moves(wish: Play, opening: Opening) -> Moves:
    """What the wish moves. Of a scene that goes on, settings were made, and may have been turned
    since; its timeline goes on where it would be by now.

    Raises:
        BundleError, ControlError: if a setting or the timeline does not fit the instrument.
    """
    if opening.goes_on:
        return _going_on(wish, opening)
    manifest = opening.playing.manifest
    if opening.load is not None:
        manifest = open_bundle(find_bundle(opening.load)).manifest
    specs = specs_of(manifest)
    settings = read_settings(wish.settings, specs)
    events = _events(wish, opening, manifest, specs)
    if not events:
        return Moves(settings)
    return Moves(settings, _timeline(events, specs, settings))


def _going_on(wish: Play, opening: Opening) -> Moves:
    playing = opening.playing
    if playing.began_s is None:
        return Moves()
    specs = specs_of(playing.manifest)
    try:
        events = _events(wish, opening, playing.manifest, specs)
        settings = read_settings(wish.settings, specs)
    except ControlError:
        return Moves()  # the file has gone or changed: no reason to leave the sound without control
    return Moves({}, _timeline(events, specs, settings, playing.began_s))


def _timeline(
    events: "list[Event]",
    specs: Mapping[str, ParamSpec],
    settings: Mapping[str, float],
    began_s: float | None = None,
) -> "TimelineSource":
    from device.control.timeline import Timeline
    from device.control.timeline_source import TimelineSource

    return TimelineSource(Timeline(events, specs, settings), specs, began_s)


def _events(
    wish: Play, opening: Opening, manifest: Manifest, specs: Mapping[str, ParamSpec]
) -> "list[Event]":
    if wish.timeline:
        from device.control.timeline_file import read_timeline

        return read_timeline(wish.timeline, specs)
    if opening.playing.input != DEMONSTRATION:
        return []
    from device.demo import SECONDS, wander

    return wander(manifest, SECONDS)

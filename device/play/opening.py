"""What a performance opens with: sound that still runs, a scene that was left behind, or a new one.

    play.json, of the same stream?──no───────────► begin anew, as the wish says
        │ yes
        ├─ an audio process runs?──yes───────────► take it over, touch nothing
        └─ no ───────────────────────────────────► start one, with the last instrument and values

Nothing is stopped or changed here; that is left to whoever asked. What speaks with a process that
runs is only read if something was left behind: a box that was just plugged in sounds the sooner.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from device.admission.admit import Admit
from device.bundle import open_bundle
from device.config import Profile
from device.errors import BundleError, ConfigError, ControlError
from device.manifest import Manifest
from device.mapping.scene import Scene
from device.params import ParamTable
from device.paths import DEFAULT_INSTRUMENT, RunFolder, find_bundle, seen_file
from device.play.playing import Playing, read_playing
from device.play.wish import Play, asked_of
from device.route import choose_route
from device.rung import Rung

if TYPE_CHECKING:
    from device.play.adopted import Adopted
    from device.status import Status


@dataclass(frozen=True)
class Opening:
    """What plays at first. `audio` is the process that plays it already, if one does."""

    playing: Playing
    audio: "Adopted | None" = None
    resumed: bool = False
    """Whether a scene was left behind: parameters stay as they are."""
    fallen: bool = False
    """Whether audio plays a lower rung: then the table waits for the bundle to come back."""
    goes_on: bool = False
    """Whether settings and timeline, too, are those that were left behind."""
    load: str | None = None
    """The instrument that is asked for now, if it is another than what was left behind."""
    notes: tuple[str, ...] = ()
    """What to tell the player."""
    last_serial: int = 0
    """No load had a higher one."""

    def unfinished(self, serial: int) -> bool:
        """Whether the table, which is meant for load `serial`, is yet to be made this one's.

        A control process that dies while it brings an instrument in leaves that to the next one.
        """
        return serial != self.playing.serial and not self.fallen


def left_behind(wish: Play, profile: Profile, folder: RunFolder) -> Opening | None:
    """What a control process that died has left behind, if the same stream is asked for again."""
    asked = asked_of(wish, profile)
    left = read_playing(folder.playing)
    if left is None or left.asked.stream != asked.stream:
        return None
    from device.play.adopted import find_running
    from device.status import Status

    try:
        ParamTable(folder.params)
    except ControlError:
        return None
    audio = find_running(folder)
    another = asked.model not in ("", left.asked.model)
    if audio is None and another:
        return None  # nothing sounds that would have to be kept
    last, fallen = left.serial, False
    if audio is not None:
        status = Status(folder.status)
        last = max(last, int(status["serial"]), int(status["refused"]))
        fallen = status["rung"] != Rung.MODEL
        left = _as_it_is(left, status)
    return Opening(
        dataclasses.replace(left, asked=dataclasses.replace(asked, model=left.asked.model)),
        audio,
        resumed=True,
        fallen=fallen,
        goes_on=not another and left.asked.moves == asked.moves,
        load=wish.model if another else None,
        notes=() if audio else ("Ondine did not end in good order: playing on as it was.",),
        last_serial=last,
    )


def begin_with(
    scene: Scene | None, wish: Play, profile: Profile, admit: Admit
) -> tuple[Opening, Scene | None]:
    """`begin_anew` with a scene's instrument, unless one is named; and the scene, if it can be on.

    A scene whose instrument cannot be had is given up, never the sound.

    Raises:
        OndineError: as `begin_anew` does.
    """
    if scene is None or wish.model is not None:
        return begin_anew(wish, profile, admit), scene
    try:
        opening = begin_anew(wish, profile, admit, scene.wanted, scene.precision or None)
        playing = dataclasses.replace(opening.playing, seed=wish.seed or scene.seed)
        return dataclasses.replace(opening, playing=playing), scene
    except (BundleError, ConfigError) as error:
        opening = begin_anew(wish, profile, admit)
        note = f"Scene {scene.number}, {scene.name}, is not on: {str(error).rstrip('. ')}."
        return dataclasses.replace(opening, notes=(note, *opening.notes)), None


def begin_anew(
    wish: Play,
    profile: Profile,
    admit: Admit,
    model: str | None = None,
    precision: str | None = None,
) -> Opening:
    """The instrument that is asked for, or else `model`, on the best card there is.

    Raises:
        OndineError: if it cannot be, as it was asked for.
    """
    from device.audio.cards import list_cards

    path = find_bundle(wish.model or model or DEFAULT_INSTRUMENT)
    manifest = admit(path)
    route = choose_route(
        input=wish.input,
        output=wish.output,
        card=wish.card,
        preferred=profile.audio.cards,
        there=list_cards(),
        listens=manifest.channels_in > 0,
    )
    playing = Playing(
        bundle=path.resolve(),
        manifest=manifest,
        serial=1,
        precision=choose_precision(manifest, wish.precision or precision, wish, profile),
        card=route.card,
        input=route.input,
        output=route.output,
        asked=asked_of(wish, profile),
        seed=wish.seed,
    )
    return Opening(playing, notes=route.notes, last_serial=1)


def choose_precision(manifest: Manifest, asked: str | None, wish: Play, profile: Profile) -> str:
    """What was asked for, else what the bench on this machine speaks for.

    Raises:
        ConfigError: if the bundle has no graphs of the precision that is asked for.
    """
    precision = asked or profile.engine.precision
    have = {p for method in manifest.methods.values() for p in method.graphs}
    if precision not in ("auto", *have):
        raise ConfigError(
            f"{manifest.name} has no {precision} graphs; choose {' or '.join(sorted(have))}"
        )
    # The bench has seen the processor alone.
    measured = profile.engine.provider == "cpu" and seen_file().exists()
    if precision != "auto" or not measured:
        return precision
    from device import seen

    headroom = wish.headroom_frames or profile.audio.headroom_frames or None
    return seen.choose_precision(manifest, seen.read_seen(seen_file()), headroom_frames=headroom)


def _as_it_is(left: Playing, status: "Status") -> Playing:
    """What plays by now: a load may have come to its end after control had died."""
    serial = int(status["serial"])
    if serial <= left.serial or status["rung"] != Rung.MODEL:
        return left
    try:
        path = Path(status.text("bundle"))
        manifest = open_bundle(path).manifest
    except BundleError:
        return left
    return dataclasses.replace(left, bundle=path, manifest=manifest, serial=serial, began_s=None)

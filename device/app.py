"""`ondine play`: the whole instrument on a desktop, top to bottom.

    bundle ─► tables ─► audio process ─► sources ─► until stopped ─► summary

This is the control process. It reads and writes the shared tables and never touches sound.
"""

import asyncio
import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.bundle import open_bundle
from device.child import AudioChild, stop_stale
from device.config import Profile
from device.control.desk import Desk
from device.control.osc import routes
from device.control.osc_reply import Answer
from device.control.osc_server import OscServer
from device.control.setting import read_settings
from device.control.source import Reading, Source
from device.control.timeline import Timeline
from device.control.timeline_file import read_timeline
from device.control.timeline_source import TimelineSource
from device.demo import SECONDS, wander, write_phrase
from device.display import dropouts, latency_ms
from device.errors import AudioError, ConfigError, ControlError
from device.manifest import Manifest
from device.params import ParamTable, specs_of
from device.paths import DEFAULT_INSTRUMENT, RunFolder, find_bundle, run_folder, seen_file
from device.performance import Performance
from device.route import DEMONSTRATION, Route, choose_route
from device.screen import Screen
from device.status import Status


@dataclass(frozen=True)
class Play:
    """What a player asked for. None leaves the choice to the profile and to what is there."""

    model: str | None = None
    input: str | None = None
    output: Path | None = None
    card: str | None = None
    seconds: float | None = None
    precision: str | None = None
    headroom_frames: int | None = None
    timeline: Path | None = None
    osc_host: str | None = None
    osc_port: int | None = None
    settings: tuple[str, ...] = ()
    seed: int = 0


def play(wish: Play, profile: Profile, screen: Screen) -> None:
    """Play until the input ends, the time is over, or the player has had enough.

    Raises:
        OndineError: with a sentence, if it cannot play or has to give up.
    """
    path = find_bundle(wish.model or DEFAULT_INSTRUMENT)
    manifest = open_bundle(path).manifest
    specs = specs_of(manifest)
    settings = read_settings(wish.settings, specs)
    events = read_timeline(wish.timeline, specs) if wish.timeline else []
    route = _route(wish, profile, manifest)
    folder = run_folder()
    with _only_one(folder):
        stop_stale(folder)
        table = ParamTable(folder.params, create=True)
        desk = Desk(table, specs)
        desk.defaults()
        desk.take([Reading(id, value, False, "settings", 0.0) for id, value in settings.items()])
        if route.input == DEMONSTRATION:
            write_phrase(folder.demonstration, manifest.sample_rate_hz)
            events = events or wander(manifest, SECONDS)
        for note in route.notes:
            screen.say(note)
        precision = _precision(wish, profile, manifest)
        child = AudioChild(folder, _arguments(path, folder, route, precision, wish, profile))
        sources: list[Source] = []
        if events:
            sources.append(TimelineSource(Timeline(events, specs, settings), specs))
        sources += _osc(wish, profile, manifest, desk, child, folder, screen)
        performance = Performance(
            child,
            sources,
            desk.take,
            folder.status,
            screen,
            name=manifest.name,
            seconds=wish.seconds,
            # A recording would begin again from nothing, over what was kept so far.
            again=route.output is None,
        )
        try:
            asyncio.run(performance.run())
        finally:
            # It lies in memory, and a minute of sound is megabytes.
            folder.demonstration.unlink(missing_ok=True)


def _route(wish: Play, profile: Profile, manifest: Manifest) -> Route:
    from device.audio.cards import list_cards

    return choose_route(
        input=wish.input,
        output=wish.output,
        card=wish.card,
        preferred=profile.audio.cards,
        there=list_cards(),
        listens=manifest.channels_in > 0,
    )


def _precision(wish: Play, profile: Profile, manifest: Manifest) -> str:
    """What was asked for, else what the bench on this machine speaks for."""
    precision = wish.precision or profile.engine.precision
    if precision != "auto" or not seen_file().exists():
        return precision
    from device.seen import choose_precision, read_seen

    headroom = wish.headroom_frames or profile.audio.headroom_frames or None
    return choose_precision(manifest, read_seen(seen_file()), headroom_frames=headroom)


def _arguments(
    path: Path, folder: RunFolder, route: Route, precision: str, wish: Play, profile: Profile
) -> list[str]:
    """The audio process's command line."""
    given: dict[str, object] = {
        "--bundle": path.resolve(),
        "--params": folder.params,
        "--status": folder.status,
        "--socket": folder.socket,
        "--precision": precision,
        "--threads": profile.engine.threads,
        "--card": route.card,
        "--seed": wish.seed,
    }
    if headroom := wish.headroom_frames or profile.audio.headroom_frames:
        given["--headroom"] = headroom
    if profile.audio.cpu >= 0:
        given["--cpu"] = profile.audio.cpu
    if route.output is not None:
        given["--output"] = route.output
    if route.input == DEMONSTRATION:
        given["--input"] = folder.demonstration
    elif route.input != "card":
        given["--input"] = route.input
    return [str(part) for pair in given.items() for part in pair]


def _osc(
    wish: Play,
    profile: Profile,
    manifest: Manifest,
    desk: Desk,
    child: AudioChild,
    folder: RunFolder,
    screen: Screen,
) -> list[Source]:
    """The OSC server, if its port can be had: an instrument plays on without it."""
    table = routes(
        desk.specs,
        reset=child.reset,
        status=lambda: _status_answers(folder, manifest),
        value=desk.value,
    )
    try:
        server = OscServer(
            wish.osc_host or profile.osc.host,
            profile.osc.port if wish.osc_port is None else wish.osc_port,
            table,
        )
    except ControlError as error:
        screen.say(f"Playing without OSC: {error}.")
        return []
    screen.say(f"OSC on {server.host} port {server.port}, such as /ondine/param/dry_wet 0.5")
    return [server]


def _status_answers(folder: RunFolder, manifest: Manifest) -> list[Answer]:
    try:
        status = Status(folder.status)
    except AudioError:
        return [("/ondine/status/playing", [0])]
    facts: dict[str, float | int | str] = {
        "playing": int(not status["stopped"]),
        "instrument": manifest.name,
        "blocks": int(status["blocks"]),
        "dropouts": dropouts(status),
        "load": status.load_percentile(50),
        "load_p99": status.load_percentile(99),
        "latency_ms": latency_ms(status),
        "level_in": status["peak_in"],
        "level_out": status["peak_out"],
    }
    return [(f"/ondine/status/{name}", [value]) for name, value in facts.items()]


@contextlib.contextmanager
def _only_one(folder: RunFolder) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however we end."""
    with folder.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("Ondine is already playing; stop that one first") from None
        yield

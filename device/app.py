"""`ondine play`: the whole instrument on a desktop, top to bottom.

    what plays ─► tables ─► audio process ─► sources ─► until stopped ─► summary
        ▲                                       │
        └──────────── load, keep, stop ◄────────┘

This is the control process. It reads and writes the shared tables and never touches sound.
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from device.board import memory_free_bytes
from device.config import Profile
from device.control.control_socket import ControlSocket
from device.control.desk import Desk
from device.control.osc import Route, routes
from device.control.osc_server import OscServer
from device.control.oscquery.offer import Offer, offer_of
from device.control.oscquery.source import OscQuery
from device.demo import write_phrase
from device.errors import ConfigError, ControlError
from device.manifest import Manifest
from device.params import ParamTable, specs_of
from device.paths import RunFolder, admitted_file, run_folder
from device.play.adopted import stop_stale
from device.play.child import AudioChild
from device.play.datagram import send
from device.play.keeping import Keeping
from device.play.launch import arguments
from device.play.lookout import Lookout
from device.play.moves import plan_moves
from device.play.open_hands import open_hands
from device.play.opening import Opening, begin_anew, choose_precision, left_behind
from device.play.orders import Orders
from device.play.performance import Performance
from device.play.phone import advertise, open_query
from device.play.playing import Playing, write_playing
from device.play.status_answers import status_answers
from device.play.swap import Swap
from device.play.wish import Play, asked_of
from device.route import DEMONSTRATION
from device.show.screen import Screen

__all__ = ["Play", "play"]


def play(wish: Play, profile: Profile, screen: Screen) -> None:
    """Play until the input ends, the time is over, or the player has had enough.

    Raises:
        OndineError: with a sentence, if it cannot play.
    """
    folder = run_folder()
    with _only_one(folder):
        opening = left_behind(wish, profile, folder) or begin_anew(wish, profile, _admit)
        moves = plan_moves(wish, opening)
        if opening.audio is None:
            stop_stale(folder)
        for note in opening.notes:
            screen.say(note)
        playing = opening.playing
        if playing.input == DEMONSTRATION and opening.audio is None:
            write_phrase(folder.demonstration, playing.manifest.sample_rate_hz)

        desk = _desk(folder, opening)
        keeping = Keeping(folder, desk, playing, 60.0 * profile.recording.minutes)
        hands, sources = open_hands(wish, profile, desk, keeping.tee(desk.take), screen.say)
        take = hands.take
        if opening.load is None:
            take(moves.readings)
        osc: OscServer | None = None
        query: OscQuery | None = None

        def addresses() -> dict[str, Route]:
            return routes(
                desk.specs,
                reset=lambda: send(folder.socket, "reset"),
                status=lambda: status_answers(folder, swap.playing),
                value=desk.value,
                load=orders.load_named,
                keep=lambda: orders.begin("keep"),
            )

        def offer() -> Offer:
            return offer_of(
                swap.playing.manifest,
                desk.specs,
                addresses(),
                value=desk.value,
                status=lambda: status_answers(folder, swap.playing),
                clock=time.monotonic,
            )

        def changed(now: Playing) -> None:
            """Another instrument plays."""
            keeping.plays(now)
            hands.play(desk.specs)
            if moves.timeline is not None:
                moves.timeline.close()
            if osc is not None:
                osc.replace(addresses())
            if query is not None:
                query.replace(offer())

        swap = Swap(
            folder,
            desk,
            playing,
            last_serial=opening.last_serial,
            admit=_admit,
            precision=lambda manifest, asked: choose_precision(manifest, asked, wish, profile),
            changed=changed,
        )
        orders = Orders(swap, keep=keeping.keep, stop=lambda: performance.stop(), say=screen.say)
        osc = _osc(wish, profile, addresses(), desk, screen)
        query = open_query(wish, profile, offer(), osc.port if osc else None, screen.say)

        def begun() -> None:
            """It plays, or was found playing."""
            if moves.timeline is not None and not opening.goes_on and opening.load is None:
                swap.playing = dataclasses.replace(swap.playing, began_s=time.monotonic())
            write_playing(folder.playing, swap.playing)
            keeping.plays(swap.playing)
            if opening.load is not None:
                orders.tell(bring_in(opening.load))

        async def bring_in(wanted: str) -> None:
            """Load what is asked for in the place of what was found playing; then it is moved."""
            screen.say(await swap.load(wanted, latency="free"))
            take(moves.readings)
            began_s = None
            if moves.timeline is not None:
                moves.timeline.start(asyncio.get_running_loop(), take)
                sources.append(moves.timeline)  # so that it is closed with the others
                began_s = time.monotonic()
            swap.playing = dataclasses.replace(
                swap.playing, asked=asked_of(wish, profile), began_s=began_s
            )
            write_playing(folder.playing, swap.playing)

        sources += [hands, ControlSocket(folder.control, orders.obey)]
        notice = advertise(query, osc.host if osc else "", osc.port if osc else None, screen.say)
        sources += [source for source in (osc, query, notice) if source is not None]
        sources.append(
            Lookout(
                folder.status,
                swap,
                free=memory_free_bytes,
                limit_bytes=profile.memory.keep_free_mib << 20,
                shed=lambda: send(folder.socket, "shed"),
                say=screen.say,
            )
        )
        if moves.timeline is not None and opening.load is None:
            sources.append(moves.timeline)
        performance = Performance(
            lambda again: AudioChild(
                folder, arguments(swap.playing, folder, profile, patient=again or opening.resumed)
            ),
            swap,
            sources,
            take,
            folder.status,
            screen,
            found=opening.audio,
            begun=begun,
            seconds=wish.seconds,
            # A recording would begin again from nothing, over what was kept so far.
            again=playing.output is None,
        )
        try:
            asyncio.run(performance.run())
        finally:
            folder.playing.unlink(missing_ok=True)
            # It lies in memory, and a minute of sound is megabytes.
            folder.demonstration.unlink(missing_ok=True)


def _admit(path: Path) -> Manifest:
    from device.admission.admit import admit

    return admit(path, known=admitted_file())


def _desk(folder: RunFolder, opening: Opening) -> Desk:
    """The desk on the params table: as it was left behind, or with every default."""
    table = ParamTable(folder.params, create=not opening.resumed)
    desk = Desk(table, specs_of(opening.playing.manifest))
    if not opening.resumed:
        desk.defaults()
    if opening.unfinished(desk.serial):
        desk.change(desk.specs, opening.playing.serial)
    return desk


def _osc(
    wish: Play, profile: Profile, table: dict[str, Route], desk: Desk, screen: Screen
) -> OscServer | None:
    """The OSC server, if its port can be had: an instrument plays on without it."""
    try:
        server = OscServer(
            wish.osc_host or profile.osc.host,
            profile.osc.port if wish.osc_port is None else wish.osc_port,
            table,
            desk,
        )
    except ControlError as error:
        screen.say(f"Playing without OSC: {error}.")
        return None
    screen.say(f"OSC on {server.host} port {server.port}, such as /ondine/param/dry_wet 0.5")
    return server


@contextlib.contextmanager
def _only_one(folder: RunFolder) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however we end."""
    with folder.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("Ondine is already playing; stop that one first") from None
        yield

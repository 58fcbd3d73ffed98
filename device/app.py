"""`ondine play`: the whole instrument on a desktop, top to bottom.

    scene ─► what plays ─► tables ─► audio process ─► sources ─► until stopped ─► summary
                 ▲                                       │
                 └────── load, keep, scenes, stop ◄──────┘

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
from device.control.source import Source
from device.demo import write_phrase
from device.errors import ConfigError
from device.manifest import Manifest
from device.mapping.disk import Folder
from device.mapping.last import read_last
from device.mapping.scenes import Scenes
from device.mapping.starts import now_here
from device.mapping.store import Store, scenes_folder
from device.params import ParamTable, specs_of
from device.paths import RunFolder, admitted_file, run_folder
from device.play.company import company
from device.play.datagram import send
from device.play.keeping import Keeping
from device.play.lookout import Lookout
from device.play.moves import plan_moves
from device.play.opening import Opening, begin_with, choose_precision, left_behind
from device.play.parts import Parts
from device.play.performance import Performance
from device.play.playing import Playing, write_playing
from device.play.reach import Reach, Reached
from device.play.swap import Swap
from device.play.wish import Play, asked_of
from device.route import DEMONSTRATION
from device.scenes.beginning import StartLog, choose_scene
from device.show.screen import Screen
from device.words import sentence

__all__ = ["Play", "play"]


def play(wish: Play, profile: Profile, screen: Screen) -> None:
    """Play until the input ends, the time is over, or the player has had enough.

    Raises:
        OndineError: with a sentence, if it cannot play.
    """
    folder = run_folder()
    audio = company(folder, profile)
    wish = audio.wished(wish)
    with _only_one(folder):
        disk = Folder(scenes_folder())
        scenes = Scenes(Store(disk, str(disk.path)))
        for said in scenes.said:
            screen.say(sentence(said))
        now = now_here()
        opening, scene = left_behind(wish, profile, folder), None
        if opening is None:
            wanted, why = choose_scene(wish, scenes.all, disk, now)
            if why:
                screen.say(why)
            opening, scene = begin_with(wanted, wish, profile, _admit)
        log = StartLog(disk, scene.number if scene else None, now, screen.say)
        moves = plan_moves(wish, opening)
        if opening.audio is None:
            audio.clear()
        for note in opening.notes:
            screen.say(note)
        playing = opening.playing
        if playing.input == DEMONSTRATION and opening.audio is None:
            write_phrase(folder.demonstration, playing.manifest.sample_rate_hz)

        desk = _desk(folder, opening)
        keeping = Keeping(folder, desk, playing, 60.0 * profile.recording.minutes)
        swap = Swap(
            folder,
            desk,
            playing,
            last_serial=opening.last_serial,
            admit=_admit,
            precision=lambda manifest, asked: choose_precision(manifest, asked, wish, profile),
            changed=lambda now: changed(now),
        )
        parts = Parts(
            wish,
            profile,
            folder,
            desk,
            keeping,
            swap,
            scenes,
            disk,
            stop=lambda: performance.stop(),
            recalled=log.forgive,
            say=screen.say,
        )
        orders, take = parts.orders, parts.hands.take
        if opening.resumed:
            parts.resume(read_last(disk))
        else:
            parts.sketching.close()  # what another performance left is nobody's any more
        start = None
        if scene is not None:
            screen.say(parts.scening.begin(scene))
            start = parts.scening.start_file(scene, folder.path / "start-0.npz")
        audio.begin(lambda: swap.playing, resumed=opening.resumed, start=start)
        if opening.load is None:
            take(moves.readings)
        reach = Reach(
            wish,
            profile,
            folder,
            desk,
            orders,
            parts.acts.specs,
            Reached(lambda: swap.playing, parts.besides, parts.place, parts.questions),
            screen.say,
        )
        parts.whenever_renewed(reach.renew)

        def changed(now: Playing) -> None:
            """Another instrument plays."""
            if now.instead:
                log.gave_up(parts.scening.on)
            audio.plays(now)
            keeping.plays(now)
            if moves.timeline is not None:
                moves.timeline.close()
            parts.play()

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

        sources: list[Source] = [*parts.sources, ControlSocket(folder.control, orders.obey)]
        sources += [*reach.sources, log, *audio.sources()]
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
            audio.audio,
            swap,
            sources,
            take,
            folder.status,
            screen,
            found=audio.found(opening.audio),
            begun=begun,
            seconds=wish.seconds,
            # A recording would begin again from nothing, over what was kept so far.
            again=playing.output is None,
        )
        try:
            asyncio.run(performance.run())
        finally:
            parts.close()
            audio.ended()
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


@contextlib.contextmanager
def _only_one(folder: RunFolder) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however we end."""
    with folder.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("Ondine is already playing; stop that one first") from None
        yield

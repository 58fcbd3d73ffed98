"""`ondine play`: the whole instrument on a desktop, top to bottom.

    scene ─► what plays ─► table ─► the part          `device.play.begin`, in a moment
       ┌────────────────────────────────┘
    desk ─► hands ─► audio process ─► sources ─► until stopped ─► summary
                 ▲                       │
                 └── load, keep, scenes ◄┘

This is the control process. It reads and writes the shared tables and never touches sound.
"""

import asyncio
import dataclasses
import time

from device.board import memory_free_bytes
from device.control.control_socket import ControlSocket
from device.control.desk import Desk
from device.control.source import Source
from device.demo import write_phrase
from device.mapping.last import read_last
from device.params import ParamTable, specs_of
from device.paths import RunFolder
from device.play.begin import Begun, admitted
from device.play.datagram import send
from device.play.keeping import Keeping
from device.play.lookout import Lookout
from device.play.opening import Opening, choose_precision
from device.play.parts import Parts
from device.play.performance import Performance
from device.play.playing import Playing, write_playing
from device.play.reach import Reach, Reached
from device.play.swap import Swap
from device.play.wish import asked_of
from device.route import DEMONSTRATION
from device.scenes.start_log import StartLog
from device.show.screen import Screen


def play(at: Begun, screen: Screen) -> None:
    """Go on until the input ends, the time is over, or the player has had enough.

    Raises:
        OndineError: with a sentence, if it cannot play.
    """
    wish, profile, folder, audio = at.wish, at.profile, at.folder, at.audio
    opening, moves, scene = at.opening, at.moves, at.scene
    playing = opening.playing
    for note in at.notes:
        screen.say(note)
    log = StartLog(at.disk, scene.number if scene else None, at.now, screen.say)
    if playing.input == DEMONSTRATION and opening.audio is None:
        write_phrase(folder.demonstration, playing.manifest.sample_rate_hz)

    desk = _desk(folder, opening)
    keeping = Keeping(folder, desk, playing, 60.0 * profile.recording.minutes)
    swap = Swap(
        folder,
        desk,
        playing,
        last_serial=opening.last_serial,
        admit=admitted,
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
        at.scenes,
        at.disk,
        stop=lambda: performance.stop(),
        recalled=log.forgive,
        say=screen.say,
    )
    orders, take = parts.orders, parts.hands.take
    if opening.resumed:
        parts.resume(read_last(at.disk))
    else:
        parts.sketching.close()  # what another performance left is nobody's any more
    if scene is not None:
        screen.say(parts.scening.begin(scene))
    if opening.load is None:
        take(moves.readings)
    reach = Reach(
        wish,
        profile,
        folder,
        desk,
        orders,
        parts.acts.specs,
        Reached(
            lambda: swap.playing,
            parts.besides,
            parts.place,
            parts.questions,
            parts.fittings.quiet,
        ),
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
    sources += [*reach.sources, *audio.sources()]
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
        first=log,
        found=audio.found(opening.audio),
        begun=begun,
        seconds=wish.seconds,
        # A recording would begin again from nothing, over what was kept so far.
        again=playing.output is None,
        for_ever=audio.for_ever,
    )
    try:
        asyncio.run(performance.run())
    finally:
        parts.close()
        audio.ended()
        # It lies in memory, and a minute of sound is megabytes.
        folder.demonstration.unlink(missing_ok=True)


def _desk(folder: RunFolder, opening: Opening) -> Desk:
    """The desk on the params table; one that was left in the middle of a change is put right."""
    desk = Desk(ParamTable(folder.params), specs_of(opening.playing.manifest))
    if opening.unfinished(desk.serial):
        desk.change(desk.specs, opening.playing.serial)
    return desk

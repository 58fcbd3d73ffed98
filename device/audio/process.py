"""The audio process: one stream, one deck, one loop, and the threads that serve them.

    python -m device.audio --bundle NAME.ondine --params FILE --status FILE ...

    loop        reads, plays, writes              SCHED_FIFO
    watch       covers a step that is late        SCHED_FIFO, one above
    stagehand   loads, tells, clears away
    commands    hears datagrams
    signals     hears SIGTERM

It imports no network, no command line and no panel. On stdout it says one line when it begins to
play and one when it has ended; on stderr, in plain lines, whatever is missing and what that costs.
With a fallback, a bundle that cannot be played does not end it. It ends with 0 when it was told to
stop or its input is over, with 3 when a step never came back, and with 1 and a sentence otherwise.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from device.audio import realtime
from device.audio.clock import Clock, SystemClock
from device.audio.commands import CommandSocket, stop_on_signals
from device.audio.cost import Budget
from device.audio.deck import Deck
from device.audio.fit import Shape
from device.audio.loader import Load, Settings, begin_as_told, make_track, open_engine
from device.audio.loop import run
from device.audio.orders import Orders
from device.audio.player import Player
from device.audio.say import say
from device.audio.setup import Setup, read_setup
from device.audio.stagehand import Stagehand
from device.audio.start import read_start
from device.audio.stream import Stream
from device.audio.streams import open_stream
from device.audio.tape import Tape
from device.audio.trouble import Trouble
from device.audio.watch import Watch
from device.engine.bypass import Bypass
from device.errors import AudioError, BundleError, OndineError
from device.params import ParamTable
from device.route import NONE
from device.rung import Rung
from device.status import Status

Build = Callable[[Load, Settings], Player]

_DRY_RATE_HZ, _DRY_BLOCK_FRAMES = 48_000, 256


def main(arguments: Sequence[str] | None = None, build: Build = open_engine) -> int:
    """Run the process; returns its exit code. `build` makes what is played (the bundle's engine).

    Other programs that bring a player of their own, as `ondine check` does, pass `build`.
    """
    orders = Orders()
    stop_on_signals(orders)
    try:
        play(read_setup(arguments), orders, build)
    except OndineError as error:
        say(str(error), sys.stderr)
    except Exception as error:  # A player is owed a sentence, whatever it was.
        say(f"the audio process failed: {type(error).__name__}: {error}", sys.stderr)
    else:
        return 0
    return 1


def play(setup: Setup, orders: Orders, build: Build) -> None:
    """Set everything up, play until told to stop or the input is over, and tidy up.

    Raises:
        OndineError: with a sentence for the player.
    """
    clock = SystemClock(setup.speed)
    params = ParamTable(setup.params)
    status = Status(setup.status, create=True)
    status["started_s"] = realtime.process_started_s()
    status["pid"] = os.getpid()
    status["speed"] = setup.speed
    trouble = Trouble(status, lambda line: say(line, sys.stderr))
    with contextlib.ExitStack() as tidy:
        tidy.enter_context(_listening(setup.socket, orders))
        tidy.enter_context(_posture(status, setup))
        # Here, in the loop's own thread: onnxruntime makes denormals zero only in the thread that
        # opens the process's first session.
        player, load, rung, reason = _first(setup, build)
        stream = open_stream(
            setup,
            player,
            clock,
            on_card=lambda name: status.say("card", name),
            say=trouble.of_card,
            alive=lambda: _beat(status, clock),
            stopping=lambda: orders.stop,
        )
        tidy.enter_context(contextlib.closing(stream))
        shape = Shape(
            stream.sample_rate_hz, stream.block_frames, stream.channels_in, stream.channels_out
        )
        track = make_track(player, load, rung, shape, setup.latency_frames)
        if load.start is not None:
            # Without what it remembered it plays all the same.
            with contextlib.suppress(BundleError):
                begin_as_told(track, read_start(load.start))
            load.start.unlink(missing_ok=True)  # it lies in memory
        latency = track.player.delay_frames
        rate_hz = stream.sample_rate_hz
        budget = Budget(stream.headroom_frames / rate_hz, stream.block_frames / rate_hz)
        deck = Deck(shape, orders, budget=budget, latency_frames=latency)
        deck.start(track, reason, rise=setup.card != NONE)
        plays = _beside(deck, shape, setup, clock)
        tape = _tape(setup, shape)
        watch = Watch(stream, clock, orders, status, latency, tape)
        stagehand = Stagehand(
            deck,
            orders,
            status,
            shape,
            setup.settings,
            latency_frames=latency,
            budget=budget,
            spare=_spare(setup, rung),
            trouble=trouble,
        )
        realtime.freeze_garbage()
        say(_opening(stream, deck), sys.stdout)
        tidy.enter_context(contextlib.closing(stagehand))
        tidy.enter_context(contextlib.closing(watch))
        stagehand.start()
        watch.start()
        run(stream, plays, params, status, clock, orders, watch, tape)
    status["stopped"] = 1.0
    say(
        f"stopped after {status['blocks']:.0f} blocks, {status['late_blocks']:.0f} late, "
        f"{status['xruns']:.0f} xruns",
        sys.stdout,
    )


def _first(setup: Setup, build: Build) -> tuple[Player, Load, Rung, str]:
    """What plays first: the bundle, or with a fallback whatever of the ladder can be had.

    Raises:
        OndineError: without a fallback, if the bundle cannot be played.
    """
    reasons = [setup.instead] if setup.instead else []
    wanted = [(setup.load, Rung.DEFAULT if setup.instead else Rung.MODEL)]
    if setup.spare is not None:
        wanted.append((setup.spare, Rung.DEFAULT))
    for load, rung in wanted:
        try:
            return build(load, setup.settings), load, rung, ", and ".join(reasons)
        except OndineError as error:
            if setup.spare is None:
                raise
            reasons.append(str(error).rstrip("."))
    block = min(setup.headroom_frames or _DRY_BLOCK_FRAMES, _DRY_BLOCK_FRAMES)
    dry = Bypass(_DRY_RATE_HZ, block, 2, 2)
    return dry, Load(Path()), Rung.DRY, ", and ".join(reasons)


def _beside(deck: Deck, shape: Shape, setup: Setup, clock: Clock) -> Player:
    """The deck, with pads next to it where they are wanted and can be had."""
    if setup.pads is None:
        return deck
    from device.pads.opening import beside

    try:
        return beside(deck, shape, setup.pads, clock, setup.speed)
    except AudioError as error:
        say(f"there are no pads: {error}", sys.stderr)
        return deck


def _spare(setup: Setup, playing: Rung) -> Load | None:
    """The built-in instrument, unless it plays already or has just failed."""
    spare = setup.spare
    if spare is None or playing is not Rung.MODEL or spare.bundle == setup.load.bundle:
        return None
    return spare


def _tape(setup: Setup, shape: Shape) -> Tape | None:
    if setup.tape is None or setup.minutes <= 0.0:
        return None
    try:
        return Tape(
            setup.tape,
            channels=shape.channels_out,
            sample_rate_hz=shape.sample_rate_hz,
            seconds=60.0 * setup.minutes,
            create=True,
        )
    except AudioError as error:  # No reason not to play.
        say(f"the last minutes are not kept: {error}", sys.stderr)
        return None


@contextlib.contextmanager
def _posture(status: Status, setup: Setup) -> Iterator[None]:
    """Ask for everything that real time needs; say what was refused, and what that costs."""
    # Before the engine is built: its threads inherit the priority and the core.
    cpu = setup.cpu
    lines = [realtime.pin(cpu)] if cpu is not None else []
    lines += [no_priority := realtime.take_priority(), no_lock := realtime.lock_memory()]
    realtime.switch_quickly()
    realtime.give_memory_back()
    held = [realtime.stay_awake()]
    if not setup.keep_governor:
        held.append(realtime.take_governor(cpu))
    lines += [h.refused for h in held]
    status["realtime"] = not no_priority
    status["locked"] = not no_lock
    for line in filter(None, lines):
        say(line, sys.stderr)
    try:
        yield
    finally:
        for h in held:
            h.give_back()


@contextlib.contextmanager
def _listening(path: Path | None, orders: Orders) -> Iterator[None]:
    if path is None:
        yield
        return
    with contextlib.closing(CommandSocket(path, orders)) as commands:
        yield
        if commands.refused:
            say(f"{commands.refused} commands were not understood", sys.stderr)


def _beat(status: Status, clock: Clock) -> None:
    """Show that the process lives though no block is played."""
    status["heartbeat_s"] = clock.now()


def _opening(stream: Stream, deck: Deck) -> str:
    block, headroom, delay = stream.block_frames, stream.headroom_frames, deck.delay_frames
    total_ms = 1000.0 * (block + headroom + delay) / stream.sample_rate_hz
    return (
        f"playing at {stream.sample_rate_hz} Hz: block {block} + headroom {headroom} + "
        f"delay {delay} frames = {total_ms:.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())

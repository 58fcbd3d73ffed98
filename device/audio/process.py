"""The audio process: one bundle, one stream, one loop, and nothing else.

    python -m device.audio.process --bundle NAME.ondine --params FILE --status FILE ...

It imports no network, no command line and no panel. On stdout it says one line when it begins to
play and one when it has ended; on stderr, in plain lines, whatever is missing and what that costs.
It ends with 0 when it was told to stop or its input is over, and with 1 and a sentence otherwise.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from device.audio import realtime
from device.audio.clock import SystemClock
from device.audio.commands import CommandSocket, stop_on_signals
from device.audio.loop import Orders, run
from device.audio.player import Player
from device.audio.stream import Stream
from device.errors import AudioError, ConfigError, OndineError
from device.params import ParamTable, default_values
from device.status import Status

WARM_UP_STEPS = 8
MAX_HEADROOM_FRAMES = 65_536

Build = Callable[[argparse.Namespace], Player]


def main(arguments: Sequence[str] | None = None, build: Build | None = None) -> int:
    """Run the process; returns its exit code. `build` makes what is played (the bundle's engine).

    Other programs that bring a player of their own, as `ondine check` does, pass `build`.
    """
    options = parser().parse_args(arguments)
    orders = Orders()
    stop_on_signals(orders)
    try:
        play(options, orders, build or build_engine)
    except OndineError as error:
        print(error, file=sys.stderr)
    except Exception as error:  # A player is owed a sentence, whatever it was.
        print(f"the audio process failed: {type(error).__name__}: {error}", file=sys.stderr)
    else:
        return 0
    return 1


def parser() -> argparse.ArgumentParser:
    """The options of the process."""
    p = argparse.ArgumentParser(prog="device.audio.process", description="Ondine's audio process")
    p.add_argument("--bundle", type=Path, required=True, help="the model to play")
    p.add_argument("--params", type=Path, required=True, help="the params table, to be read")
    p.add_argument("--status", type=Path, required=True, help="the status table, to be made")
    p.add_argument("--socket", type=Path, help="where to listen for commands")
    p.add_argument("--precision", choices=("auto", "fp32", "int8"), default="auto")
    p.add_argument("--headroom", type=int, metavar="FRAMES", help="default: one block")
    p.add_argument("--threads", type=int, default=1, help="of the engine")
    p.add_argument("--card", help="a card's name, or none; default: the first card")
    p.add_argument("--input", help="without a card: a sound file, silence, tone or tone:HZ")
    p.add_argument("--output", type=Path, help="without a card: a WAV to write")
    p.add_argument("--cpu", type=int, help="the core to keep to")
    p.add_argument("--seed", type=int, default=0, help="of the model's noise")
    return p


def build_engine(options: argparse.Namespace) -> Player:
    """The engine for the bundle that was asked for.

    Raises:
        BundleError: if it cannot be played.
    """
    from device.bundle import open_bundle
    from device.engine.engine import Engine

    bundle = open_bundle(options.bundle)
    return Engine(bundle, precision=options.precision, threads=options.threads, seed=options.seed)


def play(options: argparse.Namespace, orders: Orders, build: Build) -> None:
    """Set everything up, play until told to stop or the input is over, and tidy up.

    Raises:
        OndineError: with a sentence for the player.
    """
    params = ParamTable(options.params)
    status = Status(options.status, create=True)
    status["started_s"] = realtime.process_started_s()
    status["pid"] = os.getpid()
    with _listening(options.socket, orders):
        take_posture(status, options.cpu)
        # Here, in the loop's own thread: onnxruntime makes denormals zero only in the thread that
        # opens the process's first session.
        player = build(options)
        warm_up(player)
        with contextlib.closing(open_stream(options, player)) as stream:
            precision = getattr(player, "precision", "fp32")
            status["precision_bits"] = 8 if precision == "int8" else 32
            realtime.freeze_garbage()
            print(_opening(stream, player), flush=True)
            run(stream, player, params, status, SystemClock(), orders)
    status["stopped"] = 1.0
    print(
        f"stopped after {status['blocks']:.0f} blocks, {status['late_blocks']:.0f} late, "
        f"{status['xruns']:.0f} xruns",
        flush=True,
    )


def take_posture(status: Status, cpu: int | None) -> None:
    """Ask for everything that real time needs; say what was refused, and what that costs."""
    # Before the engine is built: its threads inherit the priority and the core.
    lines = [realtime.pin(cpu)] if cpu is not None else []
    lines += [no_priority := realtime.take_priority(), no_lock := realtime.lock_memory()]
    status["realtime"] = not no_priority
    status["locked"] = not no_lock
    for line in filter(None, lines):
        print(line, file=sys.stderr, flush=True)


def warm_up(player: Player) -> None:
    """Run a few steps on silence, so that the first real one is like all others; then reset."""
    audio_in = np.zeros((player.channels_in, player.block_frames), np.float32)
    audio_out = np.zeros((player.channels_out, player.block_frames), np.float32)
    values = default_values()
    for _ in range(WARM_UP_STEPS):
        player.process(audio_in, audio_out, values)
    player.reset()


def open_stream(options: argparse.Namespace, player: Player) -> Stream:
    """The stream that the options ask for, of the player's rate, block and channels.

    Raises:
        AudioError, ConfigError: if it cannot be had.
    """
    headroom = player.block_frames if options.headroom is None else options.headroom
    if not 1 <= headroom <= MAX_HEADROOM_FRAMES:
        raise ConfigError(
            f"a headroom of {headroom} frames is not possible; 1 to {MAX_HEADROOM_FRAMES} are. "
            f"One block, {player.block_frames}, is usual."
        )
    files = options.input or options.output
    card = options.card or ("none" if files else _first_card())
    if card != "none" and files:
        raise ConfigError("--input and --output are for playing without a card: add --card none")
    if card == "none":
        return _file_stream(options, player, headroom)
    from device.audio.alsa import AlsaStream

    return AlsaStream(
        card,
        SystemClock(),
        sample_rate_hz=player.sample_rate_hz,
        block_frames=player.block_frames,
        headroom_frames=headroom,
        channels_in=player.channels_in,
        channels_out=player.channels_out,
    )


def _file_stream(options: argparse.Namespace, player: Player, headroom: int) -> Stream:
    from device.audio.file import FileStream
    from device.audio.sink import Nowhere, WavSink
    from device.audio.sound import parse_sound

    rate_hz = player.sample_rate_hz
    sound = parse_sound(options.input or "silence", player.channels_in, rate_hz)
    sink = WavSink(options.output, player.channels_out, rate_hz) if options.output else Nowhere()
    return FileStream(
        sound,
        sink,
        SystemClock(),
        sample_rate_hz=rate_hz,
        block_frames=player.block_frames,
        headroom_frames=headroom,
        channels_out=player.channels_out,
        tail_frames=player.delay_frames,
    )


def _first_card() -> str:
    from device.audio.cards import list_cards

    cards = [card.name for card in list_cards() if card.plays]
    if not cards:
        raise AudioError(
            "there is no sound card. Plug one in, or play without: --card none --output out.wav"
        )
    return cards[0]


@contextlib.contextmanager
def _listening(path: Path | None, orders: Orders) -> Iterator[None]:
    if path is None:
        yield
        return
    with contextlib.closing(CommandSocket(path, orders)) as commands:
        yield
        if commands.refused:
            print(f"{commands.refused} commands were not understood", file=sys.stderr)


def _opening(stream: Stream, player: Player) -> str:
    block, headroom, delay = stream.block_frames, stream.headroom_frames, player.delay_frames
    total_ms = 1000.0 * (block + headroom + delay) / stream.sample_rate_hz
    return (
        f"playing at {stream.sample_rate_hz} Hz: block {block} + headroom {headroom} + "
        f"delay {delay} frames = {total_ms:.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())

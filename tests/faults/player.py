"""The program under test of the card's faults: the real loop over the real streams, and no model.

    python -m tests.faults.player FOLDER --cards sim --speed 8 ...

It plays the dry engine through `Revive` over `AlsaStream`, on the best of the cards that the
folder's `proc` lists, until SIGTERM. What it has to say of its card goes, a line each, into `said`;
its counters go into `status`.
"""

import argparse
import signal
import sys
from pathlib import Path

from device.audio import realtime
from device.audio.alsa import AlsaStream
from device.audio.cards import list_cards
from device.audio.clock import SystemClock
from device.audio.dry import Dry
from device.audio.loop import run
from device.audio.orders import Orders
from device.audio.pcm import parse_map
from device.audio.revive import Revive
from device.errors import OndineError
from device.params import ParamTable
from device.route import choose_card
from device.status import Status


def main() -> int:
    """Play; 0 if told to stop, 1 and a sentence for what cannot be played."""
    options = parser().parse_args()
    orders = Orders()
    signal.signal(signal.SIGTERM, lambda *_: setattr(orders, "stop", True))
    realtime.take_priority()
    try:
        play(options, orders)
    except OndineError as error:
        if not orders.stop:
            print(error, file=sys.stderr)
            return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="tests.faults.player", description="a loop without a model")
    p.add_argument("folder", type=Path)
    p.add_argument("--cards", default="any", help="in order of preference: sim,usb")
    p.add_argument("--rate", type=int, default=48_000)
    p.add_argument("--rates", choices=("same", "any"), default="same")
    p.add_argument("--block", type=int, default=512)
    p.add_argument("--headroom", type=int, default=2048)
    p.add_argument("--delay", type=int, default=0)
    p.add_argument("--channels-in", type=int, default=1)
    p.add_argument("--channels-out", type=int, default=2)
    p.add_argument("--map-in", type=parse_map, default=())
    p.add_argument("--map-out", type=parse_map, default=())
    p.add_argument("--speed", type=float, default=1.0)
    p.add_argument("--impatient", action="store_true", help="end if there is no card at the start")
    return p


def play(options: argparse.Namespace, orders: Orders) -> None:
    """Everything that the audio process does about its card.

    Raises:
        OndineError: if it cannot begin.
    """
    folder = options.folder
    clock = SystemClock(options.speed)
    status = Status(folder / "status", create=True)
    params = ParamTable(folder / "params", create=True)
    said = (folder / "said").open("a", buffering=1)

    def say(sentence: str) -> None:
        said.write(sentence + "\n")
        status.say("trouble", sentence)

    def alive() -> None:
        status["heartbeat_s"] = clock.now()

    def open_best() -> AlsaStream:
        wishes = options.cards.split(",")
        return AlsaStream(
            choose_card(wishes, list_cards(folder / "proc"), options.channels_in > 0),
            clock,
            sample_rate_hz=options.rate,
            block_frames=options.block,
            headroom_frames=options.headroom,
            channels_in=options.channels_in,
            channels_out=options.channels_out,
            rates=options.rates,
            map_in=options.map_in,
            map_out=options.map_out,
        )

    stream = Revive(
        open_best,
        clock,
        say=say,
        alive=alive,
        stopping=lambda: orders.stop,
        patient=not options.impatient,
    )
    engine = Dry(
        stream.sample_rate_hz,
        options.block,
        options.channels_in,
        options.channels_out,
        options.delay,
    )
    try:
        run(stream, engine, params, status, clock, orders)
    finally:
        stream.close()
        said.close()


if __name__ == "__main__":
    sys.exit(main())

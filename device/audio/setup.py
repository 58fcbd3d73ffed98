"""The options of the audio process."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device.audio.loader import Load, Settings
from device.audio.track import ANY_SERIAL
from device.errors import ConfigError
from device.provider import LADDER, Provider

MAX_HEADROOM_FRAMES = 65_536
MAX_LATENCY_FRAMES = 480_000


@dataclass(frozen=True)
class Setup:
    """What one run of the process is asked for."""

    load: Load
    spare: Load | None
    """The built-in instrument, to be fallen back to; None: a bundle that fails ends the process."""
    instead: str
    """Why `load` is played in the place of another; '' if it is not."""
    settings: Settings
    params: Path
    status: Path
    socket: Path | None
    tape: Path | None
    pads: Path | None
    """The folder of the pads' tables; None: there are no pads."""
    minutes: float
    headroom_frames: int | None
    """None: one block."""
    latency_frames: int
    """How late an instrument is at least: slower ones may be loaded later. 0: as late as it is."""
    card: str
    """A card's name, kinds as in a profile ("usb,hat"), "none", or '' for the first there is."""
    patient: bool
    map_in: tuple[int, ...]
    map_out: tuple[int, ...]
    input: str
    output: Path | None
    cpu: int | None
    keep_governor: bool
    speed: float


def read_setup(arguments: Sequence[str] | None = None) -> Setup:
    """The process's options from its command line.

    Raises:
        ConfigError: if one is out of its range, or contradicts another.
    """
    o = parser().parse_args(arguments)
    if o.headroom is not None and not 1 <= o.headroom <= MAX_HEADROOM_FRAMES:
        raise ConfigError(
            f"a headroom of {o.headroom} frames is not possible; 1 to {MAX_HEADROOM_FRAMES} are. "
            "One block is usual."
        )
    if not 0 <= o.latency <= MAX_LATENCY_FRAMES:
        raise ConfigError(
            f"a latency of {o.latency} frames is not possible; 0 to {MAX_LATENCY_FRAMES} are"
        )
    if o.card not in ("", "none") and (o.input or o.output):
        raise ConfigError("--input and --output are for playing without a card: add --card none")
    if o.provider != "cpu" and o.engines is None:
        raise ConfigError(f"--provider {o.provider} needs --engines, the folder of what was tried")
    return Setup(
        load=Load(o.bundle, o.serial, precision=o.precision, start=o.start),
        spare=Load(o.fallback) if o.fallback else None,
        instead=o.instead,
        settings=Settings(o.threads, o.seed, Provider(o.provider, o.fp16, o.engines)),
        params=o.params,
        status=o.status,
        socket=o.socket,
        tape=o.tape,
        pads=o.pads,
        minutes=o.minutes,
        headroom_frames=o.headroom,
        latency_frames=o.latency,
        card=o.card or ("none" if o.input or o.output else ""),
        patient=o.patient,
        map_in=_channels(o.map_in, "--map-in"),
        map_out=_channels(o.map_out, "--map-out"),
        input=o.input or "silence",
        output=o.output,
        cpu=o.cpu,
        keep_governor=o.keep_governor,
        speed=o.speed,
    )


def parser() -> argparse.ArgumentParser:
    """The options of the process."""
    p = argparse.ArgumentParser(prog="device.audio", description="Ondine's audio process")
    p.add_argument("--bundle", type=Path, required=True, help="the model to play")
    p.add_argument("--serial", type=int, default=ANY_SERIAL, help="which load of a bundle this is")
    p.add_argument("--fallback", type=Path, help="what to play if it fails")
    p.add_argument("--pads", type=Path, metavar="FOLDER", help="of the pads' tables")
    p.add_argument("--start", type=Path, metavar="FILE", help="what the model remembers at first")
    p.add_argument("--instead", default="", metavar="WHY", help="why it is played, not another")
    p.add_argument("--params", type=Path, required=True, help="the params table, to be read")
    p.add_argument("--status", type=Path, required=True, help="the status table, to be made")
    p.add_argument("--socket", type=Path, help="where to listen for commands")
    p.add_argument("--tape", type=Path, help="where to keep the last minutes")
    p.add_argument("--minutes", type=float, default=2.0, help="of tape")
    p.add_argument("--precision", choices=("auto", "fp32", "int8"), default="auto")
    p.add_argument("--headroom", type=int, metavar="FRAMES", help="default: one block")
    p.add_argument(
        "--latency", type=int, metavar="FRAMES", default=0, help="of the model, at least"
    )
    p.add_argument("--threads", type=int, default=1, help="of the engine")
    p.add_argument("--provider", choices=LADDER, default="cpu", help="what computes")
    p.add_argument("--fp16", action="store_true", help="let TensorRT compute with half the digits")
    p.add_argument("--engines", type=Path, metavar="FOLDER", help="what was tried and built for it")
    p.add_argument("--card", default="", help="a name, kinds such as usb,hat, or none")
    p.add_argument("--patient", action="store_true", help="wait for the card if it is not there")
    p.add_argument("--map-in", default="", metavar="N,N", help="the card's channels to hear")
    p.add_argument("--map-out", default="", metavar="N,N", help="the card's channels to play on")
    p.add_argument("--input", help="without a card: a sound file, silence, tone or tone:HZ")
    p.add_argument("--output", type=Path, help="without a card: a WAV to write")
    p.add_argument("--cpu", type=int, help="the core to keep to")
    p.add_argument("--keep-governor", action="store_true", help="leave the processor's clock be")
    p.add_argument("--seed", type=int, default=0, help="of the model's noise")
    p.add_argument("--speed", type=float, default=1.0, help="of a simulated card's clock")
    return p


def _channels(text: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise ConfigError(
            f"{option} {text} is no list of channels; give numbers from 1, such as 3,4"
        ) from None

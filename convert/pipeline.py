"""From a `.ts` to a bundle, stage by stage:

open → plan → lift → export → rewrite → hear → quantise → verify → bundle
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from convert.assemble import Piece, make_method, make_piece, make_step
from convert.delay import Delay, measure_delay
from convert.export import export
from convert.lift import Lifted, lift
from convert.model_file import ModelFile, open_model
from convert.plan import Plan, make_plan
from convert.products import emit_product
from convert.quantise import Quantised, quantise
from convert.report import measured_of
from convert.signals import calibration_audio, latent_walk
from convert.stream import cut, draw_blocks, play
from convert.timemajor import TimeMajorStep, to_time_major
from convert.timing import median_ms
from convert.verify import Parity, verify
from device import __version__
from device.bundle import Bundle, read_bundle, write_bundle
from device.manifest import Latent, Manifest, Parameter, Precision, Source

Say = Callable[[str], None]
STAGES = 9

_CALIBRATION_S, _HELD_OUT_S, _VERIFY_BLOCKS = 1.5, 2.5, 24
_SMALLEST_CALIBRATION_BLOCKS = 24
_LONGEST_DELAY_S = 1.5
_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


@dataclass(frozen=True)
class Options:
    """What the user asked for. `block_frames` None lets the model choose."""

    block_frames: int | None = None
    precision: str = "both"
    calibrate: Path | None = None
    authors: tuple[str, ...] = ()
    licence: str = "unknown"
    corpus: str = ""
    consent: str = ""


@dataclass
class Work:
    """One method on its way through the stages."""

    lifted: Lifted
    exported: onnx.ModelProto
    floating: TimeMajorStep
    calibration: np.ndarray = field(default_factory=lambda: np.zeros((1, 0), np.float32))
    held_out: np.ndarray = field(default_factory=lambda: np.zeros((1, 0), np.float32))
    quantised: Quantised | None = None
    milliseconds: dict[Precision, float] = field(default_factory=dict)
    parities: list[Parity] = field(default_factory=list)
    pieces: dict[Precision, Piece] = field(default_factory=dict)


@dataclass(frozen=True)
class Converted:
    """What came out: the bundle as written and read back, and what there is to tell of it."""

    path: Path
    bundle: Bundle
    model: ModelFile
    plan: Plan
    works: dict[str, Work]


def convert(source: Path, output: Path, options: Options, say: Say = lambda _: None) -> Converted:
    """Convert a model and write its bundle; a failure leaves no bundle behind.

    `say` is called with the name of each of the `STAGES` as it begins.

    Raises:
        ConvertError: with the reason, at whatever stage.
    """
    say("open the model")
    model = open_model(source)
    plan = make_plan(model, options.block_frames)
    say("lift: record one block")
    lifted = {name: lift(model, name, plan.block_frames) for name in plan.methods}
    say("export to ONNX")
    exported = {name: export(step) for name, step in lifted.items()}
    say("rewrite time-major")
    works = {
        name: Work(lifted[name], exported[name], _floating(exported[name])) for name in plan.methods
    }
    say("listen: calibration signals and delay")
    _signals(model, plan, works, options)
    delay = _delay(model, plan, works)
    say("quantise to int8")
    if options.precision != "fp32":
        for work in works.values():
            work.quantised = quantise(
                work.lifted, work.exported, work.floating, work.calibration, work.held_out
            )
    say("verify against the model")
    for work in works.values():
        work.parities.append(verify(model, work.lifted, work.floating, _some(work, 1)))
    say("verify at twice the block")
    for name, work in works.items():
        twice = lift(model, name, 2 * plan.block_frames)
        step = _floating(export(twice))
        work.parities.append(verify(model, twice, step, _some(work, 2)))
    say("write the bundle")
    manifest, members = _bundle(model, plan, works, options, output.stem, delay)
    write_bundle(output, manifest, members)
    return Converted(output, read_bundle(output), model, plan, works)


def _floating(exported: onnx.ModelProto) -> TimeMajorStep:
    return to_time_major(exported, lambda b, x, p: emit_product(b, x, p, "float"))


def _signals(model: ModelFile, plan: Plan, works: dict[str, Work], options: Options) -> None:
    """Give every method what it will hear: sound, latents of that sound, or a random walk."""
    rate, block = model.sample_rate_hz, plan.block_frames
    shortest = _SMALLEST_CALIBRATION_BLOCKS * block / rate
    lengths = [max(_CALIBRATION_S, shortest), max(_HELD_OUT_S, 2 * shortest)]
    first = works[plan.methods[0]].lifted.signature
    audio = calibration_audio(options.calibrate, rate, max(first.in_channels, 1), sum(lengths))
    cut_at = int(lengths[0] * rate) // block * block
    latents: np.ndarray | None = None
    for work in works.values():
        signature, steps = work.lifted.signature, work.lifted.input_shape[2]
        if signature.in_ratio == 1:
            heard = np.resize(audio, (signature.in_channels, audio.shape[1]))
        elif latents is not None and latents.shape[0] == signature.in_channels:
            heard = latents
        else:
            heard = latent_walk(signature.in_channels, audio.shape[1] // signature.in_ratio)
        at = cut_at // signature.in_ratio
        work.calibration, work.held_out = heard[:, :at], heard[:, at:]
        if signature.out_ratio > 1 and work.lifted.method == "encode":
            blocks = cut(heard, steps)
            draws = draw_blocks(work.lifted.draws, len(blocks), np.random.default_rng(6))
            # A spherical encoder answers silence with NaN, which would spoil all that follows.
            latents = np.nan_to_num(play(make_step(work.lifted, work.floating), blocks, draws))


def _some(work: Work, blocks_in_one: int) -> np.ndarray:
    """The loud beginning of what a method hears, `_VERIFY_BLOCKS` blocks of it."""
    heard = np.concatenate([work.calibration, work.held_out], 1)
    return heard[:, : _VERIFY_BLOCKS * work.lifted.input_shape[2] * blocks_in_one]


def _delay(model: ModelFile, plan: Plan, works: dict[str, Work]) -> Delay:
    """The chain's algorithmic delay; 0 for a decoder, which follows no input."""
    if plan.kind == "decoder":
        return Delay(0, "waveform")
    chain = [works[m] for m in (plan.methods if plan.kind == "autoencoder" else plan.methods[:1])]
    steps = [(work.lifted, make_step(work.lifted, work.floating)) for work in chain]

    def through(signal: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(9)  # the same each time: two answers are compared
        for lifted, step in steps:
            blocks = cut(signal, lifted.input_shape[2])
            signal = play(step, blocks, draw_blocks(lifted.draws, len(blocks), rng, sure=True))
        return signal

    longest = int(_LONGEST_DELAY_S * model.sample_rate_hz)
    return measure_delay(through, plan.channels_in, plan.block_frames, longest)


def _bundle(
    model: ModelFile,
    plan: Plan,
    works: dict[str, Work],
    options: Options,
    name: str,
    delay: Delay,
) -> tuple[Manifest, dict[str, bytes]]:
    for work in works.values():
        if options.precision != "int8":
            work.pieces["fp32"] = make_piece(work.lifted, work.floating, "fp32")
        kept = {knob.parameter.id for knob in work.lifted.knobs}
        step = make_step(work.lifted, work.floating)
        work.milliseconds["fp32"] = median_ms(step, keep=kept)
        if work.quantised:
            small = work.quantised.step
            work.pieces["int8"] = make_piece(work.lifted, small, "int8")
            step = make_step(work.lifted, small, "int8")
            work.milliseconds["int8"] = median_ms(step, keep=kept)
    total = {p: sum(w.milliseconds.get(p, np.inf) for w in works.values()) for p in _PRECISIONS}
    present = next(iter(works.values())).pieces
    manifest = Manifest(
        name=name, kind=plan.kind, sample_rate_hz=model.sample_rate_hz,
        block_frames=plan.block_frames, hop_frames=plan.hop_frames,
        channels_in=plan.channels_in, channels_out=plan.channels_out,
        latent_size=plan.latent_size, delay_frames=delay.frames,
        methods={n: make_method(w.lifted, w.pieces) for n, w in works.items()},
        recommended=min(present, key=lambda p: total[p]),
        latents=_latents(plan, works), parameters=_parameters(works),
        authors=options.authors, licence=options.licence,
        corpus=options.corpus, consent=options.consent,
        source=Source(model.path.name, model.sha256, __version__),
    )  # fmt: skip
    measured: dict[str, Any] = {n: measured_of(w) for n, w in works.items()}
    measured["delay_found_by"] = delay.found_by
    manifest = dataclasses.replace(manifest, measured=measured)
    members: dict[str, bytes] = {}
    for work in works.values():
        for piece in work.pieces.values():
            members |= piece.members
    return manifest, members


def _parameters(works: dict[str, Work]) -> tuple[Parameter, ...]:
    """The knobs of all methods, each once, in the file's order."""
    found = {k.parameter.id: k.parameter for work in works.values() for k in work.lifted.knobs}
    return tuple(found.values())


def _latents(plan: Plan, works: dict[str, Work]) -> tuple[Latent, ...]:
    """Label and range of each latent, as seen while listening."""
    if not plan.latent_size or "decode" not in works:
        return ()
    seen = np.concatenate([works["decode"].calibration, works["decode"].held_out], 1)
    low, high = np.nanpercentile(seen, [1, 99], axis=1)
    labels: tuple[str, ...] = works["encode"].lifted.signature.labels if "encode" in works else ()
    if len(labels) != plan.latent_size:
        labels = tuple(f"latent {i}" for i in range(plan.latent_size))
    return tuple(
        # nn~ exports mark every label of a signal so.
        Latent(label.removeprefix("(signal) "), round(float(a), 3), round(float(b), 3))
        for label, a, b in zip(labels, low, high, strict=True)
    )

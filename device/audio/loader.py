"""Loading: from a bundle's file to a warm track of the stream's shape. May take seconds.

Before the music in the loop's own thread, and during it in the stagehand's.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from device.audio.cost import Cost
from device.audio.fit import Shape, fit
from device.audio.player import Player
from device.audio.start import Start
from device.audio.track import ANY_SERIAL, Track
from device.bundle import open_bundle
from device.engine.engine import Engine
from device.errors import AudioError, BundleError
from device.manifest import Manifest, Precision, fingerprint
from device.params import default_values
from device.provider import CPU, Provider
from device.rung import Rung

WARM_UP_STEPS = 8
_PATTERN_BLOCKS = 24
"""Among so many blocks of a stream is one with the most steps that one may have, at least."""


@dataclass(frozen=True)
class Load:
    """What to load. `fingerprint`, if given, is that of the manifest that was admitted.

    `latency` says what happens to the stream's: `keep` refuses a bundle that needs more, `free`
    takes what the bundle needs.
    """

    bundle: Path
    serial: int = ANY_SERIAL
    fingerprint: str = ""
    precision: Literal["auto"] | Precision = "auto"
    latency: Literal["keep", "free"] = "keep"
    start: Path | None = None
    """A file that says what it begins with; None: its defaults."""
    seed: int | None = None
    """Of its noise; None: the stream's."""


@dataclass(frozen=True)
class Settings:
    """How every engine of this process runs."""

    threads: int = 1
    seed: int = 0
    provider: Provider = CPU
    """What is asked for; a bundle that was not tried with it is computed by the processor."""


def open_engine(load: Load, settings: Settings, *, gently: bool = False) -> Engine:
    """The engine for a bundle; `gently` while another plays.

    Raises:
        BundleError: if it cannot be read or loaded, or is not the one that was admitted.
        ConfigError: if it makes no sound, or has no graphs of this precision.
    """
    try:
        bundle = open_bundle(load.bundle)
        if load.fingerprint and fingerprint(bundle.manifest) != load.fingerprint:
            raise BundleError(f"{load.bundle} has changed since it was looked at; load it again")
        return Engine(
            bundle,
            precision=load.precision,
            threads=settings.threads,
            seed=settings.seed if load.seed is None else load.seed,
            gently=gently,
            provider=_provider(bundle.manifest, load, settings),
        )
    except MemoryError:
        raise BundleError(f"there is not enough memory for {load.bundle.name}") from None


def _provider(m: Manifest, load: Load, settings: Settings) -> Provider:
    """What computes a bundle: what is asked for, if the bundle was tried with it."""
    if settings.provider.name == "cpu":
        return CPU
    # Not before: a start on the processor has no time to read it.
    from device.admission.prepared import admitted_provider

    return admitted_provider(m, settings.provider, load.precision)


def make_track(
    player: Player, load: Load, rung: Rung, shape: Shape, latency_frames: int = 0
) -> Track:
    """A warm track: `player` fitted to a stream of `shape`, at least `latency_frames` late.

    Raises:
        ConfigError: if it cannot be fitted.
    """
    fitted = fit(player, shape, latency_frames)
    manifest = getattr(player, "manifest", None)
    own = default_values(manifest)
    return Track(
        fitted,
        rung,
        name=manifest.name if manifest else load.bundle.stem,
        path=str(load.bundle),
        serial=load.serial,
        precision=getattr(player, "precision", "fp32"),
        computed_by=getattr(player, "computed_by", ""),
        cost=warm_up(fitted, player, own),
        engine=player if isinstance(player, Engine) else None,
        free=player.close if isinstance(player, Engine) else lambda: None,
        own=own,
    )


def begin_as_told(track: Track, start: Start) -> None:
    """Let a warm track begin with other values than its defaults, and with what it remembers.

    Raises:
        BundleError: if that is of another model.
    """
    for slot, value in start.values.items():
        track.own[slot] = value
    if start.caches and track.engine is not None:
        track.engine.go_on_from(start.caches)


def warm_up(fitted: Player, player: Player, params: np.ndarray) -> Cost:
    """Run some blocks of silence, so that the first real one is like all others; then reset.

    `params` [SLOTS] are the player's defaults. Where blocks are unlike, a player's steps come in
    some of the stream's blocks and not in others: that begins alike after every reset, so each
    place in it can be measured several times. The machine may have been busy, and the first are
    cold: the best of each is what it takes.
    """
    blocks = max(_PATTERN_BLOCKS, 2 * player.block_frames // fitted.block_frames)
    rounds, blocks = (WARM_UP_STEPS, 1) if fitted is player else (3, blocks)
    audio_in = np.zeros((fitted.channels_in, fitted.block_frames), np.float32)
    audio_out = np.zeros((fitted.channels_out, fitted.block_frames), np.float32)
    took = np.zeros((rounds, blocks))
    for again in range(rounds):
        for block in range(blocks):
            began_s = time.perf_counter()
            fitted.process(audio_in, audio_out, params)
            took[again, block] = time.perf_counter() - began_s
        fitted.reset()
    best = took.min(axis=0)
    return Cost(float(best.max()), float(best.mean()))


def refuse_latency(name: str, needed: int, promised: int, shape: Shape) -> AudioError:
    """Why a bundle that is later than the stream's promise is not let in."""
    needed_ms, promised_ms = (1000.0 * n / shape.sample_rate_hz for n in (needed, promised))
    return AudioError(
        f"{name} is {needed_ms:.1f} ms late by itself, and this stream was started for "
        f"{promised_ms:.1f} ms. Load it with --latency free, or start with it"
    )

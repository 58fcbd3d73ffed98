"""Rendering: a sound through an instrument, as fast as the machine can, by the stage's own engine.

The same blocks meet the same engine and the same seeded noise, so what is rendered is what would be
heard, to the sample; only the wait is gone. By default the model's delay is taken off, so that the
output lies over the input in an editor:

    in       |▁▂▅▇▅▂▁________|
    engine   |......▁▂▅▇▅▂▁__|      delay_frames later
    aligned  |▁▂▅▇▅▂▁________|      align=True: as long as the input
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from device.audio.sound import load_sound
from device.bundle import Bundle, open_bundle
from device.engine.engine import Engine
from device.errors import AudioError, ConfigError
from device.manifest import Precision
from device.params import default_values

Progress = Callable[[float], None]
"""Called with the share done, 0..1, about a hundred times."""


class Script(Protocol):
    """What moves parameters over time; `device.control.timeline.Timeline` is one."""

    def values_at(self, time_s: float, into: np.ndarray) -> None:
        """Write the values at `time_s` into float32 `into` [SLOTS]."""


@dataclass(frozen=True)
class Rendered:
    """A rendered sound, float32 [channels_out, frames], and what happened on the way."""

    audio: np.ndarray
    sample_rate_hz: int
    precision: Precision
    blocks: int
    limited_blocks: int
    repaired_blocks: int


def render(
    bundle: Bundle,
    audio_in: np.ndarray,
    *,
    timeline: Script | None = None,
    precision: Literal["auto"] | Precision = "auto",
    seed: int = 0,
    params: np.ndarray | None = None,
    align: bool = True,
    progress: Progress | None = None,
) -> Rendered:
    """Send float32 `audio_in` [channels_in, frames], at the bundle's rate, through it.

    `params` [SLOTS] hold where `timeline` says nothing. Aligned output is as long as the input;
    otherwise it begins with the model's delay and is longer by it. A model without inputs takes
    an `audio_in` of [0, frames] for its length.

    Raises:
        ConfigError: if the sound is empty or has other channels than the model, or the engine's.
        BundleError: if the bundle cannot be played.
    """
    m = bundle.manifest
    if audio_in.ndim != 2 or audio_in.shape[0] != m.channels_in or audio_in.shape[1] == 0:
        raise ConfigError(
            f"the sound is {list(audio_in.shape)}; {m.name} wants [{m.channels_in}, frames] with "
            "at least one frame"
        )
    engine = Engine(bundle, precision=precision, seed=seed)
    block, delay, frames = m.block_frames, m.delay_frames, audio_in.shape[1]
    blocks = -(-(frames + delay) // block)
    out = np.zeros((m.channels_out, blocks * block), np.float32)
    values = default_values(m) if params is None else params.astype(np.float32)
    heard = np.zeros((m.channels_in, block), np.float32)
    limited = repaired = 0
    for k in range(blocks):
        at = k * block
        piece = audio_in[:, at : at + block]
        heard[:, : piece.shape[1]] = piece
        heard[:, piece.shape[1] :] = 0.0
        if timeline is not None:
            timeline.values_at(at / m.sample_rate_hz, values)
        engine.process(heard, out[:, at : at + block], values)
        limited += engine.limited
        repaired += engine.repaired
        if progress is not None and (k + 1) * 100 // blocks != k * 100 // blocks:
            progress((k + 1) / blocks)
    audio = out[:, delay : delay + frames] if align else out[:, : delay + frames]
    return Rendered(audio, m.sample_rate_hz, engine.precision, blocks, limited, repaired)


def render_file(
    bundle_path: Path,
    in_wav: Path,
    out_wav: Path,
    *,
    timeline: Script | None = None,
    precision: Literal["auto"] | Precision = "auto",
    seed: int = 0,
    params: np.ndarray | None = None,
    align: bool = True,
    as_float: bool = False,
    progress: Progress | None = None,
) -> Rendered:
    """Render a sound file into a WAV of the bundle's rate and channels; see `render`.

    The input may have any rate and channels. The output has 24 bits, or is float32 `as_float`, and
    takes the place of an older file only when it is whole.

    Raises:
        AudioError: if the input cannot be read, is empty or too long, or the output not written.
        BundleError, ConfigError: as `render`.
    """
    _check_place(out_wav)
    bundle = open_bundle(bundle_path)
    m = bundle.manifest
    sound = load_sound(in_wav, m.channels_in, m.sample_rate_hz)
    rendered = render(
        bundle,
        sound.audio,
        timeline=timeline,
        precision=precision,
        seed=seed,
        params=params,
        align=align,
        progress=progress,
    )
    write_wav(out_wav, rendered.audio, m.sample_rate_hz, as_float=as_float)
    return rendered


def write_wav(
    path: Path, audio: np.ndarray, sample_rate_hz: int, *, as_float: bool = False
) -> None:
    """Write float32 `audio` [channels, frames] as a WAV: the whole file, or the old one stays.

    Raises:
        AudioError: if it cannot be written there.
    """
    import soundfile

    _check_place(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("w+b") as file:
            subtype = "FLOAT" if as_float else "PCM_24"
            soundfile.write(file, audio.T, sample_rate_hz, subtype=subtype, format="WAV")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"cannot write {path} ({reason}). Choose another place.") from None
    finally:
        temporary.unlink(missing_ok=True)


def _check_place(path: Path) -> None:
    """Say so before minutes of work, not after them."""
    if path.suffix.lower() != ".wav":
        raise AudioError(f"cannot write {path}: only WAV is written. End its name in .wav.")
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise AudioError(f"cannot write {path}: {what}. Choose another place.")
    if not os.access(path.parent, os.W_OK):
        raise AudioError(f"cannot write {path}: {path.parent} is read-only. Choose another place.")

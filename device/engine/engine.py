"""The engine: one block of sound through a model, with everything a stage needs around it.

    in ─► input gain ─► guard ─┬─► encode ─► latent edits ─► decode ─► repair ─► wet ┐
                               └─► delay_frames ──────────────────────────────► dry ┴► mix ─┐
    out ◄─ limiter ◄─ output gain ◄─ DC blocker ◄───────────────────────────────────────────┘

The DC blocker comes after the mix: it turns the phase of the lowest notes a little, and dry and
wet are turned alike. Nothing here allocates once it has been built, and no stage but the model adds
latency.
"""

from typing import Literal

import numpy as np

from device.bundle import Bundle
from device.engine.chain import Caches, Chain, played
from device.engine.guard import Repair
from device.engine.mix import DryPath, crossfade
from device.engine.step import Start
from device.engine.strip import Strip
from device.errors import BundleError, ConfigError
from device.manifest import Manifest, Precision
from device.provider import CPU, Provider, in_words


class Engine:
    """Plays one bundle. `peak_in`, `peak_out`, `limited` and `repaired` tell of the last block.

    `peak_in` is what the model hears, after input gain and guard; `peak_out` is what leaves.
    `repaired` is True if the model gave NaN, Inf or an error: the block was muted and the caches
    are new.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        precision: Literal["auto"] | Precision = "auto",
        threads: int = 1,
        seed: int = 0,
        gently: bool = False,
        provider: Provider = CPU,
    ) -> None:
        """Load a bundle; `auto` is the precision that its conversion recommends.

        `gently` is for loading while other threads play, at the cost of memory (`Step`).
        `self.provider` tells what really computes, `self.computed_by` in words.

        Raises:
            ConfigError: if the bundle makes no sound or has no graphs of this precision.
            BundleError: if its graphs cannot be loaded or do not fit together.
        """
        m = self.manifest = bundle.manifest
        if threads < 1 or seed < 0:
            raise ConfigError(f"threads is {threads} (1 or more), seed is {seed} (0 or more)")
        block, rate, channels = m.block_frames, m.sample_rate_hz, m.channels_out
        self.sample_rate_hz, self.block_frames = rate, block
        self.channels_in, self.channels_out = m.channels_in, channels
        self.delay_frames = m.delay_frames
        self.precision: Precision = _recommended(m, provider) if precision == "auto" else precision
        self.peak_in = self.peak_out = 0.0
        self.limited = self.repaired = False

        self._strip = Strip(rate, block, m.channels_in, channels, m)
        self._chain = Chain(bundle, self.precision, threads, seed, gently, provider)
        self.provider = self._chain.provider
        self.computed_by = in_words(provider, self.provider)
        self._repair = Repair(channels, block, rate)
        self._dry = DryPath(m.channels_in, channels, block, m.delay_frames)
        self._mix = np.zeros((channels, block), np.float32)
        self._start: Start = "zero"

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One step: float32 `audio_in` [channels_in, block] to `audio_out` [channels_out, block].

        `params` is the table, float32 [SLOTS]; what is out of range is clamped, and what is not
        finite keeps its last value. The output is finite, free of DC and within the ceiling,
        whatever comes in.
        """
        with np.errstate(all="ignore"):
            strip, heard, wet, mix = self._strip, self._chain.heard, self._chain.wet, self._mix
            values = strip.begin(params)
            strip.hear(audio_in, heard)
            self._dry.push(heard)
            self.repaired = not self._play(values)
            crossfade(wet, self._dry.block, strip.wet_share, strip.dry_share, mix)
            strip.leave(mix, audio_out)
            self.peak_in, self.peak_out, self.limited = strip.peak_in, strip.peak_out, strip.limited

    def reset(self, start: Start = "zero") -> None:
        """Back to the first block: caches at zero or as exported, and the same noise again."""
        self._start = start
        self._chain.reset(start)
        for part in (self._strip, self._repair, self._dry):
            part.reset()
        self.peak_in = self.peak_out = 0.0
        self.limited = self.repaired = False

    def warm_up(self, blocks: int = 3) -> None:
        """Play silence, so that the first block of music costs what the later ones do; resets."""
        silence = np.zeros((self.channels_in, self.block_frames), np.float32)
        unheard = np.zeros((self.channels_out, self.block_frames), np.float32)
        for _ in range(blocks):
            self.process(silence, unheard, self._strip.values)
        self.reset(self._start)

    def caches(self) -> dict[tuple[str, str], np.ndarray]:
        """Copies of what the model remembers, by method and state."""
        return {key: array.copy() for key, array in self._chain.caches().items()}

    def remember(self, caches: Caches) -> None:
        """Copy what the model remembers into arrays such as `caches` gave. Allocates nothing."""
        self._chain.remember(caches)

    def go_on_from(self, caches: Caches) -> None:
        """Let the next block be played from what was remembered.

        Raises:
            BundleError: if it is not of this model.
        """
        live = self._chain.caches()
        there = {key: (array.shape, array.dtype) for key, array in live.items()}
        if there != {key: (array.shape, array.dtype) for key, array in caches.items()}:
            raise BundleError(
                f"what the scene remembers is not of {self.manifest.name} ({self.precision}) as it "
                "is today; save the scene again"
            )
        for key, array in caches.items():
            np.copyto(live[key], array)

    def close(self) -> None:
        """Let go of the model's memory, piece by piece. It cannot be played any more."""
        self._chain.close()

    def _play(self, params: np.ndarray) -> bool:
        """The model's step; False if it could not be played and was covered."""
        try:
            self._chain.run(params)
        except Exception:  # onnxruntime raises many unrelated types; sound goes on without
            self._repair.mute(self._chain.wet)
            self._chain.forget(self._start)
            return False
        if self._repair.check(self._chain.wet):
            return True
        self._chain.forget(self._start)
        return False


def _recommended(m: Manifest, provider: Provider) -> Precision:
    """The recommended precision, if the methods that are played have it at all.

    It was recommended for a processor. On a graphics card nothing of int8 as we write it is done,
    and each such node would be computed beside it.
    """
    graphs: dict[Precision, None] = {}
    for name in played(m):
        graphs |= dict.fromkeys(m.methods[name].graphs if name else ())
    wanted = m.recommended if provider.name == "cpu" else "fp32"
    return wanted if wanted in graphs else next(iter(graphs))

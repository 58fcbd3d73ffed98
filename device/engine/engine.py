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
from device.engine.chain import Chain, played
from device.engine.dc import DcBlocker
from device.engine.guard import Guard, Repair
from device.engine.limiter import Limiter
from device.engine.mix import DryPath, crossfade
from device.engine.smoothing import Glide
from device.engine.step import Start
from device.errors import ConfigError
from device.manifest import Manifest, Precision
from device.params import FIXED, SLOTS, default_values, specs_of

_INPUT_GAIN, _OUTPUT_GAIN, _DRY_WET, _CEILING = (
    FIXED[id].slot for id in ("input_gain_db", "output_gain_db", "dry_wet", "limiter_ceiling_db")
)


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
    ) -> None:
        """Load a bundle; `auto` is the precision that its conversion recommends.

        Raises:
            ConfigError: if the bundle makes no sound or has no graphs of this precision.
            BundleError: if its graphs cannot be loaded or do not fit together.
        """
        m = bundle.manifest
        if threads < 1 or seed < 0:
            raise ConfigError(f"threads is {threads} (1 or more), seed is {seed} (0 or more)")
        block, rate, channels = m.block_frames, m.sample_rate_hz, m.channels_out
        self.sample_rate_hz, self.block_frames = rate, block
        self.channels_in, self.channels_out = m.channels_in, channels
        self.delay_frames = m.delay_frames
        self.precision: Precision = _recommended(m) if precision == "auto" else precision
        self.peak_in = self.peak_out = 0.0
        self.limited = self.repaired = False

        self._params = _Settings(m)
        self._gains = Glide(4, block, 1.0 / rate)
        self._targets = np.zeros(4)
        self._guard = Guard(m.channels_in, block)
        self._chain = Chain(bundle, self.precision, threads, seed)
        self._repair = Repair(channels, block, rate)
        self._dry = DryPath(m.channels_in, channels, block, m.delay_frames)
        self._dc = DcBlocker(channels, block, rate)
        self._limiter = Limiter(channels, block, rate)
        self._mix = np.zeros((channels, block), np.float32)
        self._start: Start = "zero"

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One step: float32 `audio_in` [channels_in, block] to `audio_out` [channels_out, block].

        `params` is the table, float32 [SLOTS]; what is out of range is clamped, and what is not
        finite keeps its last value. The output is finite, free of DC and within the ceiling,
        whatever comes in.
        """
        with np.errstate(all="ignore"):
            values = self._params.read(params)
            ceiling = self._set_gains(values)
            input_gain, output_gain, wet_share, dry_share = self._gains.values
            heard, wet, mix = self._chain.heard, self._chain.wet, self._mix

            np.multiply(audio_in, input_gain, out=heard)
            self.peak_in = self._guard.clean(heard)
            self._dry.push(heard)
            self.repaired = not self._play(values)
            crossfade(wet, self._dry.block, wet_share, dry_share, mix)
            self._dc.process(mix)
            np.multiply(mix, output_gain, out=audio_out)
            self.peak_out, self.limited = self._limiter.process(audio_out, ceiling)

    def reset(self, start: Start = "zero") -> None:
        """Back to the first block: caches at zero or as exported, and the same noise again."""
        self._start = start
        self._chain.reset(start)
        for part in (self._params, self._gains, self._repair, self._dry, self._dc, self._limiter):
            part.reset()
        self.peak_in = self.peak_out = 0.0
        self.limited = self.repaired = False

    def warm_up(self, blocks: int = 3) -> None:
        """Play silence, so that the first block of music costs what the later ones do; resets."""
        silence = np.zeros((self.channels_in, self.block_frames), np.float32)
        unheard = np.zeros((self.channels_out, self.block_frames), np.float32)
        for _ in range(blocks):
            self.process(silence, unheard, self._params.values)
        self.reset(self._start)

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

    def _set_gains(self, params: np.ndarray) -> float:
        """Move the gains towards the params' and return the ceiling, linear."""
        share = params.item(_DRY_WET)
        self._targets[0] = 10.0 ** (params.item(_INPUT_GAIN) / 20.0)
        self._targets[1] = 10.0 ** (params.item(_OUTPUT_GAIN) / 20.0)
        self._targets[2] = share
        self._targets[3] = 1.0 - share
        self._gains.move(self._targets)
        return float(10.0 ** (params.item(_CEILING) / 20.0))


class _Settings:
    """The params as the engine may use them: every one finite and in its range."""

    def __init__(self, m: Manifest) -> None:
        specs = (FIXED | specs_of(m)).values()
        self._defaults = default_values(m)
        self.values = self._defaults.copy()
        self._low = np.zeros(SLOTS, np.float32)
        self._high = np.zeros(SLOTS, np.float32)
        for spec in specs:
            self._low[spec.slot], self._high[spec.slot] = spec.minimum, spec.maximum
        self._finite = np.zeros(SLOTS, bool)

    def read(self, params: np.ndarray) -> np.ndarray:
        """Take over what is finite in `params` [SLOTS], clamped; returns all values."""
        np.isfinite(params, out=self._finite)
        np.copyto(self.values, params, where=self._finite)
        np.maximum(self.values, self._low, out=self.values)
        np.minimum(self.values, self._high, out=self.values)
        return self.values

    def reset(self) -> None:
        """Back to the defaults, for what is never finite."""
        np.copyto(self.values, self._defaults)


def _recommended(m: Manifest) -> Precision:
    """The recommended precision, if the methods that are played have it at all."""
    graphs: dict[Precision, None] = {}
    for name in played(m):
        graphs |= dict.fromkeys(m.methods[name].graphs if name else ())
    return m.recommended if m.recommended in graphs else next(iter(graphs))

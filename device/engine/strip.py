"""The strip: what stands before and behind every model, and what the stage relies on.

    in ─► input gain ─► guard ─► heard         mix ─► DC blocker ─► output gain ─► limiter ─► out

Nothing here allocates once it has been built, and nothing adds latency.
"""

import numpy as np

from device.engine.dc import DcBlocker
from device.engine.guard import Guard
from device.engine.limiter import Limiter
from device.engine.smoothing import Glide
from device.manifest import Manifest
from device.params import FIXED, SLOTS, default_values, specs_of

_INPUT_GAIN, _OUTPUT_GAIN, _DRY_WET, _CEILING = (
    FIXED[id].slot for id in ("input_gain_db", "output_gain_db", "dry_wet", "limiter_ceiling_db")
)
_SILENT_DB = FIXED["output_gain_db"].minimum
"""An output at its lowest is silent, as a fader is: panic, and the end of the box's last fade."""


class Strip:
    """For one stream of blocks: call `begin`, then `hear`, then `leave`, once a block each."""

    def __init__(
        self,
        sample_rate_hz: int,
        block_frames: int,
        channels_in: int,
        channels_out: int,
        manifest: Manifest | None = None,
    ) -> None:
        """`manifest` describes the parameters that a bundle adds."""
        self._settings = _Settings(manifest)
        self._gains = Glide(4, block_frames, 1.0 / sample_rate_hz)
        self._targets = np.zeros(4)
        self._ceiling = 1.0
        self._guard = Guard(channels_in, block_frames)
        self._dc = DcBlocker(channels_out, block_frames, sample_rate_hz)
        self._limiter = Limiter(channels_out, block_frames, sample_rate_hz)
        self.peak_in = self.peak_out = 0.0
        self.limited = False
        self.wet_share, self.dry_share = self._gains.values[2:4]
        """Float32 [block]: the mix, per frame."""

    def begin(self, params: np.ndarray) -> np.ndarray:
        """Take over the table `params` [SLOTS]; returns it finite and in range."""
        values = self._settings.read(params)
        share = values.item(_DRY_WET)
        self._targets[0] = 10.0 ** (values.item(_INPUT_GAIN) / 20.0)
        output_db = values.item(_OUTPUT_GAIN)
        self._targets[1] = 0.0 if output_db <= _SILENT_DB else 10.0 ** (output_db / 20.0)
        self._targets[2] = share
        self._targets[3] = 1.0 - share
        self._gains.move(self._targets)
        self._ceiling = float(10.0 ** (values.item(_CEILING) / 20.0))
        return values

    def hear(self, audio_in: np.ndarray, heard: np.ndarray) -> None:
        """`audio_in` [channels_in, block] to `heard`: at the input gain, finite, of sane size."""
        np.multiply(audio_in, self._gains.values[0], out=heard)
        self.peak_in = self._guard.clean(heard)

    def leave(self, mix: np.ndarray, audio_out: np.ndarray) -> None:
        """Finite `mix` [channels_out, block] to `audio_out`, without DC and within the ceiling."""
        self._dc.process(mix)
        np.multiply(mix, self._gains.values[1], out=audio_out)
        self.peak_out, self.limited = self._limiter.process(audio_out, self._ceiling)

    def reset(self) -> None:
        """Forget what was heard, and where the gains were."""
        for part in (self._settings, self._gains, self._dc, self._limiter):
            part.reset()
        self.peak_in = self.peak_out = 0.0
        self.limited = False

    @property
    def values(self) -> np.ndarray:
        """The parameters as last taken over, float32 [SLOTS]."""
        return self._settings.values


class _Settings:
    """The params as the engine may use them: every one finite and in its range."""

    def __init__(self, m: Manifest | None) -> None:
        specs = (FIXED | specs_of(m) if m else FIXED).values()
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

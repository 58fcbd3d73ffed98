"""The params table: where control meets audio, one plain table of float32 in shared memory.

The layout never depends on the bundle, so control and audio agree whatever is loaded:

    header (64 bytes)                      slots (float32)
    magic u32 | version u32 | sequence u64 input_gain_db, …, latent_bias_0 …, model_0 …

A writer makes the sequence odd, writes, and makes it even (a seqlock). A reader that meets an odd
or changed sequence keeps the values it had: it never waits, and a bundle of changes is seen whole.
"""

import math
import mmap
import os
import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from device.errors import ControlError
from device.manifest import LATENT_PREFIXES, MAX_LATENTS, MAX_PARAMETERS, Manifest

if TYPE_CHECKING:
    import numpy as np  # not read with this file: control lays a table before it reads numpy

Warp = Literal["linear", "exponential"]

_HEADER_BYTES = 64
_MAGIC = 0x4F4E4431  # "OND1"
_VERSION = 2
_HEADER = struct.Struct("=IIQ")


@dataclass(frozen=True)
class ParamSpec:
    """One parameter: its readable id, natural range, how a 0..1 control maps to it, its slot."""

    id: str
    label: str
    minimum: float
    maximum: float
    default: float
    unit: str = ""
    warp: Warp = "linear"
    slot: int = 0
    group: str = ""
    """What it is shown with: level, instrument, latent bias, latent scale, macro."""

    def clamp(self, value: float) -> float:
        """The nearest allowed value, in units."""
        return min(max(value, self.minimum), self.maximum)

    def value(self, raw: float) -> float:
        """Map a control's 0..1 to the natural range."""
        raw = min(max(raw, 0.0), 1.0)
        if raw == 1.0:  # Rounding must not keep a knob at its end from the end of the range.
            return self.maximum
        if self.warp == "exponential":
            return self.minimum * (self.maximum / self.minimum) ** raw
        return self.minimum + raw * (self.maximum - self.minimum)

    def raw(self, value: float) -> float:
        """Where a control stands, 0..1, that gives this value: the inverse of `value`."""
        value = self.clamp(value)
        if self.warp == "exponential":
            return math.log(value / self.minimum) / math.log(self.maximum / self.minimum)
        return (value - self.minimum) / (self.maximum - self.minimum)


def _fixed() -> list[ParamSpec]:
    own = [
        ParamSpec("input_gain_db", "Input gain", -60.0, 24.0, 0.0, "dB", group="level"),
        ParamSpec("output_gain_db", "Output gain", -60.0, 12.0, 0.0, "dB", group="level"),
        ParamSpec("dry_wet", "Dry / wet", 0.0, 1.0, 1.0, group="level"),
        ParamSpec("noise_amount", "Noise amount", 0.0, 2.0, 1.0, group="instrument"),
        ParamSpec("limiter_ceiling_db", "Limiter ceiling", -24.0, 0.0, -1.0, "dB", group="level"),
    ]
    own += [
        ParamSpec(f"latent_bias_{i}", f"Latent {i} bias", -6.0, 6.0, 0.0, group="latent bias")
        for i in range(MAX_LATENTS)
    ]
    own += [
        ParamSpec(f"latent_scale_{i}", f"Latent {i} scale", -4.0, 4.0, 1.0, group="latent scale")
        for i in range(MAX_LATENTS)
    ]
    return own


_SPECS = tuple(replace(spec, slot=slot) for slot, spec in enumerate(_fixed()))
FIXED: dict[str, ParamSpec] = {spec.id: spec for spec in _SPECS}
"""The engine's own parameters by id, whatever bundle is loaded."""

LATENT_BIAS = slice(FIXED["latent_bias_0"].slot, FIXED["latent_bias_0"].slot + MAX_LATENTS)
LATENT_SCALE = slice(FIXED["latent_scale_0"].slot, FIXED["latent_scale_0"].slot + MAX_LATENTS)
MODEL = slice(len(_SPECS), len(_SPECS) + MAX_PARAMETERS)
SERIAL = MODEL.stop
"""Which load of a bundle the latents' and the model's slots are meant for: a whole number that
control counts up. Until it is that of the bundle that plays, they are still the last bundle's."""
SLOTS = SERIAL + 1


def specs_of(manifest: Manifest) -> dict[str, ParamSpec]:
    """Every parameter that plays with this bundle, by id: fixed, its latents', and its own."""
    specs = {
        id: spec
        for id, spec in FIXED.items()
        if not id.startswith(LATENT_PREFIXES) or int(id.rsplit("_", 1)[1]) < manifest.latent_size
    }
    for i, p in enumerate(manifest.parameters[:MAX_PARAMETERS]):
        specs[p.id] = ParamSpec(
            id=p.id,
            label=p.label,
            minimum=p.minimum,
            maximum=p.maximum,
            default=p.default,
            unit=p.unit,
            warp=p.warp,
            slot=MODEL.start + i,
            group="instrument",
        )
    return specs


def default_values(manifest: Manifest | None = None) -> "np.ndarray":
    """A float32 array [SLOTS] of every parameter's default."""
    import numpy as np

    values = np.zeros(SLOTS, np.float32)
    for spec in (specs_of(manifest) | FIXED if manifest else FIXED).values():
        values[spec.slot] = spec.default
    return values


def make_table(path: Path, values: Mapping[int, float] | None = None) -> None:
    """Make a table afresh at `path`: `values` by slot, and elsewhere the defaults.

    Raises:
        ControlError: if it cannot be written.
    """
    slots = array("f", bytes(4 * SLOTS))
    for spec in _SPECS:
        slots[spec.slot] = spec.default
    for slot, value in (values or {}).items():
        slots[slot] = value
    data = _HEADER.pack(_MAGIC, _VERSION, 0).ljust(_HEADER_BYTES, b"\0") + slots.tobytes()
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o660)
        try:
            # In the file that is there: who has mapped it goes on reading it.
            os.ftruncate(fd, len(data))
            os.pwrite(fd, data, 0)
        finally:
            os.close(fd)
    except OSError as error:
        raise ControlError(f"cannot open the params table {path}: {error.strerror}") from None


class ParamTable:
    """The shared table. Control calls `write`; audio calls `read_into` once a block."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Map the table at `path` (a file in a memory file system); `create` makes it afresh.

        Raises:
            ControlError: if the file is missing or is not a params table of this version.
        """
        import numpy as np

        size = _HEADER_BYTES + 4 * SLOTS
        if create:
            make_table(path)
        try:
            fd = os.open(path, os.O_RDWR)
            try:
                if os.fstat(fd).st_size != size:
                    raise ControlError(f"{path} is no params table of this version; restart Ondine")
                self._map = mmap.mmap(fd, size)
            finally:
                os.close(fd)
        except OSError as error:
            raise ControlError(f"cannot open the params table {path}: {error.strerror}") from None
        head = np.frombuffer(self._map, np.uint32, 2)
        self._sequence = np.frombuffer(self._map, np.uint64, 1, 8)
        self._values = np.frombuffer(self._map, np.float32, SLOTS, _HEADER_BYTES)
        self._scratch = np.zeros(SLOTS, np.float32)
        self._copy = np.copyto
        if head[0] != _MAGIC or head[1] != _VERSION:
            raise ControlError(f"{path} is no params table of this version; restart Ondine")

    def write(self, changes: dict[int, float]) -> None:
        """Set slots to values, all seen together by the reader. Values must be finite."""
        # Made odd, not merely one more: a writer that died in the middle left an odd one behind.
        odd = int(self._sequence[0]) | 1
        self._sequence[0] = odd
        for slot, value in changes.items():
            self._values[slot] = value
        self._sequence[0] = odd + 1

    def read_into(self, values: "np.ndarray") -> None:
        """Copy the table into float32 `values` [SLOTS]; leaves it be while a write is under way."""
        before = int(self._sequence[0])
        if before & 1:
            return
        self._copy(self._scratch, self._values)
        if int(self._sequence[0]) == before:
            self._copy(values, self._scratch)

    def values(self) -> "np.ndarray":
        """A copy of every slot, float32 [SLOTS]."""
        return self._values.copy()

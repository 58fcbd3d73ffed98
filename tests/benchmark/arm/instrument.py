"""An instrument that ships, and what counts say that a block of it needs."""

from dataclasses import dataclass
from pathlib import Path

from device.bundle import Bundle, read_bundle
from device.engine.chain import played
from device.manifest import Precision
from tests.benchmark.arm.count import Count
from tests.benchmark.arm.step import BLOCK
from tests.benchmark.macs import count_macs

Counts = dict[tuple[str, str, str, str], Count]
"""Count by instrument, method, precision and processor."""


@dataclass(frozen=True)
class Instrument:
    """A bundle that plays, with what is known of it before it is played."""

    path: Path
    bundle: Bundle

    @classmethod
    def read(cls, path: Path) -> "Instrument":
        """From its file; raises BundleError if it cannot be read."""
        return cls(path, read_bundle(path))

    @property
    def name(self) -> str:
        """As it is called."""
        return self.path.stem

    @property
    def deadline_s(self) -> float:
        """The length of a block."""
        m = self.bundle.manifest
        return m.block_frames / m.sample_rate_hz

    @property
    def methods(self) -> list[str]:
        """Those that are played, in order."""
        return [name for name in played(self.bundle.manifest) if name]

    @property
    def precisions(self) -> list[Precision]:
        """Those that it has."""
        methods = self.bundle.manifest.methods
        return sorted({p for name in self.methods for p in methods[name].graphs})

    def needed(self, precision: str, cpu: str, counts: Counts) -> tuple[int, int]:
        """Instructions and weight bytes of a whole block."""
        graphs = (counts.get((self.name, method, precision, cpu)) for method in self.methods)
        weights = sum(count.case.weight_bytes for count in graphs if count)
        return counts[self.name, BLOCK, precision, cpu].instructions, weights


def macs_of(bundle: Bundle, method: str) -> int:
    """Multiply-accumulates of a method; int8 has as many as float."""
    return count_macs(bundle.members[bundle.manifest.methods[method].graphs["fp32"].member])

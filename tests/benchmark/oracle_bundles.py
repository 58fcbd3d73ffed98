"""Bundles of the oracle's models, as the converter of this very checkout makes them.

    python -m tests.benchmark.oracle_bundles [KIND …]     # makes what is missing, prints the paths

A conversion takes up to a minute and a half, so its bundle is kept in `.cache/bundles`, under the
hash of what it was made from: the model, the converter's sources and the block.
"""

import hashlib
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / ".oracle" / "models"
BUNDLES = ROOT / ".cache" / "bundles"
LIMIT_S = 600.0
"""For one conversion; the largest model takes 90 s on two cores."""


@dataclass(frozen=True)
class Row:
    """One row of the design's table: a model, its block, and how many times faster it must be."""

    kind: str
    block_frames: int
    goal: float

    @property
    def model(self) -> Path:
        """The `.ts` that `make oracle` exports."""
        return MODELS / f"{self.kind}.ts"


ROWS = {
    row.kind: row
    for row in (
        Row("v2", 2048, 12),
        Row("v1", 2048, 8),
        Row("v2_small", 2048, 5),
        Row("raspberry", 2048, 4),
        Row("small_causal", 256, 8),
    )
}


def bundle_path(row: Row) -> Path:
    """The row's bundle; converts it first, with a line on stderr, if it is not kept already.

    Raises:
        RuntimeError: if the conversion fails, with what it said.
    """
    path = BUNDLES / f"{row.kind}-{_origin(row)}.ondine"
    if path.exists():
        return path
    BUNDLES.mkdir(parents=True, exist_ok=True)
    print(f"benchmark: converting {row.kind} …", end=" ", file=sys.stderr, flush=True)
    began_s = time.monotonic()
    # In a process of its own: conversion sets flags of TorchScript's for good, and needs gigabytes.
    command = [
        *(sys.executable, "-c", "from device.cli import main; main()", "convert", str(row.model)),
        *("--block", str(row.block_frames), "--output", str(path), "--report"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode:
        raise RuntimeError(f"{row.kind} was not converted: {(done.stdout + done.stderr)[-2000:]}")
    print(f"{time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
    for older in BUNDLES.glob(f"{row.kind}-{'?' * 16}.*"):
        if not older.name.startswith(path.stem):
            older.unlink()
    return path


def _origin(row: Row) -> str:
    """A hash over everything that the bundle depends on."""
    digest = hashlib.sha256(f"{row.block_frames}\n".encode())
    with row.model.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    for source in sorted((ROOT / "convert").glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    for kind in sys.argv[1:] or ROWS:
        print(bundle_path(ROWS[kind]))

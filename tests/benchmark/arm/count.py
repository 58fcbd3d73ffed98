"""Instructions that one step executes on a Pi 4's and a Pi 5's processor, for bundles or graphs.

    python -m tests.benchmark.arm.count FILE… [--cpu cortex-a72 cortex-a76] [--json PATH]
                                              [--method decode] [--precision int8]

FILE is a `.ondine` or a plain `.onnx`. Each makes a few steps under emulation and marks the count
between them, so what starting and loading cost is left out; the first, in which onnxruntime lays
out its memory, is left out too, and the median of the others is one step. On the emulated processor
onnxruntime picks the kernels it would pick on a Pi. The count says nothing of memory: the weight
bytes that a block reads, over a Pi's 4 to 5 GB/s, are a floor beside it.

A program may ask for more than graphs: `whole_block` and `whole_shot` make cases of all that the
engine does in a block, and of a drum that is made.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import onnx

from device.bundle import read_bundle
from tests.benchmark.arm.root import CHECKOUT, ENVIRONMENT, HERE, emulate, ensure_root
from tests.benchmark.arm.step import BLOCK, SHOT

CPUS = {"cortex-a72": "Pi 4", "cortex-a76": "Pi 5"}
STEPS, SHOTS = 4, 8
"""One to warm up, and three to count; of drums seven, one of each class."""
PARALLEL = 2
TIMEOUT_S = 600.0
"""Of one emulated run; loading v2 and four steps of it take about 15 s."""


@dataclass(frozen=True)
class Case:
    """One graph to be counted: a method of a bundle in one precision, or a plain graph."""

    file: Path
    method: str = ""
    precision: str = ""
    weight_bytes: int = 0

    @property
    def arguments(self) -> list[str]:
        """What `step.py` is given after the file."""
        return [self.method, self.precision] if self.method else []

    @property
    def steps(self) -> int:
        """How many steps are made."""
        return SHOTS if self.method == SHOT else STEPS

    def __str__(self) -> str:
        return " ".join([self.file.stem, *self.arguments])


@dataclass(frozen=True)
class Count:
    """Instructions of one step of a case on one processor: the median, and the most."""

    case: Case
    cpu: str
    instructions: int
    most: int = 0


def find_cases(
    files: Iterable[Path], methods: Sequence[str] = (), precisions: Sequence[str] = ()
) -> list[Case]:
    """Every graph of every file, less what the filters leave out (an empty filter keeps all).

    Raises:
        BundleError: if a bundle cannot be read.
    """
    cases = []
    for file in files:
        if file.suffix == ".onnx":
            cases.append(Case(file, weight_bytes=weight_bytes(file.read_bytes())))
            continue
        bundle = read_bundle(file)
        for name, method in bundle.manifest.methods.items():
            for precision, graph in method.graphs.items():
                if (not methods or name in methods) and (not precisions or precision in precisions):
                    size = weight_bytes(bundle.members[graph.member])
                    cases.append(Case(file, name, precision, size))
    return cases


def whole_block(file: Path, precision: str) -> Case:
    """All that the engine does in a block of a bundle."""
    return Case(file, BLOCK, precision)


def whole_shot(file: Path) -> Case:
    """All that a drum engine does for a drum: its `decode`, and the sound itself."""
    return Case(file, SHOT, "fp32")


def weight_bytes(model: bytes) -> int:
    """Bytes of a graph's constants: what a step reads from memory, if no cache holds it."""
    graph = onnx.load_model_from_string(model).graph
    return sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)


def count_cases(
    cases: Sequence[Case], cpus: Sequence[str], timeout_s: float = TIMEOUT_S, say: bool = True
) -> list[Count]:
    """Count every case on every processor, `PARALLEL` at a time; in the order given.

    Raises:
        RuntimeError: if a run fails, takes too long or gives numbers that are not finite.
    """
    root = ensure_root(say)
    jobs = [(case, cpu) for case in cases for cpu in cpus]
    done: dict[tuple[Case, str], Count] = {}
    with ThreadPoolExecutor(PARALLEL) as pool:
        futures = [pool.submit(_count, root, case, cpu, timeout_s) for case, cpu in jobs]
        try:
            for future in as_completed(futures):
                count = future.result()
                done[count.case, count.cpu] = count
                if say:
                    millions = f"{count.instructions / 1e6:.2f} M"
                    place = f"arm: {len(done)}/{len(jobs)}"
                    print(place, count.case, count.cpu, millions, file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [done[job] for job in jobs]


def _count(root: Path, case: Case, cpu: str, timeout_s: float) -> Count:
    with tempfile.TemporaryDirectory(prefix="arm-") as folder:
        job = Path(folder)
        shutil.copy(case.file, job)
        shutil.copy(HERE / "step.py", job)
        # What a step imports of it is found there; the box's other packages are not in the root.
        shutil.copytree(
            CHECKOUT / "device", job / "device", ignore=shutil.ignore_patterns("__pycache__")
        )
        arguments = ["/job/step.py", f"/job/{case.file.name}", *case.arguments, str(case.steps)]
        command = emulate(root, cpu, job, arguments)
        try:
            run = subprocess.run(
                command,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{case} on {cpu} took over {timeout_s:g} s") from None
    marks = [int(mark) for mark in re.findall(r"^INSNS (\d+)$", run.stderr, re.MULTILINE)]
    if run.returncode or len(marks) != case.steps + 1:
        raise RuntimeError(f"{case} on {cpu} failed:\n{(run.stdout + run.stderr)[-2000:]}")
    if run.stdout.strip() != "finite":
        raise RuntimeError(f"{case} on {cpu}: its output is {run.stdout.strip() or 'missing'}")
    _, *steps = [after - before for before, after in pairwise(marks)]
    return Count(case, cpu, statistics.median_low(steps), max(steps))


def total(counts: Iterable[Count]) -> dict[tuple[Path, str], dict[str, int]]:
    """Sums over a bundle's methods: {(file, precision): {cpu: instructions}}; no plain graphs."""
    sums: dict[tuple[Path, str], dict[str, int]] = {}
    for count in counts:
        if count.case.method:
            row = sums.setdefault((count.case.file, count.case.precision), {})
            row[count.cpu] = row.get(count.cpu, 0) + count.instructions
    return sums


def format_table(counts: Sequence[Count]) -> str:
    """Millions of instructions per step and weight MiB per block, one line a graph, then totals."""
    cpus = list(dict.fromkeys(count.cpu for count in counts))
    lines = ["".join([f"{'millions per step':<44}", *(f"{c:>12}" for c in cpus), "  weights MiB"])]

    def line(name: str, row: dict[str, int], weights: int) -> str:
        cells = [f"{row[cpu] / 1e6:>12.2f}" for cpu in cpus]
        return "".join([f"{name:<44}", *cells, f"{weights / 2**20:>13.2f}"])

    rows: dict[Case, dict[str, int]] = {}
    for count in counts:
        rows.setdefault(count.case, {})[count.cpu] = count.instructions
    lines += [line(str(case), row, case.weight_bytes) for case, row in rows.items()]
    for (file, precision), row in total(counts).items():
        members = [case for case in rows if (case.file, case.precision) == (file, precision)]
        if len(members) > 1:
            name = f"{file.stem} {'+'.join(case.method for case in members)} {precision}"
            lines.append(line(name, row, sum(case.weight_bytes for case in members)))
    return "\n".join(lines)


def main() -> None:
    """Count, print the table, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--cpu", nargs="+", default=list(CPUS), metavar="CPU")
    parser.add_argument("--method", nargs="+", default=[])
    parser.add_argument("--precision", nargs="+", default=[])
    parser.add_argument("--json", type=Path, metavar="PATH")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="SECONDS")
    options = parser.parse_args()
    cases = find_cases(options.files, options.method, options.precision)
    counts = count_cases(cases, options.cpu, options.timeout)
    print(format_table(counts))
    if options.json:
        rows = [asdict(c.case) | {"cpu": c.cpu, "instructions": c.instructions} for c in counts]
        options.json.write_text(json.dumps(rows, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()

"""Every named attack by bundle, what became of it, and the page that says so.

`python -m tests.faults.attacks` runs them all and writes docs/measured/attacks.md.
"""

import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from device.admission.admit import admit
from device.admission.limits import MEMORY_BYTES
from device.admission.outcome import Outcome
from device.admission.trial import Worker
from device.errors import BundleError
from tests.faults.evil import bombs, encodings, files, graphs, manifests, sounds
from tests.faults.evil.forge import Attack

ALL: tuple[Attack, ...] = (
    *files.ATTACKS,
    *manifests.ATTACKS,
    *graphs.ATTACKS,
    *encodings.ATTACKS,
    *bombs.ATTACKS,
    *sounds.ATTACKS,
)
PAGE = Path(__file__).parents[2] / "docs/measured/attacks.md"
MAX_S = 2.0


@dataclass(frozen=True)
class Result:
    """What became of one attack. `say` is the sentence that refused it, '' if it was let in."""

    attack: Attack
    say: str
    wall_s: float
    peak_bytes: int
    """In the worker; 0 if it was refused before it came there."""


def attack_with(attack: Attack, folder: Path, worker: Worker) -> Result:
    """Make the file in an empty folder and ask for admission, as control does."""
    path = attack.make(folder)
    heard = Listening(worker)
    began_s = time.monotonic()
    say = ""
    try:
        admit(path, worker=heard)
    except BundleError as error:
        say = str(error).removeprefix(f"{path}: ")
    return Result(attack, say, time.monotonic() - began_s, heard.peak_bytes)


class Listening(Worker):
    """A worker that is another's, and that keeps what the last trial took."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.peak_bytes = 0
        self.cpu_s = 0.0

    def try_bundle(self, path: Path) -> Outcome:
        outcome = self._worker.try_bundle(path)
        self.peak_bytes, self.cpu_s = outcome.peak_bytes, outcome.cpu_s
        return outcome

    def close(self) -> None:
        """It is the other's to close."""


def page(results: Iterable[Result]) -> str:
    """The results as a page."""
    rows = list(results)
    refused = [r for r in rows if r.say]
    lines = [
        "# Attacks by bundle",
        "",
        f"{len(rows)} bundles made to do harm: {len(refused)} refused, {len(rows) - len(refused)} "
        "let in because they can do none (the last rows say why). Slowest refusal: "
        f"{max(r.wall_s for r in refused):.2f} s; most memory in the worker: "
        f"{max(r.peak_bytes for r in rows) >> 20} MiB of {MEMORY_BYTES >> 20}.",
        "",
        "Written by `python -m tests.faults.attacks`, on two shared x86 cores. A dash means that "
        "the file did not come as far as the worker.",
        "",
        "| attack | what it does | refused because | s | MiB |",
        "|---|---|---|---|---|",
    ]
    for r in sorted(rows, key=lambda r: not r.say):
        say = r.say.replace("|", "\\|") or "– (plays, harmless)"
        memory = str(r.peak_bytes >> 20) if r.peak_bytes else "–"
        lines.append(f"| {r.attack.name} | {r.attack.what} | {say} | {r.wall_s:.2f} | {memory} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every attack; the page is written whatever comes of it."""
    results = []
    with Worker() as worker, tempfile.TemporaryDirectory() as folder:
        for number, attack in enumerate(ALL):
            place = Path(folder) / str(number)
            place.mkdir()
            result = attack_with(attack, place, worker)
            results.append(result)
            print(f"{result.wall_s:5.2f} s  {attack.name}: {result.say or 'let in'}", flush=True)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(results))
    sys.exit(any(bool(r.say) != bool(r.attack.word) for r in results))


if __name__ == "__main__":
    main()

"""`python -m tests.aarch64` ends with 0 if all is as wanted; with 1 if a sound differs, or a wheel
is missing and was not built; with 2 and a reason if something does not install, import or play.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.aarch64.playing import CASES, INSIDE, compare, play_all, play_emulated, play_here
from tests.aarch64.report import Played, notes, packages_table, played_table
from tests.aarch64.root import HERE, SUITES, Suite, emulated, ensure
from tests.aarch64.sizes import installed_bytes
from tests.aarch64.wheels import BUILDER, find, find_same, install, requirements
from tests.benchmark.arm.count import CPUS
from tests.benchmark.arm.root import FOLDER
from tests.benchmark.measured import keep, markdown, show

SUITE = SUITES[0]
"""The one that is played on."""
IMPORT_S = 600.0


def main() -> int:
    """Find, install, import, play, tell."""
    try:
        for suite in SUITES:
            ensure(suite)
        first = find(SUITE, requirements(), FOLDER / f"wheels-{SUITE.name}")
        rest = (find_same(s, first, FOLDER / f"wheels-{s.name}") for s in SUITES[1:])
        wheels = [first, *rest]
        target = SUITE.root / INSIDE.lstrip("/")
        install(SUITE, first, target)
        sizes = installed_bytes(target)
        packages = packages_table(wheels, sizes)
        show(packages)
        imported = {cpu: _imports(SUITE, cpu) for cpu in CPUS}
        played = []
        for case in CASES:
            reference = play_here(SUITE, case)
            for cpu in CPUS:
                played.append(
                    Played(case, cpu, compare(play_emulated(SUITE, cpu, case), reference))
                )
                _say(f"{case.instrument} {case.precision} on {cpu}: {played[-1].likeness}")
        for cpu in CPUS:
            _say(f"{cpu}: {play_all(SUITE, cpu, CASES[0].instrument)}")
    except (RuntimeError, ValueError, subprocess.CalledProcessError) as error:
        print(f"arm: {error}", file=sys.stderr)
        return 2
    table = played_table(played)
    show(table)
    text = notes(wheels, sizes, imported, markdown(table), CASES[0].instrument)
    keep("aarch64", "The package on aarch64", packages, text)
    return 0 if all(one.ok for one in played) and not any(w.refused for w in wheels) else 1


def _imports(suite: Suite, cpu: str) -> str:
    """Import everything that is installed, and ask pip whether all that is needed is there.

    Raises:
        RuntimeError: naming what cannot be imported, or is missing.
    """
    with tempfile.TemporaryDirectory(prefix="arm-") as folder:
        job = Path(folder)
        shutil.copy(HERE / "guest.py", job)
        done = emulated(suite, cpu, job, ["/job/guest.py", "imports"], IMPORT_S, INSIDE)
        found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
        if not found or found["failed"]:
            raise RuntimeError(f"on {cpu}: {found.get('failed') or done.stderr[-1000:]}")
        said = f"{found['modules']} modules of Ondine and {found['packages']} of others"
        if cpu == BUILDER:
            check = emulated(suite, cpu, job, ["-m", "pip", "check"], IMPORT_S, INSIDE)
            if check.returncode:
                raise RuntimeError(f"pip check: {check.stdout.strip()[-1000:]}")
            said += f"; `pip check`: {check.stdout.strip().rstrip('.').lower()}"
        _say(f"{cpu}: {said}")
        return f"{said}."


def _say(sentence: str) -> None:
    print(f"arm: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

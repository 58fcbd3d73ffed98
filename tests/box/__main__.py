"""`python -m tests.box [--short] [SCENARIO …]`: 0 if all is as wanted, 1 if not, 2 if it cannot."""

import argparse
import contextlib
import fcntl
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.box.debian import CACHE, say
from tests.box.finding import Finding, all_ok, holds
from tests.box.image import image
from tests.box.machine import SilentError
from tests.box.needs import RefusalError, check_machine
from tests.box.report import keep, show
from tests.box.scenarios import SCENARIOS, SHORT, Scenario
from tests.box.started import Started, started

RUN = CACHE / "run"


def main() -> int:
    """Build, run, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--short", action="store_true", help=f"only {', '.join(SHORT)}: for CI")
    given = parser.parse_args()
    known = SHORT if given.short else SCENARIOS
    if unknown := [name for name in given.scenarios if name not in known]:
        parser.error(f"there is no scenario {unknown[0]!r}; there are {', '.join(known)}")
    try:
        check_machine()
        CACHE.mkdir(parents=True, exist_ok=True)
        wanted = given.scenarios or list(known)
        with tempfile.TemporaryDirectory(prefix="kept-", dir=CACHE) as kept:
            with _alone():
                begun = started(image(), RUN).kept(Path(kept))
            found, took_s = {}, {}
            for name in wanted:
                with _alone():
                    began_s = time.monotonic()
                    say(f"scenario {name}")
                    found[name] = _run(known[name], begun)
                    took_s[name] = time.monotonic() - began_s
                if not given.short:
                    keep({name: found[name]})
                for missed in (finding for finding in found[name] if not finding.ok):
                    say(f"NOT: {missed.what}: {missed.seen}, wanted {missed.wanted}")
    except (RefusalError, SilentError) as refusal:
        print(f"box: {refusal}.", file=sys.stderr)
        return 2
    show(found, took_s)
    return 0 if all(all_ok(findings) for findings in found.values()) else 1


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One box at a time; between two scenarios somebody else may have a turn."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    time.sleep(1.0)


def _run(scenario: Scenario, begun: Started) -> list[Finding]:
    """One scenario; a box that falls silent is a finding, and the others go on."""
    try:
        return scenario(begun, RUN)
    except SilentError as error:
        return [holds("the box answers", str(error)[:200], ok=False)]


if __name__ == "__main__":
    sys.exit(main())

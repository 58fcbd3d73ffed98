"""`python -m tests.box [--short] [SCENARIO …]`: 0 if all is as wanted, 1 if not, 2 if it cannot."""

import argparse
import fcntl
import sys
import time

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
        with (CACHE / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # one box at a time
            begun = started(image(), RUN)
            wanted = given.scenarios or list(known)
            found, took_s = {}, {}
            for name in wanted:
                began_s = time.monotonic()
                say(f"scenario {name}")
                found[name] = _run(known[name], begun)
                took_s[name] = time.monotonic() - began_s
    except (RefusalError, SilentError) as refusal:
        print(f"box: {refusal}.", file=sys.stderr)
        return 2
    show(found, took_s)
    if not given.scenarios and not given.short:
        keep(found)
    return 0 if all(all_ok(findings) for findings in found.values()) else 1


def _run(scenario: Scenario, begun: Started) -> list[Finding]:
    """One scenario; a box that falls silent is a finding, and the others go on."""
    try:
        return scenario(begun, RUN)
    except SilentError as error:
        return [holds("the box answers", str(error)[:200], ok=False)]


if __name__ == "__main__":
    sys.exit(main())

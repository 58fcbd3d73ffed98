"""What the scenarios found, as a table in the terminal and as docs/measured/box.md."""

import datetime
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from device.bench import machine
from tests.box.debian import CACHE, CHECKOUT
from tests.box.finding import Finding
from tests.box.scenarios import SCENARIOS, Scenario
from tests.box.timeline import kept_timeline, save_drawing

PAGE = CHECKOUT / "docs" / "measured" / "box.md"
PICTURE = PAGE.with_name("box-start.svg")
KEPT = CACHE / "found.json"
TITLE = "From the kernel to the first sample, in the emulated box"
NOTES = """
A whole machine in software emulation (qemu, x86): Debian's kernel, systemd, ALSA's loopback card,
the real units, put there by `systemd/install`. A tone is played to it, and what it plays is
recorded on the other side of the card. Its time is counted in its instructions, 10⁹ a second on
one core: it repeats on any machine, and is not a Raspberry Pi's. USB cards and sticks are qemu's.
The panel is hardware/pi4's, read as a Raspberry Pi reads it, from a kernel module that has its
pins and its SPI converter. A power cut kills the machine: what had reached its disk is there, all
else is gone. A memory card that says it wrote what it did not is not emulated.

    make box-test                                  # all of it
    ONDINE_WRITE_DOCS=1 python -m tests.box        # and writes this page and the picture
    ONDINE_WRITE_DOCS=1 python -m tests.box cards  # only this; the rest stays as it was found last
"""


def show(found: Mapping[str, Sequence[Finding]], took_s: Mapping[str, float]) -> None:
    """Print every finding."""
    table = Table(title="the box")
    for name in ("scenario", "what", "seen", "wanted", ""):
        table.add_column(name)
    for scenario, findings in found.items():
        for row, finding in enumerate(findings):
            name = f"{scenario} ({took_s[scenario]:.0f} s)" if row == 0 else ""
            verdict = "ok" if finding.ok else "NOT"
            table.add_row(
                name, finding.what, finding.seen, finding.wanted, verdict if finding.wanted else ""
            )
    Console(width=120).print("\n", table)


def keep(found: Mapping[str, Sequence[Finding]]) -> None:
    """Keep what was found; write page and picture, where ONDINE_WRITE_DOCS=1 asks for it.

    What was not looked at this time is as it was found last.
    """
    there = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    today = datetime.date.today()
    for name, findings in found.items():
        there[name] = [today.isoformat(), [asdict(finding) for finding in findings]]
    KEPT.write_text(json.dumps(there, indent=1))
    if os.environ.get("ONDINE_WRITE_DOCS") != "1":
        return
    kept = {n: [Finding(**one) for one in there[n][1]] for n in SCENARIOS if n in there}
    since = datetime.date.fromisoformat(min(there[name][0] for name in kept))
    spans = kept_timeline()
    picture = ""
    onset = [f for f in kept.get("sound", ()) if f.what == "kernel to first sample"]
    if spans and onset and onset[0].seen != "never":
        save_drawing(PICTURE, spans, float(onset[0].seen.split()[0]), TITLE)
        picture = f"\n![{TITLE}]({PICTURE.name})\n"
    about = {name: _about(scenario) for name, scenario in SCENARIOS.items()}
    PAGE.write_text(page(kept, about, picture, machine(), since))


def page(
    found: Mapping[str, Sequence[Finding]],
    about: Mapping[str, str],
    picture: str,
    on: str,
    when: datetime.date,
) -> str:
    """The page, in Markdown: a table for each scenario, under what it is `about`."""
    everything = [finding for findings in found.values() for finding in findings]
    wanted = [finding for finding in everything if finding.wanted]
    met = sum(finding.ok for finding in wanted)
    lines = [
        "# The box, from power to sound",
        "",
        f"Measured on {when.isoformat()}, emulated on {on}. {met} of {len(wanted)} are as wanted.",
        picture,
    ]
    for scenario, findings in found.items():
        lines += ["", f"## {scenario}", "", about[scenario], ""]
        lines += ["| what | seen | wanted | |", "| --- | --- | --- | --- |"]
        for finding in findings:
            verdict = ("met" if finding.ok else "**missed**") if finding.wanted else ""
            cells = (finding.what, finding.seen, finding.wanted, verdict)
            lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n" + NOTES


def _cell(text: str) -> str:
    """In one line, and without what would end a cell."""
    return " ".join(text.split()).replace("|", "/")


def _about(scenario: Scenario) -> str:
    """The first line of what its module says of itself."""
    return str(sys.modules[scenario.__module__].__doc__).strip().splitlines()[0]

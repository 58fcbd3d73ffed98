"""What the scenarios found, as a table in the terminal and as docs/measured/box.md."""

import datetime
import os
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from device.bench import machine
from tests.box.debian import CHECKOUT
from tests.box.finding import Finding
from tests.box.timeline import kept_timeline, save_drawing

PAGE = CHECKOUT / "docs" / "measured" / "box.md"
PICTURE = PAGE.with_name("box-start.svg")
TITLE = "From the kernel to the first sample, in the emulated box"
NOTES = """
A whole machine in software emulation (qemu, x86): Debian's kernel, systemd, ALSA's loopback card,
the real units, put there by `systemd/install`. A tone is played to it, and what it plays is
recorded on the other side of the card. Its time is counted in its instructions, 10⁹ a second on
one core: it repeats on any machine, and is not a Raspberry Pi's.

    make box-test                                  # all of it
    ONDINE_WRITE_DOCS=1 python -m tests.box        # and writes this page and the picture
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
    """Write the page and the picture, where ONDINE_WRITE_DOCS=1 asks for it."""
    if os.environ.get("ONDINE_WRITE_DOCS") != "1":
        return
    spans = kept_timeline()
    picture = ""
    onset = [f for f in found.get("sound", ()) if f.what == "kernel to first sample"]
    if spans and onset and onset[0].seen != "never":
        save_drawing(PICTURE, spans, float(onset[0].seen.split()[0]), TITLE)
        picture = f"\n![{TITLE}]({PICTURE.name})\n"
    PAGE.write_text(page(found, picture, machine(), datetime.date.today()))


def page(found: Mapping[str, Sequence[Finding]], picture: str, on: str, when: datetime.date) -> str:
    """The page, in Markdown."""
    lines = [
        "# The box, from power to sound",
        "",
        f"Measured on {when.isoformat()}, emulated on {on}.",
        picture,
        "| scenario | what | seen | wanted | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for scenario, findings in found.items():
        for finding in findings:
            verdict = ("met" if finding.ok else "missed") if finding.wanted else ""
            cells = (scenario, finding.what, finding.seen, finding.wanted, verdict)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n" + NOTES

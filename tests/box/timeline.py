"""Which second of a start goes where: spans of the box's clock, and the picture of them.

keep_timeline(box)   asks a box that has just started, and keeps the answer in .cache/box/
draw(spans, …)       an SVG, for light and dark pages
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from tests.box.ask import since_boot
from tests.box.debian import CACHE
from tests.box.machine import Machine

KEPT = CACHE / "timeline.json"
_LEFT, _WIDTH, _ROW, _TOP = 250, 560, 24, 46
_COLOURS = {"machine": "#8a8f98", "system": "#5b8dd9", "sound": "#d9822b", "control": "#3c9d6b"}


@dataclass(frozen=True)
class Span:
    """`what` of `kind` (a key of the colours) lasted from `first_s` to `last_s`."""

    what: str
    kind: str
    first_s: float
    last_s: float


def keep_timeline(box: Machine) -> list[Span]:
    """What the last start was made of, by the kernel's, systemd's and the run folder's times."""
    spans = _spans(box)
    KEPT.write_text(json.dumps([asdict(span) for span in spans], indent=1))
    return spans


def kept_timeline() -> list[Span]:
    """What was kept last; nothing if there is none."""
    if not KEPT.exists():
        return []
    return [Span(**one) for one in json.loads(KEPT.read_text())]


def _spans(box: Machine) -> list[Span]:
    manager = {
        line.partition("=")[0]: int(line.partition("=")[2]) / 1e6
        for line in box.show("systemctl show | grep TimestampMonotonic=").splitlines()
    }
    told = box.show("dmesg | grep -m1 'Run /init'")
    init_s = float(told.partition("]")[0].strip("[ "))
    user_s = manager["UserspaceTimestampMonotonic"]
    units_s = manager["UnitsLoadFinishTimestampMonotonic"]
    boot_s = float(box.show("date +%s.%N")) - float(box.show("cut -d' ' -f1 /proc/uptime"))

    def made(path: str) -> float:
        return float(box.show(f"stat -c %.9W {path}")) - boot_s

    audio, control = "ondine-audio.service", "ondine-control.service"
    audio_s = since_boot(box, audio, "InactiveExit")
    control_s = since_boot(box, control, "InactiveExit")
    first_s, steers_s = since_boot(box, audio), since_boot(box, control)
    begun_s, laid_s, opened_s = (made(f"/run/ondine/{n}") for n in ("lock", "part.json", "status"))
    udev_s = since_boot(box, "systemd-udevd.service", "InactiveExit")
    card_s = made("/dev/snd/by-path")
    return [
        Span("kernel", "machine", 0.0, init_s),
        Span("initramfs: finds the root disk", "machine", init_s, user_s),
        Span("systemd reads its units", "system", user_s, units_s),
        Span("kinds of devices, until ours may start", "system", units_s, audio_s),
        Span("audio: its libraries, then it waits", "sound", audio_s, laid_s),
        Span("control: what it needs to say what plays", "control", control_s, begun_s),
        Span("control: what plays", "control", begun_s, laid_s),
        Span("audio: takes it, loads it, opens the card", "sound", opened_s, first_s),
        Span("udev: the card may be opened", "system", udev_s, card_s),
        Span("control: hands, phones, takes it over", "control", laid_s, steers_s),
    ]


def draw(spans: Sequence[Span], sound_s: float, title: str) -> str:
    """An SVG: a bar for each span, seconds below, and a line where the first sample was heard."""
    last_s = max(span.last_s for span in spans)
    scale = _WIDTH / (1.05 * last_s)
    height = _TOP + _ROW * len(spans) + 40
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img" '
        f'aria-label="{escape(title)}">',
        "<style>text{fill:#24292f}.l{stroke:#24292f}"
        "@media (prefers-color-scheme: dark){text{fill:#e6edf3}.l{stroke:#e6edf3}}</style>",
        f'<text x="12" y="22" font-size="14" font-weight="600">{escape(title)}</text>',
    ]
    floor = _TOP + _ROW * len(spans)
    for second in range(int(1.05 * last_s) + 1):
        x = _LEFT + scale * second
        out.append(
            f'<line class="l" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{floor}" '
            'stroke-opacity="0.15"/>'
            f'<text x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{second} s</text>'
        )
    for row, span in enumerate(spans):
        y, x = _TOP + _ROW * row, _LEFT + scale * span.first_s
        wide = max(1.5, scale * (span.last_s - span.first_s))
        out.append(
            f'<text x="{_LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(span.what)}</text>'
            f'<rect x="{x:.1f}" y="{y + 2}" width="{wide:.1f}" height="{_ROW - 8}" rx="2" '
            f'fill="{_COLOURS[span.kind]}"/>'
            f'<text x="{x + wide + 5:.1f}" y="{y + 13}" font-size="11">'
            f"{span.last_s - span.first_s:.2f}</text>"
        )
    x = _LEFT + scale * sound_s
    out.append(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 10}" y2="{floor}" stroke="#d1453b" '
        'stroke-width="2"/>'
        f'<text x="{x:.1f}" y="{floor + 32}" text-anchor="middle" font-weight="600">'
        f"first sample heard: {sound_s:.2f} s</text></svg>"
    )
    return "\n".join(out) + "\n"


def save_drawing(path: Path, spans: Sequence[Span], sound_s: float, title: str) -> None:
    """Write the picture."""
    path.write_text(draw(spans, sound_s, title))

"""hail's drawings: where its classes lie, and what each latent does."""

import math
from typing import Any

INK, FIELD = "#222", "#f4f4f2"
COLOURS = {
    "kick": "#0072b2", "snare": "#d55e00", "hat": "#b8860b", "tom": "#009e73",
    "clap": "#cc79a7", "cymbal": "#56b4e9", "perc": "#444444",
}  # fmt: skip
"""Those of Okabe and Ito (2008), a little darker where white paper asks for it."""
WIDE, TALL, LEFT, TOP = 560, 330, 62, 60
_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


def classes(found: dict[str, Any]) -> str:
    """An SVG: every shot that was made up, brightness across and length upwards, by class."""
    across, up = (math.log(50), math.log(20_000)), (math.log(0.04), math.log(2.4))

    def place(hz: float, seconds: float) -> tuple[float, float]:
        x = (math.log(max(hz, 50.0)) - across[0]) / (across[1] - across[0])
        y = (math.log(max(seconds, 0.04)) - up[0]) / (up[1] - up[0])
        return LEFT + WIDE * x, TOP + TALL * (1 - y)

    title = "length: the time until 40 dB down, of forty random drums a class"
    parts = head(LEFT + WIDE + 24, TOP + TALL + 46)
    parts += [
        f'<text x="4" y="16" font-weight="bold">{title}</text>',
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDE}" height="{TALL}" fill="{FIELD}"/>',
    ]
    for hz in _HZ:
        x, _ = place(hz, 1.0)
        words = f"{hz} Hz" if hz < 1000 else f"{hz // 1000} kHz"
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + TALL}" stroke="#fff"/>',
            f'<text x="{x:.1f}" y="{TOP + TALL + 15}" text-anchor="middle">{words}</text>',
        ]
    for seconds in _SECONDS:
        _, y = place(1000.0, seconds)
        parts += [
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + WIDE}" y2="{y:.1f}" stroke="#fff"/>',
            f'<text x="{LEFT - 6}" y="{y + 3:.1f}" text-anchor="end">{seconds:g} s</text>',
        ]
    made = found["made_up"]
    for name, row in made.items():
        dots = [place(*point) for point in row["points"]]
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}" fill-opacity="0.55"/>'
            for x, y in dots
        ]
    # Names in two rows, by turns, so that neighbours do not touch.
    for turn, name in enumerate(sorted(made, key=lambda name: made[name]["centroid_hz"][1])):
        x, _ = place(made[name]["centroid_hz"][1], 1.0)
        parts.append(
            f'<text x="{x:.1f}" y="{TOP - 6 - 14 * (turn % 2)}" text-anchor="middle" '
            f'font-size="12" font-weight="bold" fill="{COLOURS[name]}">{name}</text>'
        )
    under = "brightness: the power-weighted centroid; a class's name stands at its median"
    foot = f'<text x="{LEFT + WIDE / 2}" y="{TOP + TALL + 34}" text-anchor="middle">{under}</text>'
    return "\n".join([*parts, foot, "</svg>"]) + "\n"


def latents(found: dict[str, Any]) -> str:
    """An SVG of small curves: per latent, brightness and length over an offset of -2..2."""
    width, height, gap, left, top = 48, 70, 10, 58, 30
    effects = found["latents"]
    rows = (
        ("brightness (Hz)", [e["centroid_hz"] for e in effects], "#1f6f8b", ".0f"),
        ("length (s)", [e["length_s"] for e in effects], "#b5533c", ".1f"),
    )
    parts = head(left + len(effects) * (width + gap), top + 2 * (height + 44))
    for row, (title, curves, colour, form) in enumerate(rows):
        y0 = top + row * (height + 44)
        low, high = min(map(min, curves)), max(map(max, curves))
        span = max(high - low, 1e-6)
        parts.append(f'<text x="4" y="{y0 - 10}" font-weight="bold">{title}</text>')
        for value in (low, high):
            y = y0 + height * (high - value) / span + 3
            parts.append(
                f'<text x="{left - 6}" y="{y:.1f}" text-anchor="end">{value:{form}}</text>'
            )
        for i, curve in enumerate(curves):
            x0 = left + i * (width + gap)
            points = " ".join(
                f"{x0 + width * k / (len(curve) - 1):.1f},{y0 + height * (high - value) / span:.1f}"
                for k, value in enumerate(curve)
            )
            parts += [
                f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" fill="{FIELD}"/>',
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
                f'<text x="{x0 + width / 2}" y="{y0 + height + 13}" text-anchor="middle">'
                f"{i + 1}</text>",
            ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def head(width: float, height: float) -> list[str]:
    """The beginning of a drawing on white paper of its own, readable on dark pages as well."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="10" fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]

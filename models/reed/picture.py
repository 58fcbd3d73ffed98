"""The card's drawing: a small curve per knob, of what was measured over its way."""

import math
from typing import Any

WIDTH, HEIGHT, GAP, LEFT, TOP, COLUMNS = 150, 84, 56, 50, 34, 4
INK, LINE, PAPER = "#1d2a30", "#1f6f8b", "#ffffff"


def picture(effects: list[dict[str, Any]]) -> str:
    """An SVG on white paper, readable on dark pages as well."""
    rows = -(-len(effects) // COLUMNS)
    width = LEFT + COLUMNS * (WIDTH + GAP)
    height = TOP + rows * (HEIGHT + 62)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="10" fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    for i, e in enumerate(effects):
        x0 = LEFT + (i % COLUMNS) * (WIDTH + GAP)
        y0 = TOP + (i // COLUMNS) * (HEIGHT + 62)
        parts += panel(e, x0, y0)
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel(e: dict[str, Any], x0: int, y0: int) -> list[str]:
    """One knob: its name above, what was measured to the left, its range below."""
    values = [math.log(v) if e["log"] else v for v in e["values"]]
    heights = e["measured"]
    bent = e["log"] and all(h > 0 for h in heights)
    curve = [math.log(h) if bent else h for h in heights]
    sound = [h for h in curve if math.isfinite(h)]
    low, high = min(sound), max(sound)
    span = max(high - low, 1e-6)
    points = [
        (
            x0 + WIDTH * (v - values[0]) / (values[-1] - values[0]),
            y0 + HEIGHT * (0.94 - 0.88 * (h - low) / span),
        )
        for v, h in zip(values, curve, strict=True)
        if math.isfinite(h)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    unit = f" ({e['unit']})" if e["unit"] else ""
    shown = [math.exp(h) if bent else h for h in (high, low)]
    return [
        f'<text x="{x0}" y="{y0 - 18}" font-weight="bold">{e["label"]}{unit}</text>',
        f'<text x="{x0}" y="{y0 - 6}" fill="{LINE}">{e["what"]}</text>',
        f'<rect x="{x0}" y="{y0}" width="{WIDTH}" height="{HEIGHT}" fill="#f2f4f4"/>',
        f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{LINE}"/>' for x, y in points),
        f'<text x="{x0 - 5}" y="{y0 + 9}" text-anchor="end">{number(shown[0])}</text>',
        f'<text x="{x0 - 5}" y="{y0 + HEIGHT - 2}" text-anchor="end">{number(shown[1])}</text>',
        f'<text x="{x0}" y="{y0 + HEIGHT + 13}">{number(e["values"][0])}</text>',
        f'<text x="{x0 + WIDTH}" y="{y0 + HEIGHT + 13}" text-anchor="end">'
        f"{number(e['values'][-1])}</text>",
    ]


def number(value: float) -> str:
    """A number in few letters."""
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.1f}".removesuffix(".0")

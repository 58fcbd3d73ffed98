"""A drawing of what each latent does over an offset of -2 to 2, to the sound and to its pitch."""

from typing import Any

CELL, HEIGHT, GAP, LEFT, TOP, BELOW = 74, 74, 10, 72, 34, 34
PER_ROW = 8
ROWS = (
    ("change (dB)", "change_db", "#6b5b95"),
    ("loudness (dB)", "loudness_db", "#1f6f8b"),
    ("centroid (Hz)", "centroid_hz", "#b5533c"),
    ("pitch (semitones)", "pitch_semitones", "#5b7d2e"),
)


def picture(labels: tuple[str, ...], latents: list[dict[str, Any]]) -> str:
    """The drawing as SVG on a white ground of its own, eight latents to a row of four curves."""
    groups = [range(i, min(i + PER_ROW, len(latents))) for i in range(0, len(latents), PER_ROW)]
    group_height = len(ROWS) * (HEIGHT + GAP + 8) + BELOW
    width, height = LEFT + PER_ROW * (CELL + GAP), TOP + len(groups) * group_height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="10" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for at, group in enumerate(groups):
        parts += _labels(labels, group, TOP + at * group_height)
        for row, (title, key, colour) in enumerate(ROWS):
            y0 = TOP + at * group_height + row * (HEIGHT + GAP + 8)
            # One scale for all latents, so that what matters looks as if it does.
            values = [[v for v in e[key] if v == v] or [0.0] for e in latents]
            low, high = min(map(min, values)), max(map(max, values))
            high = max(high, low + 1e-6)
            for line, word in enumerate(title.split()):
                y = y0 + HEIGHT / 2 - 6 + 12 * line
                parts.append(f'<text x="2" y="{y}" fill="{colour}">{word}</text>')
            form = ".0f" if high - low > 5 else ".1f"
            for value, y in ((high, y0 + 8), (low, y0 + HEIGHT)):
                parts.append(
                    f'<text x="{LEFT - 4}" y="{y}" text-anchor="end">{value:{form}}</text>'
                )
            for column, latent in enumerate(group):
                x0 = LEFT + column * (CELL + GAP)
                parts += _curve(latents[latent][key], x0, y0, low, high, colour)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _labels(labels: tuple[str, ...], group: range, y: int) -> list[str]:
    return [
        f'<text x="{LEFT + column * (CELL + GAP) + CELL / 2}" y="{y - 8}" text-anchor="middle" '
        f'font-weight="bold">{labels[latent]}</text>'
        for column, latent in enumerate(group)
    ]


def _curve(
    values: list[float], x0: int, y0: int, low: float, high: float, colour: str
) -> list[str]:
    """One cell; where a sound has no pitch (NaN) the curve has no point."""
    points = [
        (x0 + CELL * k / (len(values) - 1), y0 + HEIGHT * (high - value) / (high - low))
        for k, value in enumerate(values)
        if value == value
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    middle = x0 + CELL / 2
    return [
        f'<rect x="{x0}" y="{y0}" width="{CELL}" height="{HEIGHT}" fill="#f4f4f2"/>',
        f'<line x1="{middle}" y1="{y0}" x2="{middle}" y2="{y0 + HEIGHT}" stroke="#ddd"/>',
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
    ]

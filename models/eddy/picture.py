"""A drawing of eddy: latents heard and continued, what temperature does, and how time is kept."""

from typing import Any

WIDTH, TALL, SMALL, LEFT, TOP, GAP = 720, 62, 170, 62, 34, 8
INK, HEARD = "#1f6f8b", "#b5533c"
CURVES = (("0.5", "#5b7d2e"), ("1.0", "#1f6f8b"), ("1.3", "#b5533c"))


def line(values: list[float], box: tuple[float, float, float, float], low: float, high: float,
         colour: str, dashed: bool = False) -> str:  # fmt: skip
    """Values over the width of a box (x, y, width, height); low is at its foot."""
    x, y, width, height = box
    points = " ".join(
        f"{x + width * i / (len(values) - 1):.1f},{y + height * (high - v) / (high - low):.1f}"
        for i, v in enumerate(values)
    )
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>'


def frame(box: tuple[float, float, float, float], low: float, high: float) -> list[str]:
    """A box with the ends of its scale beside it."""
    x, y, width, height = box
    form = ".0f" if high - low > 5 else ".1f"
    return [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#f4f4f2"/>',
        f'<text x="{x - 5}" y="{y + 9}" text-anchor="end">{high:{form}}</text>',
        f'<text x="{x - 5}" y="{y + height}" text-anchor="end">{low:{form}}</text>',
    ]


def picture(found: dict[str, Any]) -> str:
    """The drawing as SVG on a white ground of its own."""
    shown, parts = found["shown"], []
    latents, prompt = shown["latents"], shown["prompt"] / 2
    width = WIDTH - LEFT - 12
    cut = LEFT + width * prompt / len(latents[0])
    for i, row in enumerate(latents):
        box = (LEFT, TOP + i * (TALL + GAP), width, TALL)
        low, high = min(map(min, latents)), max(map(max, latents))
        at = int(prompt)
        parts += frame(box, low, high)
        heard_box = (box[0], box[1], cut - LEFT, TALL)
        own_box = (cut, box[1], LEFT + width - cut, TALL)
        parts.append(line(row[: at + 1], heard_box, low, high, HEARD))
        parts.append(line(row[at:], own_box, low, high, INK))
        parts.append(f'<text x="2" y="{box[1] + TALL / 2 + 3}">latent {i + 1}</text>')
    foot = TOP + len(latents) * (TALL + GAP)
    parts += [
        f'<line x1="{cut:.1f}" y1="{TOP}" x2="{cut:.1f}" y2="{foot - GAP}" stroke="#888"/>',
        f'<text x="{LEFT}" y="{TOP - 10}" fill="{HEARD}">heard, 3 s</text>',
        f'<text x="{cut + 4:.1f}" y="{TOP - 10}" fill="{INK}">continued, 6 s</text>',
    ]
    below = foot + 34
    half = (width - LEFT) / 2
    parts += _temperatures(found["variation"], (LEFT, below, half, SMALL))
    parts += _time(found, (LEFT + half + LEFT, below, half, SMALL))
    height = below + SMALL + 30
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="10" fill="#222">'
    )
    ground = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def _temperatures(
    table: list[dict[str, float]], box: tuple[float, float, float, float]
) -> list[str]:
    high = 1.1 * max(max(row["step"], row["apart"]) for row in table)
    x, y, width, height = box
    parts = frame(box, 0.0, high)
    for key, word, colour, up in (
        ("step", "from step to step", INK, 14),
        ("apart", "between runs", HEARD, 28),
    ):
        parts.append(line([row[key] for row in table], box, 0.0, high, colour))
        parts.append(f'<text x="{x + 6}" y="{y + up}" fill="{colour}">{word}</text>')
    ends = table[0]["temperature"], table[-1]["temperature"]
    return [
        *parts,
        f'<text x="{x}" y="{y - 8}" font-weight="bold">variation over temperature</text>',
        f'<text x="{x}" y="{y + height + 14}">{ends[0]:g}</text>',
        f'<text x="{x + width}" y="{y + height + 14}" text-anchor="end">{ends[1]:g}</text>',
    ]


def _time(found: dict[str, Any], box: tuple[float, float, float, float]) -> list[str]:
    x, y, width, height = box
    parts = frame(box, -0.2, 1.0)
    corpus = found["corpus_autocorrelation_curve"]
    parts.append(line(corpus, box, -0.2, 1.0, "#222", dashed=True))
    parts.append(f'<text x="{x + width - 6}" y="{y + 14}" text-anchor="end">corpus (dashed)</text>')
    for i, (temperature, colour) in enumerate(CURVES):
        curve = found["free"][temperature]["autocorrelation_curve"]
        parts.append(line(curve, box, -0.2, 1.0, colour))
        at = f'x="{x + width - 6}" y="{y + 28 + 14 * i}" text-anchor="end"'
        parts.append(f'<text {at} fill="{colour}">alone at {temperature}</text>')
    return [
        *parts,
        f'<text x="{x}" y="{y - 8}" font-weight="bold">autocorrelation over lag</text>',
        f'<text x="{x}" y="{y + height + 14}">0</text>',
        f'<text x="{x + width}" y="{y + height + 14}" text-anchor="end">2 s</text>',
    ]

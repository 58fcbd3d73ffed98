"""hail's card, in Markdown and one drawing, out of measured numbers: words once, numbers never."""

from typing import Any

from models.card import table
from models.drums.shots import CLASSES
from models.drums.train import DrumRecipe


def card(found: dict[str, Any], plan: DrumRecipe) -> str:
    """The card's text; `found` is what `measure` returned."""
    run, kinds = found["training"], found["classified"]
    near, raw = found["rebuilt"], found["untrained"]
    distances = [
        [k, f"{near[k]['network']:.1f}", f"{near[k]['analysis']:.1f}", f"{raw[k]:.1f}"]
        for k in CLASSES
    ]

    def span(values: list[float], form: str) -> str:
        low, middle, high = (format(v, form) for v in values)
        return f"{low} .. **{middle}** .. {high}"

    made = [
        [
            k,
            f"{100 * row['taken_for_it']:.0f} %",
            span(row["centroid_hz"], ".0f"),
            span(row["length_s"], ".2f"),
        ]
        for k, row in found["made_up"].items()
    ]
    taken = [
        [k, *(f"{x:.0f}" for x in row)] for k, row in zip(CLASSES, kinds["table"], strict=True)
    ]
    dc = max(row["largest_mean"] for row in found["made_up"].values())
    last = max(row["last_sample"] for row in found["made_up"].values())
    return f"""# hail

A drum engine: 16 numbers are a drum. It makes shots of up to two seconds at 48 kHz of
{len(CLASSES)} classes ({", ".join(CLASSES)}), goes from any drum to any other, and hears what kind
of drum a sound is. The box renders its shots in the background and plays them on pads; see
[drums](../../docs/drums.md).

*Written by `python -m models.drums.measure`; do not edit. Numbers: `hail.json`.*

## Licence, sources, consent
- Code MIT; weights CC0. Use what you make with it as you like.
- Corpus: {run["corpus"]}, from seed {plan.corpus_seed}. No recordings: nobody's playing is in it.

## What it is
- A variational autoencoder of {found["weights"]:,} weights. It speaks parts, not samples: one
  sine that falls, eight that stay, {found["grid"]["bands"]} bands of noise, with envelopes
  at {found["grid"]["times"]} times that lie dense at the attack. Signal processing tells what it
  learns from; sines and noise play what it says. No window smears an attack.
- Randomness is an input: latents and a seed are a shot, the same every time.

## Training
{run["steps"]} steps of Adam (batches of {plan.batch}), the last {plan.ear_steps} of the encoder
alone, in {run["minutes"]} minutes of one core, torch {run["torch"]}, no GPU; making and analysing
{run["shots"]} shots before takes some minutes more. `python -m models.drums.train` repeats it,
`--folder SHOTS` learns yours.

## How near it comes
Shots of another seed, through 16 numbers and back. Root mean square difference in dB over
{found["grid"]["bands"]} bands and {found["grid"]["times"]} times, where either is above -60 dB, at
equal mean level. *Analysis* is the same without the network: the best that these parts can do.
*Untrained* is the network before training.

{table(["class", "network (dB)", "analysis (dB)", "untrained (dB)"], distances)}

## What it makes up
{table(["class", "taken for it", "brightness (Hz)", "length (s)"], made)}

Forty random drums a class: how many its own ear takes for that class (a drum between two classes
counts against it), the centroid and the time until 40 dB down (10th, **50th**, 90th percentile).
The largest mean of any (DC) is {dc:.1e} of its peak, the last sample at most {last:.1e}.

## What it hears
{plan.held_out_shots} shots of another seed: alone {100 * kinds["accuracy"]:.1f} % are taken for
what they are; as a loop has them (over another's tail, cut off by the next, in noise)
{100 * kinds["accuracy_among"]:.1f} %. Of the latter, true class in rows, percent taken for:

{table(["", *CLASSES], taken)}

They are **synthesised like those it learned from**, which is easy. How it does on recordings was
not measured: none were at hand, and none are downloaded.

## What the latents do
Each moved by -2 .. 2 from the middle of each class; the median over the classes.

![brightness and length over each latent](hail.svg)

They are not ordered, and have no names: a drum is found by class, by varying, by mixing, or from a
sound of yours.

## What it does not do
- Tones that bend other than one low one; chords, voices, loops: it hears them as a drum.
- Above 20 kHz, and beyond two seconds, there is nothing.
- Flams and rolls come out blurred: a clap's bursts are at the limit of its envelopes.
"""


def picture(found: dict[str, Any]) -> str:
    """An SVG of small curves: per latent, brightness and length over an offset of -2..2."""
    width, height, gap, left, top = 48, 70, 10, 58, 34
    effects = found["latents"]
    rows = (
        ("brightness (Hz)", [e["centroid_hz"] for e in effects], "#1f6f8b", ".0f"),
        ("length (s)", [e["length_s"] for e in effects], "#b5533c", ".1f"),
    )
    across, down = left + len(effects) * (width + gap), top + 2 * (height + 34)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{across}" height="{down}" fill="white"/>',
    ]
    for row, (title, curves, colour, form) in enumerate(rows):
        y0 = top + row * (height + 34)
        low, high = min(map(min, curves)), max(map(max, curves))
        span = max(high - low, 1e-6)
        parts.append(f'<text x="4" y="{y0 - 8}" font-weight="bold">{title}</text>')
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
                f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" fill="#f4f4f2"/>',
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
                f'<text x="{x0 + width / 2}" y="{y0 + height + 13}" text-anchor="middle">'
                f"{i + 1}</text>",
            ]
    return "\n".join([*parts, "</svg>"]) + "\n"

"""hail's card, in Markdown, out of measured numbers: words are written once, numbers never."""

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
    cost = [
        [k, *(f"{ms:.1f}" for ms in row)] for k, row in found["rendering"]["milliseconds"].items()
    ]
    macs = found["macs"]
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

![brightness and length of what it makes up, by class](hail-classes.svg)

## What a shot costs
{macs["decode"]:,} multiply-accumulates of the network say what is played, and then up to
{found["grid"]["bands"]} bands of noise and nine sines play it, for as long as it is heard.
Hearing a sound takes {macs["encode"]:,}. From 16 numbers to the sound, in milliseconds of
processor time of a shared {found["rendering"]["processor"]} server:

{table(["class", "10th percentile (ms)", "50th", "90th"], cost)}

Made in the background: what plays does not wait for it. `python -m device.pads.timing` measures it
on yours; no Pi was at hand.

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

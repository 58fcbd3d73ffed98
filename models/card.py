"""The card of an instrument, in Markdown and one drawing, out of measured numbers.

Words are written here once; every number comes from `measure`.
"""

from typing import Any

from models.recipes import Recipe


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; all columns but the first are right-aligned."""
    rule = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows])


def card(name: str, plan: Recipe, found: dict[str, Any]) -> str:
    """The card's text; `found` is what `measure` returned."""
    config, size, run, does = plan.config, found["size"], found["training"], found["behaviour"]
    sines = found["sines"]
    delay_ms = 1000 * config.delay / config.sample_rate

    def distances(rows: dict[str, dict[str, float]]) -> list[list[str]]:
        return [
            [
                label,
                f"{row['log_spectral_distance_db']:.1f}",
                f"{row['multiscale_distance']:.2f}",
                f"{row['loudness_error_db']:.1f}",
                f"{row['level_db']:+.1f}",
            ]
            for label, row in rows.items()
        ]

    columns = ["log-spectral (dB)", "multi-scale STFT", "loudness error (dB)", "level (dB)"]
    heads = ["latent", "range", "level -2 (dB)", "+2", "centroid -2 (Hz)", "0", "+2"]
    heads += ["change -2 (dB)", "+2"]
    effects = [
        [
            label,
            f"{e['low']:.1f} .. {e['high']:.1f}",
            f"{e['loudness_db'][0]:+.1f}",
            f"{e['loudness_db'][-1]:+.1f}",
            f"{e['centroid_hz'][0]:.0f}",
            f"{e['centroid_hz'][2]:.0f}",
            f"{e['centroid_hz'][-1]:.0f}",
            f"{e['change_db'][0]:.1f}",
            f"{e['change_db'][-1]:.1f}",
        ]
        for label, e in zip(plan.latent_labels, found["latents"], strict=True)
    ]
    return f"""# {name}

A small causal autoencoder: it hears sound as {config.latent_size} numbers per
{config.hop} frames and plays them back with tones and noise. It is the instrument the box falls
back on, so it is small, quick and sure before it is beautiful.

*Written by `python -m models.measure {name}`; do not edit. Numbers: `{name}.json`.*

## Licence, sources, consent
- Code MIT; weights CC0. Use what you make with it as you like.
- Corpus: {plan.corpus_clips} clips of 4 s, synthesised by `models/corpus.py` from seed
  {plan.corpus_seed}. No recordings: nobody's voice or playing is in it, so nobody's consent was
  needed. The "voice" is a pulse train through formants.

## What it is
- {config.sample_rate} Hz, mono; {config.hop} frames per latent step; any multiple as block.
- Delay through the model {config.delay} frames ({delay_ms:.1f} ms), which the training loss asks
  for. Loudness of drum clips comes out {does["lag_frames"]} frames after it went in (best
  correlation of the two level curves, steps of 32).
- {size["learned"]:,} learned weights and {size["fixed"]:,} fixed numbers (filter bank, tuned
  filters, oscillators).
- {size["encode_macs"]:,} + {size["decode_macs"]:,} multiply-accumulates per block of
  {config.hop} (encode + decode).
- Encode is deterministic. Decode draws one kind of noise: {config.bands} bands, uniform in -1..1.

## Training
Two parts, both Adam from seed {plan.seed}, together {run["minutes"]} minutes on {run["threads"]}
thread of a busy {run["processor"]} machine, torch {run["torch"]}, no GPU:

1. {plan.lesson_steps} steps on tones alone (batches of {plan.lesson_batch} x {plan.lesson_hops}
   hops, learning rate {plan.lesson_learning_rate:g} falling to {plan.last_learning_rate:g}): peaks
   of long, centred spectra say which tones should sound. Makes no audio, so it is quick.
2. {plan.steps} steps on sound (batches of {plan.batch} x {plan.hops} hops, rate
   {plan.learning_rate:g} falling to {plan.last_learning_rate:g}): log and linear magnitudes at five
   window lengths, loudness, and a tenth of the lesson.

Both add mild pulls of the latents to unit variance and slow movement. There is no adversary.
`python -m models.train {name}` repeats it.

## How close it comes
{plan.held_out_clips} held-out clips (seed {plan.held_out_seed}), aligned by the stated delay, each
scaled so that the input's peak is 1, magnitudes floored at -80 dB. *Loudness error*: mean distance
of the level curves where the input is within 40 dB of its loudest. *Level*: RMS of output over
input.

{table(["", *columns], distances(found["reconstruction"]))}

By player, trained:

{table(["", *columns], distances(found["players"]))}

- Sines of 110..2000 Hz, on and between the notes: the strongest frequency heard is within a
  semitone for {100 * sines["within_semitone"]:.0f} %, off by {sines["median_cents"]:.0f} cents in
  the median.
- Silence in gives {does["silence_db"]:.0f} dBFS out. Largest mean of any clip (DC)
  {does["dc"]:.1e}; highest peak {does["peak"]:.2f}.
- All latents held at 0 hold a sound at {does["held_db"]:.0f} dBFS, steady within
  {does["held_deviation_db"]:.1f} dB (standard deviation of the level).

## What the latents do
Each has mean 0 and variance 1 on the corpus, in the order of how much of the spectrum it explains.
An offset of -2 or +2 is added to one latent while held-out clips play: change of the level, the
power-weighted centroid, and the log-spectral distance to the sound without offset. *Range*: 1st to
99th percentile without offset. The names describe these weights; trained anew, look again.

{table(heads, effects)}

![loudness and centroid against each latent]({name}.svg)

## What it does not do
- Pitch comes out on fixed tones: equal temperament (A4 = 440 Hz) from 55 to 1480 Hz, quarter tones
  up to 11 kHz. A glide steps, a vibrato becomes a trill or a tremolo. That is its character.
- {config.latent_size} numbers cannot hold a chord of four notes exactly: it blurs.
- Fundamentals under 55 Hz come out as their harmonics; over 11 kHz there is only noise.
- It has only ever heard synthetic sound. How it follows recordings was not measured.
- Whistles come out softer than they went in (see the table).
"""


def picture(plan: Recipe, latents: list[dict[str, Any]]) -> str:
    """An SVG of small curves: per latent, loudness change and centroid over an offset of -2..2."""
    width, height, gap, left, top = 92, 90, 14, 64, 40
    rows = (
        ("loudness (dB)", [e["loudness_db"] for e in latents], "#1f6f8b"),
        ("centroid (Hz)", [e["centroid_hz"] for e in latents], "#b5533c"),
    )
    total_width = left + len(latents) * (width + gap)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} '
        f'{top + 2 * (height + 30)}" font-family="sans-serif" font-size="10">',
        f'<rect width="{total_width}" height="{top + 2 * (height + 30)}" fill="white"/>',
    ]
    for row, (title, curves, colour) in enumerate(rows):
        y0 = top + row * (height + 30)
        low, high = min(map(min, curves)), max(map(max, curves))
        span = max(high - low, 1e-6)
        parts.append(f'<text x="4" y="{y0 - 6}" font-weight="bold">{title}</text>')
        for value in (low, high):
            y = y0 + height * (high - value) / span
            where = f'x="{left - 6}" y="{y + 3:.1f}"'
            parts.append(f'<text {where} text-anchor="end">{value:.0f}</text>')
        for i, curve in enumerate(curves):
            x0 = left + i * (width + gap)
            points = [
                (x0 + width * k / (len(curve) - 1), y0 + height * (high - value) / span)
                for k, value in enumerate(curve)
            ]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            zero = points[len(points) // 2]
            parts += [
                f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" fill="#f4f4f2"/>',
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
                f'<circle cx="{zero[0]:.1f}" cy="{zero[1]:.1f}" r="3" fill="{colour}"/>',
            ]
            if row == 1:
                parts.append(f'<text x="{x0}" y="{y0 + height + 12}">-2</text>')
                parts.append(
                    f'<text x="{x0 + width}" y="{y0 + height + 12}" text-anchor="end">+2</text>'
                )
            else:
                label = plan.latent_labels[i]
                parts.append(
                    f'<text x="{x0 + width / 2}" y="14" text-anchor="middle">{label}</text>'
                )
    return "\n".join([*parts, "</svg>"]) + "\n"

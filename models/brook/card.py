"""brook's card, in Markdown, out of measured numbers. Words are written here once."""

from typing import Any

from models.brook.recipe import BrookRecipe
from models.card import table

COLUMNS = ["log-spectral (dB)", "multi-scale STFT", "loudness error (dB)", "level (dB)"]


def distances(rows: dict[str, dict[str, float]]) -> str:
    """A table of what `measure.reconstruction` found."""
    return table(
        ["", *COLUMNS],
        [
            [
                label,
                f"{row['log_spectral_distance_db']:.1f}",
                f"{row['multiscale_distance']:.2f}",
                f"{row['loudness_error_db']:.1f}",
                f"{row['level_db']:+.1f}",
            ]
            for label, row in rows.items()
        ],
    )


def effects(labels: tuple[str, ...], latents: list[dict[str, Any]]) -> str:
    """A table of what each latent does."""
    heads = ["latent", "range", "explains", "level -2 (dB)", "+2", "centroid -2 (Hz)", "0", "+2"]
    heads += ["pitch -2 (semitones)", "+2", "change -2 (dB)", "+2"]
    rows = [
        [
            label,
            f"{e['low']:.1f} .. {e['high']:.1f}",
            f"{100 * e['explains']:.0f} %",
            f"{e['loudness_db'][0]:+.1f}",
            f"{e['loudness_db'][-1]:+.1f}",
            f"{e['centroid_hz'][0]:.0f}",
            f"{e['centroid_hz'][2]:.0f}",
            f"{e['centroid_hz'][-1]:.0f}",
            f"{e['pitch_semitones'][0]:+.1f}",
            f"{e['pitch_semitones'][-1]:+.1f}",
            f"{e['change_db'][0]:.1f}",
            f"{e['change_db'][-1]:.1f}",
        ]
        for label, e in zip(labels, latents, strict=True)
    ]
    return table(heads, rows)


def against_rave(found: dict[str, Any] | None) -> str:
    """What `against_rave` found, in words; and that nothing was, if so."""
    if found is None:
        return "A RAVE model of like size was not trained for these weights."
    ours, rave = found["ours"], found["rave"]
    rows = distances(
        {
            f"brook after {ours['minutes']} min, {ours['steps']} steps": ours["held_out"],
            f"RAVE after {rave['minutes']} min, {rave['steps']} steps": rave["held_out"],
        }
    )
    return f"""A causal acids-rave v2 with {rave["learned"]:,} learned weights
({", ".join(rave["bindings"])}), its own losses and settings, phase one, on the same corpus; both
stopped after the same time of one core. brook's time includes making its corpus ready. Whatever
lag suits RAVE best was taken ({rave["held_out"]["lag"]} frames). So short a run is far from what
RAVE is made for: it says what comes of little computing, not which is better after days on a GPU.

{rows}"""


def unfinished(plan: BrookRecipe, steps: int) -> str:
    """What the weights lack of the recipe, if anything."""
    left = plan.lesson_steps + plan.sound_steps + plan.listener_steps - steps
    if left <= 0:
        return ""
    heard = (
        "the adversary has not listened to them at all"
        if (left >= plan.listener_steps)
        else "the adversary has listened to them only for a part"
    )
    return f"**These weights were taken {left} steps before the end: {heard}.**\n"


def card(plan: BrookRecipe, found: dict[str, Any]) -> str:
    """The card's text."""
    config, size, run, does = plan.config, found["size"], found["training"], found["behaviour"]
    pitch, onset, sines = found["pitch"], found["onsets"], found["sines"]
    rate = config.sample_rate / config.hop
    macs = size["encode_macs"] + size["decode_macs"]
    half = sum(e["explains"] for e in found["latents"][:8])
    whole = sum(e["explains"] for e in found["latents"])
    return f"""# brook

A latent voice: it hears sound as {config.latent_size} numbers, {rate:.2f} times a second, and plays
them back with gliding partials and shaped noise. Play into it and it answers in its own voice; play
nothing and turn its latents.

*Written by `python -m models.measure brook`; do not edit. Numbers: `brook.json`.*

## Licence, sources, consent
- Code MIT; weights CC0. Use what you make with it as you like.
- Corpus: {plan.corpus_clips} clips of 4 s, synthesised by `models/corpus.py` from seed
  {plan.corpus_seed}. No recordings: nobody's voice or playing is in it, so nobody's consent was
  needed. The "voice" is a pulse train through formants.

## What it is
- {config.sample_rate} Hz, mono; {config.hop} frames per latent step; any multiple as block.
- Delay through the model {config.delay} frames ({1000 * config.delay / config.sample_rate:.0f} ms),
  which the training asks for. Loudness of drum clips comes out {does["lag_frames"]} frames after it
  went in (best correlation of the two level curves, steps of 32).
- {size["learned"]:,} learned weights and {size["fixed"]:,} fixed numbers (filter banks).
- {size["encode_macs"]:,} + {size["decode_macs"]:,} multiply-accumulates per block of {config.hop}
  (encode + decode): {macs * rate / 1e6:.0f} million a second.
- Encode is deterministic. Decode draws one kind of noise: {config.draw_shape[0]} numbers a hop,
  uniform in -1..1.

## Training
{run["steps"]:,} of {plan.lesson_steps + plan.sound_steps + plan.listener_steps:,} steps, Adam
from seed {plan.seed}, {run["minutes"]} minutes of one core ({run["processor"]}, torch
{run["torch"]}, one thread, no GPU), making the corpus ready included:

1. {plan.lesson_steps} steps on partials alone: peaks of long, centred spectra say how strong and
   where each should be. Makes no sound, so it is quick.
2. {plan.sound_steps} steps on sound: log and linear magnitudes at five window lengths, loudness,
   and a share of the lesson.
3. {plan.listener_steps} steps with an adversary that looks at spectra, and feature matching.

{unfinished(plan, run["steps"])}
`python -m models.train brook` repeats it; `--folder SOUNDS` trains on your own instead.

## How close it comes
{plan.held_out_clips} held-out clips (seed {plan.held_out_seed}), aligned by the stated delay, each
scaled so that the input's peak is 1, magnitudes floored at -80 dB. *Loudness error*: mean distance
of the level curves where the input is within 40 dB of its loudest. *Level*: RMS of output over
input.

{distances(found["reconstruction"])}

By player, trained:

{distances(found["players"])}

- Tones of 83..1300 Hz with 12 partials, on and between the notes:
  {100 * pitch["steady_within_50_cents"]:.0f} % come out within 50 cents,
  {100 * pitch["steady_without_pitch"]:.0f} % without a clear pitch; those with one are off by
  {pitch["steady_median_cents"]:.0f} cents in the median. Glides of an octave in two seconds:
  {pitch["glide_median_cents"]:.0f} cents, {100 * pitch["glide_within_50_cents"]:.0f} % of the
  moments within 50.
- Sines of 110..2000 Hz: the strongest frequency heard is within a semitone for
  {100 * sines["within_semitone"]:.0f} %, off by {sines["median_cents"]:.0f} cents in the median.
- Bursts after silence reach half their level {onset["half_level_ms"]:.0f} ms after they begin (at
  the latest {onset["half_level_latest_ms"]:.0f}), of which the stated delay is
  {1000 * config.delay / config.sample_rate:.0f}; from a tenth to nine tenths takes
  {onset["rise_ms"]:.0f} ms.
- No clicks: the largest step at the edge of a block or grain is {found["joins_db"]:.0f} dBFS.
- Silence in gives {does["silence_db"]:.0f} dBFS out. Largest mean of any clip (DC)
  {does["dc"]:.1e}; highest peak {does["peak"]:.2f}.
- All latents held at 0 hold a sound at {does["held_db"]:.0f} dBFS, steady within
  {does["held_deviation_db"]:.1f} dB (standard deviation of the level).

## Beside RAVE
{against_rave(found.get("against_rave"))}

## What the latents do
Each has mean 0 and variance 1 on the corpus, in the order of how much of the corpus' spectrum it
explains. On held-out sound the first three keep that order and the rest are much alike (*explains*:
share of the variance in dB, by a linear fit, held out; the first eight
{100 * half:.0f} %, all {100 * whole:.0f} %). An offset of -2 or +2 is added to one latent while
held-out clips play: change of the level, the power-weighted centroid, the median change of pitch
(of players that have one), and the log-spectral distance to the sound without offset, over two
seconds of each player. *Range*: 1st to 99th percentile.

{effects(plan.latent_labels, found["latents"])}

![loudness, brightness and pitch against each latent](brook.svg)

## What it does not do
- {config.latent_size} numbers cannot hold a chord exactly: it blurs.
- Fundamentals under 50 Hz come out as their harmonics; over 12.5 kHz there is only noise.
- An attack is as sharp as its slots of 32 frames allow, and the network guesses which.
- It has only ever heard synthetic sound. How it follows recordings was not measured.
"""

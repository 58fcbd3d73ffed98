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
    heads = ["latent", "range", "to here (dB)", "explains", "change -2 (dB)", "+2"]
    heads += ["level -2 (dB)", "+2", "centroid -2 (Hz)", "0", "+2", "pitch -2 (semitones)", "+2"]
    rows = [
        [
            label,
            f"{e['low']:.1f} .. {e['high']:.1f}",
            f"{e['up_to_here_db']:.1f}",
            f"{100 * e['explains']:.0f} %",
            f"{e['change_db'][0]:.1f}",
            f"{e['change_db'][-1]:.1f}",
            f"{e['loudness_db'][0]:+.1f}",
            f"{e['loudness_db'][-1]:+.1f}",
            f"{e['centroid_hz'][0]:.0f}",
            f"{e['centroid_hz'][2]:.0f}",
            f"{e['centroid_hz'][-1]:.0f}",
            f"{e['pitch_semitones'][0]:+.1f}",
            f"{e['pitch_semitones'][-1]:+.1f}",
        ]
        for label, e in zip(labels, latents, strict=True)
    ]
    return table(heads, rows)


def against_rave(found: dict[str, Any]) -> str:
    """What `against_rave` found, in words; and that nothing was, if so."""
    if "against_rave" not in found:
        return "A RAVE model of like size was not trained for these weights."
    run, rave = found["training"], found["against_rave"]
    ours = {**run, "held_out": found["reconstruction"]["trained"]}
    named = [("brook as it ships", ours), ("brook, earlier", rave.get("brook")), ("RAVE", rave)]
    rows = distances(
        {
            f"{name}, {row['minutes']} min, {row['steps']:,} steps": row["held_out"]
            for name, row in named
            if row is not None
        }
        | {
            "RAVE, raised to the input's level": rave["raised"],
            "silence": found["reconstruction"]["silence"],
        }
    )
    return f"""A causal acids-rave v2 with {rave["learned"]:,} learned weights where brook has
{found["size"]["learned"]:,} ({", ".join(rave["bindings"])}), its own losses
and settings, phase one, with one thread of the same processor, on the corpus of brook's first
stages. Minutes are the processor's; brook's include making its corpus ready. Whatever lag suits
RAVE best was taken ({rave["lag"]} frames).

{rows}
{equally_long(run, rave)}
RAVE is made for days on a GPU, and most of its quality comes in a second phase, after a million
steps: this run is far from both. It says what comes of little computing, not which is better after
much. brook reaches its place soon because its partials, filters and teacher are given, not learned;
what it cannot play it will not learn with time, either. RAVE was used to compare only: nothing of
it is in the weights that ship."""


def equally_long(run: dict[str, Any], rave: dict[str, Any]) -> str:
    """Which rows to compare, if RAVE was not trained for as long as what ships."""
    if "brook" not in rave or rave["minutes"] >= run["minutes"] - 0.5:
        return ""
    return f"""
Equally long were brook *earlier* and RAVE, which heard the same clips. RAVE after
{run["minutes"]} minutes was not measured.
"""


STAGE_WORDS = {
    "lesson": "on partials alone: peaks of long, centred spectra say how strong and where each "
    "should be. Makes no sound, so it is quick",
    "sound": "on sound: log and linear magnitudes at five window lengths, loudness, and a share of "
    "the lesson",
    "adversary": "on sound with an adversary that looks at spectra, and feature matching",
    "wider": "on sound and a lesson at once, with {clips:,} clips to hear, where the others had "
    "{first}, and plain tones of any pitch",
}


def stages(plan: BrookRecipe) -> str:
    """The training's parts, numbered."""
    numbers = {"clips": plan.corpus_clips, "first": plan.first_clips}
    return "\n".join(
        f"{i + 1}. {stage.steps:,} steps {STAGE_WORDS[stage.kind].format(**numbers)}."
        for i, stage in enumerate(plan.stages)
    )


def unfinished(plan: BrookRecipe, steps: int) -> str:
    """What the weights lack of the recipe, if anything."""
    left = sum(stage.steps for stage in plan.stages) - steps
    return "" if left <= 0 else f"**These weights were taken {left} steps before the end.**\n\n"


def played_words(found: dict[str, Any]) -> str:
    """How the bundle sounds on the box, if it was there to be played."""
    if "as_played" not in found:
        return "The bundle of these weights was not played."
    does = found["as_played"]
    onset, jerked = does["onsets"], does["jerked"]
    return f"""The bundle that ships, through the engine that ships (`ondine render` gives what
`ondine play` plays):

- The stated time from in to out is {onset["stated_ms"]:.1f} ms, of a block, as much headroom and
  the model's delay. Half the level of a burst is there {onset["median_ms"]:.1f} ms after it begins,
  at the latest {onset["latest_ms"]:.1f}.
- A held-out clip of every player comes out {does["level_db"]:+.1f} dB beside its level, its mean
  (DC) {does["dc"]:.0e}, its peak {does["peak"]:.2f}.
- While one latent after the other jumps by one in a held tone, the largest step where blocks join
  is {jerked["joins_db"]:.0f} dBFS (in the middle of blocks {jerked["halfway_db"]:.0f})."""


def card(plan: BrookRecipe, found: dict[str, Any]) -> str:
    """The card's text."""
    config, size, run, does = plan.config, found["size"], found["training"], found["behaviour"]
    pitch, onset, sines = found["pitch"], found["onsets"], found["sines"]
    rate = config.sample_rate / config.hop
    macs = size["encode_macs"] + size["decode_macs"]
    half = sum(e["explains"] for e in found["latents"][:8])
    whole = sum(e["explains"] for e in found["latents"])
    struck, whistled = (found["players"][name]["level_db"] for name in ("struck", "whistled"))
    bend = max(abs(p) for e in found["latents"] for p in e["pitch_semitones"])
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
{run["steps"]:,} of {sum(stage.steps for stage in plan.stages):,} steps, Adam
from seed {plan.seed}, {run["minutes"]} minutes of one core ({run["processor"]}, torch
{run["torch"]}, one thread, no GPU), making the corpus ready included:

{stages(plan)}

{unfinished(plan, run["steps"])}`python -m models.train brook` repeats it; `--folder SOUNDS` trains
on your own instead.

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
  Tones like these, of other colours and at any pitch, are in the last part of the training.
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

## As the box plays it
{played_words(found)}

## Beside RAVE
{against_rave(found)}

## What the latents do
Each has mean 0 and variance 1 on the corpus, in the order of how much the sound changes when it is
moved: a principal component analysis of what the decoder does, on clips of the corpus. On held-out
clips, two seconds of each player: *Range*: 1st to 99th percentile. *To here*: log-spectral distance
to the input with this latent and those before it, the later ones held at 0. *Explains*: share of
the spectrum's variance in dB, by a linear fit (the first eight {100 * half:.0f} %, all
{100 * whole:.0f} %). With -2 or +2 added to it: the log-spectral distance to the sound without, the
change of the level, the power-weighted centroid, and the median change of pitch, of players that
have one.

{effects(plan.latent_labels, found["latents"])}

No latent alone moves the pitch by more than {bend:.1f} semitones: where a tone is lies in many of
them at once.

![change, loudness, brightness and pitch against each latent](brook.svg)

## What it does not do
- Struck and whistled sounds that it never heard come out {-struck:.0f} and {-whistled:.0f} dB too
  soft: where their partials are it guesses, and what is guessed it plays softly.
- {config.latent_size} numbers cannot hold a chord exactly: it blurs.
- Fundamentals under 50 Hz come out as their harmonics; over 12.5 kHz there is only noise.
- `noise_amount` does not change it: its noise is part of the sound and not of the latents.
- An attack is as sharp as its slots of 32 frames allow, and the network guesses which.
- It has only ever heard synthetic sound. How it follows recordings was not measured.
"""

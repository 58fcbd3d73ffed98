"""reed's card, in Markdown, out of measured numbers. Words are written here once."""

from typing import Any

from models.card import table
from models.reed.config import KINDS, KNOBS
from models.reed.recipe import ReedRecipe


def rows_of(distances: dict[str, dict[str, float]], names: tuple[str, ...]) -> str:
    """A table of spectral distances."""
    rows = [
        [
            name,
            f"{distances[name]['log_spectral_distance_db']:.1f}",
            f"{distances[name]['multiscale_distance']:.2f}",
        ]
        for name in names
    ]
    return table(["", "log-spectral (dB)", "multi-scale STFT"], rows)


def tracking_table(found: dict[str, Any]) -> str:
    """A row per noise level."""
    rows = [
        [
            name,
            f"{row['median_cents']:.1f}",
            f"{100 * row['beyond_50_cents']:.1f} %",
            f"{100 * row['missed']:.1f} %",
        ]
        for name, row in found.items()
        if isinstance(row, dict) and "missed" in row
    ]
    heads = ["noise below the tone", "median (cents)", "off by more than 50 cents", "not heard"]
    return table(heads, rows)


def card(plan: ReedRecipe, found: dict[str, Any]) -> str:
    """The card's text."""
    config, size, run = plan.config, found["size"], found["training"]
    tuning, loud, onset = found["tuning"], found["loudness"], found["onsets"]
    does, track = found["behaviour"], found["tracking"]
    rate = config.sample_rate / config.hop
    hop_ms = 1000 / rate
    first = track["first_pitch_ms"]
    knobs = table(
        ["parameter", "range", "default", "unit"],
        [
            [k.id, f"{k.minimum:g} .. {k.maximum:g}", f"{k.default:g}", k.unit]
            for k in KNOBS
            if k.id[-1] not in "234"
        ],
    )
    return f"""# reed

A pitched voice: pitch and loudness in, a bowed, blown or sung tone out. It plays four notes at once
and, beside them, follows what it hears with a voice of its own. Notes come from a keyboard, from
knobs, or from your instrument.

*Written by `python -m models.reed.measure`; do not edit. Numbers: `reed.json`.*

## Licence, sources, consent
- Code MIT; weights CC0. Use what you make with it as you like.
- Corpus: {run["corpus"]} from seed {plan.corpus_seed}. No recordings: nobody's voice or playing is
  in it, so nobody's consent was needed. "Sung" is a pulse train through formants.

## What it is
- The way of DDSP (Engel et al. 2020): a GRU of {config.hidden} says, for each voice and every
  {config.hop} frames, how strong {config.harmonics} harmonics and {config.bands} bands of noise
  are; a wavetable and shaped noise play them; three sparse convolutions make a room of a quarter of
  a second. The room is made from a seed, not learned.
- {config.sample_rate} Hz, mono; {config.hop} frames a step; any multiple as block. No delay of its
  own: a note begins in the block that brings it.
- {config.voices} voices as columns of one step. {size["learned"]:,} learned weights,
  {size["fixed"]:,} fixed numbers, {size["state"]:,} numbers of state.
- {size["macs"]:,} multiply-accumulates per block of {config.hop}: {size["macs"] * rate / 1e6:.0f}
  million a second, whether one note sounds or four.

## Parameters
{knobs}

`note_2` .. `note_4` and `level_2` .. `level_4` are as the first. A level of -80 is silence; any
other is the RMS of the note in dB of full scale. A note beyond 24 .. 102 sounds as the nearest.

![what each parameter does]({"reed.svg"})

## Training
{run["steps"]:,} steps of Adam from seed {plan.seed}, {run["minutes"]} minutes of one core
({run["processor"]}, torch {run["torch"]}, no GPU), making the corpus ready included. Batches of
{plan.batch} x {plan.hops} hops, rate {plan.learning_rate:g} falling to
{plan.last_learning_rate:g}; log and linear magnitudes at five window lengths. The output's power is
divided out before the loss, so the network learns colour only.

`python -m models.reed.train` repeats it; `--folder SOUNDS` trains on your own single notes, whose
pitch the recipe's tracker finds.

## How close it comes
{plan.held_out_clips} held-out clips (seed {plan.held_out_seed}), given their pitch, size and
brightness; each scaled so that its peak is 1, magnitudes floored at -80 dB.

{rows_of(found["distances"], ("trained", "untrained", "additive, 1 / k", "silence"))}

By player, trained:

{rows_of(found["distances"], KINDS)}

- Pitch of notes from 36 to 96 in all timbres, by autocorrelation: off by
  {tuning["median_cents"]:.1f} cents in the median, {tuning["worst_cents"]:.1f} at worst.
- Level of held notes from -60 to -6 dBFS: off by {loud["mean_db"]:.2f} dB in the mean,
  {loud["worst_db"]:+.2f} at worst.
- A note struck at a block's beginning reaches half its level in {onset["quickest_50_ms"]:.0f} ms
  and nine tenths in {onset["quickest_90_ms"]:.0f} at the shortest attack; in
  {onset["usual_50_ms"]:.0f} and {onset["usual_90_ms"]:.0f} ms at the usual one. Before that a note
  waits for its block: up to {hop_ms:.1f} ms.
- No clicks: notes struck, let go and stolen at random, all knobs jumping, step by
  {does["joins_db"]:.0f} dBFS at most beyond what the sound does by itself; a stolen note by
  {does["steal_joins_db"]:.0f}.
- Largest mean (DC) {max(does["dc"], does["chord_dc"]):.1e}. With no note and no input
  {does["silence_db"]:.0f} dBFS; five seconds after a chord {does["five_seconds_later_db"]:.0f}.
- Four notes of -18 dBFS with the usual room: {does["chord_level_db"]:.1f} dBFS, peaks of
  {does["chord_peak"]:.2f}.

## How it follows
The tracker is part of the step (McLeod and Wyvill's normalised square difference on 21 ms at
12 kHz, 65 .. 1200 Hz). 40 tones of notes 41 .. 84 with vibrato, slides and 3 to 20 harmonics, from
60 ms after they begin, compared with the pitch of 16 ms before:

{tracking_table(track)}

- White noise alone is taken for a pitch {100 * track["noise_taken_for_a_pitch"]:.1f} % of the
  time, noise at -100 dBFS {100 * track["silence_taken_for_a_pitch"]:.1f} %. What has no pitch is
  played as breath.
- A tone is voiced {first["45"]:.0f} ms after its block begins at A2, {first["57"]:.0f} at A3,
  {first["69"]:.0f} at A4, {first["81"]:.0f} at A5.

## What it does not do
- It follows one voice: of a chord it takes what repeats best, and leaps.
- All notes share timbre, brightness, breath and vibrato. A control moves once a block.
- It has only ever heard synthetic tones, without a room; how it follows recordings was not
  measured.
- When a note is stolen upwards by more than an octave, harmonics of the old note alias for one
  block ({hop_ms:.1f} ms) while it fades.
- Below 33 Hz and above 3 kHz it does not go.
"""

"""eddy's card, in Markdown, out of measured numbers. Words are written here once."""

from typing import Any

from models.card import table
from models.eddy.recipe import KNOBS, EddyRecipe

HOP_S = 512 / 48000


def free_table(found: dict[str, Any]) -> tuple[str, str, str]:
    """Of a minute alone: how it sounds, what must not happen, how like the corpus it is."""
    free, pieces = found["free"], {"held-out pieces, played by brook": found["pieces"]}
    kinds = {f"alone at {k}": row for k, row in free.items()}
    heads = ["", "level (dBFS)", "softest second", "loudest", "deviation of seconds (dB)"]
    heads += ["silent", "onsets a second"]
    sounds = [
        [
            word,
            f"{row['level_db']:.1f}",
            f"{row['softest_second_db']:.0f}",
            f"{row['loudest_second_db']:.0f}",
            f"{row['level_deviation_db']:.1f}",
            f"{100 * row['silent_share']:.0f} %",
            f"{row['onsets_per_s']:.1f}",
        ]
        for word, row in {**kinds, **pieces}.items()
    ]
    faults = [
        [
            word,
            f"{row['peak']:.2f}",
            f"{row['dc']:.1e}",
            f"{row['joins_db']:.0f}",
            f"{100 * row['at_edge']:.1f} %",
        ]
        for word, row in kinds.items()
    ]
    kinds["half of the corpus to the other"] = found["halves"]
    likes = [
        [word, f"{r['mean']:.2f}", f"{r['spread_db']:.1f}", f"{r['autocorrelation']:.3f}"]
        for word, r in kinds.items()
    ]
    return (
        table(heads, sounds),
        table(["", "peak", "mean (DC)", "steps at joins (dBFS)", "at its reach"], faults),
        table(["", "means (deviations)", "spreads (dB)", "autocorrelation"], likes),
    )


def played_words(found: dict[str, Any]) -> str:
    """How the bundle goes on alone on the box, if it was there to be played."""
    if "as_played" not in found:
        return "The bundle of these weights was not played."
    row = found["as_played"]
    return f"""The bundle that ships in the engine that ships (`ondine render`, which gives what
`ondine play` does), after three seconds of a bowed clip, 20 s alone at temperature 1:
{row["level_db"]:.1f} dBFS, seconds from {row["softest_second_db"]:.0f} to
{row["loudest_second_db"]:.0f}, {100 * row["silent_share"]:.0f} % silent,
{row["onsets_per_s"]:.1f} onsets a second, peak {row["peak"]:.2f}, mean (DC) {row["dc"]:.0e}."""


def times(cost: dict[str, Any]) -> str:
    """Steps of brook and eddy side by side, if both bundles are there."""
    if "brook" not in cost or "eddy" not in cost:
        return "No bundle of these weights was made yet."
    both = []
    for name in ("brook", "eddy"):
        measured = cost[name]["measured"]
        encode, decode = (measured[m]["fp32_ms"] for m in ("encode", "decode"))
        both.append((name, encode, decode, measured["encode"]["macs_per_block"]))
    rows = [
        [name, f"{encode:.2f}", f"{decode:.2f}", f"{macs:,}", f"{cost[name]['megabytes']:.1f}"]
        for name, encode, decode, macs in both
    ]
    share = 100 * sum(both[1][1:3]) / (1000 * HOP_S)
    ratio = sum(both[1][1:3]) / sum(both[0][1:3])
    heads = ["", "encode (ms)", "decode (ms)", "encode's products (MACs)", "bundle (MB)"]
    return f"""{table(heads, rows)}

Medians in fp32 at conversion, of a block of 10.7 ms, on a machine that was not quiet: eddy's whole
block takes {ratio:.1f} times as long as brook's, and {share:.0f} % of the block's time."""


def card(plan: EddyRecipe, found: dict[str, Any]) -> str:
    """The card's text."""
    config, run, nats, cost = plan.config, found["training"], found["nats"], found["cost"]
    own, true = found["priming"], found["true_continuation"]
    sounds, faults, unlike = free_table(found)
    fade_ms, memory_s = 1000 * config.fade * HOP_S, config.memory * HOP_S
    primes = plan.held_out_pieces + plan.held_out_streams
    knobs = table(
        ["parameter", "range", "default", "what it does"],
        [
            [f"`{k.id}`", f"{k.minimum:g} .. {k.maximum:g}", f"{k.default:g}", words]
            for k, words in zip(
                KNOBS,
                (
                    "1 plays what it hears, as brook does; 0 goes on by itself",
                    "how freely it goes on; 0 leaves only what it holds for usual",
                ),
                strict=True,
            )
        ],
    )
    variation = table(
        ["temperature", *(f"{row['temperature']:g}" for row in found["variation"])],
        [
            [word, *(f"{row[key]:.2f}" for row in found["variation"])]
            for word, key in (("from step to step", "step"), ("between runs", "apart"))
        ],
    )
    return f"""# eddy

brook that goes on by itself. Play into it with `listen` at 1: you hear brook, and eddy remembers.
Turn `listen` to 0: it continues from what you played, and listens no more. Turn it back whenever
you like. The latents' knobs still bend what you hear; eddy does not notice them.

*Written by `python -m models.eddy.measure`; do not edit. Numbers: `eddy.json`.*

## Licence, sources, consent
- Code MIT; weights CC0. Use what you make with it as you like.
- Corpus: {run["corpus"]}, seed {plan.corpus_seed}:
  phrases said again over a pulse, and clips in a row. No recordings: nobody's playing is in it, so
  nobody's consent was needed.
- It knows the latents of one brook: weights with the sha256 `{run["brook_sha256"][:16]}...`.

## Parameters
{knobs}

Between the two `listen` takes {config.fade} steps ({fade_ms:.0f} ms); in the middle it mixes
latents, not sounds. A `listen` of 0.5 stays there: half yours, half its own.
Below 1 the temperature narrows where a step may go, not whether a note begins; above 1 it evens out
both. `noise_amount` narrows just as a temperature below 1 does.

## What it is
- One step per latent step, 93.75 a second. {len(config.dilations)} dilated causal convolutions of
  {config.channels} channels look back {sum(config.dilations) * 2} steps; a recall of
  {config.heads} heads finds what followed moments like now within {config.memory} steps
  ({memory_s:.1f} s). Both say a mixture of {
        config.mixtures
    } normal distributions for the next step.
  The draws are inputs of the step: a performance can be repeated.
- {cost["learned"]:,} learned weights, {cost["state"]:,} numbers of state, {cost["macs"]:,}
  multiply-accumulates a step: {cost["macs"] * 93.75e-6:.0f} million a second. It
  runs whether it listens or not, so its cost never changes.

{times(cost)}

## Training
{run["steps"]:,} of {plan.steps:,} steps of Adam from seed {plan.seed}, {run["minutes"]} minutes of
one core ({run["processor"]}, torch {run["torch"]}, one thread, no GPU), making the corpus ready
included. Batches of {plan.batch} x {plan.length} steps; half the segments' past is shaken by up to
{plan.noise:g}, so that it finds back from its own errors.
`python -m models.eddy.train` repeats it; `--folder SOUNDS` learns your own phrases instead.

## How well it guesses
Nats per latent step on {plan.held_out_pieces} composed pieces and {plan.held_out_streams} streams
of clips that training never saw ({plan.piece_s:g} s each); lower is better. The baselines are
fitted to the held-out set itself. Held notes and rests are easy to guess, so the mean is low.

{table(["", "nats"], [[word, f"{value:.2f}"] for word, value in nats.items()])}

## A minute by itself
After 3 s of two pieces and of silence, 60 s at each temperature, beside pieces that training never
saw. *Silent*: share of tenths of a second under -60 dBFS. *Deviation*: of the levels of single
seconds, those that sound. *Onsets*: moments at which the level rises by 5 dB within 21 ms, the mean
over half octaves.

{sounds}

*Steps at joins*: the largest jump of the waveform where two grains of partials meet, every 16
frames, the turn from heard to continued included. *At its reach*: share of steps held back at the
radius that holds 99.9 % of the corpus' latents.

{faults}

{played_words(found)}

How far the latents are from the held-out corpus': their means, their spreads, and their
autocorrelation up to two seconds (RMS over latents and lags; the corpus' stays up at long lags, as
its pieces differ from each other).

{unlike}

## Does it continue what it heard?
The energy distance between a prime (3 s) and the second that follows, over {primes} primes, at
temperature 1. *Nearer*: share of the other primes that are farther away than the own one (50 % if
priming did nothing). *p*: by 5000 random pairings.

{
        table(
            ["", "to its own prime", "to the others", "nearer", "own is nearest", "p"],
            [
                [
                    word,
                    f"{row['own']:.2f}",
                    f"{row['others']:.2f}",
                    f"{100 * row['nearer']:.0f} %",
                    f"{100 * row['nearest']:.0f} %",
                    f"{row['p']:.4f}",
                ]
                for word, row in (("eddy", own), ("what really followed", true))
            ],
        )
    }

## What temperature does
RMS length of a latent step, and the deviation between four runs from the same primes, both over
the first four seconds. The prior's own draws alone: the decoder's noise is not in it.

{variation}

![latents heard and continued, variation over temperature, autocorrelation](eddy.svg)

## What it does not do
- It keeps a timbre, a register and a way of moving for seconds; it has no plan beyond
  {memory_s:.1f} s, and no beat of its own is promised.
- Whether a phrase comes again as a phrase was not measured.
- Under a temperature of about 0.7 it calms down: after some seconds it holds soft, dark sounds with
  few new notes. Over about 1.3 it wanders far and loud, held back by its reach.
- It has only ever heard synthetic pieces. What it makes of recordings was not measured.
- Another brook has other latents: train it again when brook's weights change.
"""

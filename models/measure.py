"""Measure an instrument and write its card: `python -m models.measure drift`.

Writes models/cards/NAME.json (the numbers), NAME.md (the card) and NAME.svg (the latents).
Everything is measured on clips of the held-out corpus, which training never sees.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from models.brook.net import Brook
from models.brook.recipe import BrookRecipe
from models.card import card, picture
from models.corpus import PLAYERS, corpus
from models.distances import (
    centroid_hz,
    level_db,
    log_spectral_distance_db,
    loudness_db,
    multiscale_distance,
)
from models.export import WEIGHTS, trained, untrained
from models.instruments import Network
from models.recipes import Plan, Recipe, recipe

CARDS = Path(__file__).parent / "cards"
BUNDLES = WEIGHTS.parent / "bundles"
OFFSETS = (-2.0, -1.0, 0.0, 1.0, 2.0)
Play = Callable[[Tensor], Tensor]


def played(net: Network, x: Tensor, offset: Tensor | None = None) -> Tensor:
    """What `net` makes of x [1, 1, T], with `offset` [latents, 1] added to its latents."""
    z, _ = net.encode(x, net.encoder.init_state())
    if offset is not None:
        z = z + offset
    y, _ = net.decode(z, net.noise(z.shape[2], seed=0), net.decoder.init_state())
    return y


def reconstruction(play: Play, clips: list[Tensor], delay: int) -> dict[str, float]:
    """Mean distances between clips and what `play` makes of them, aligned by `delay` frames."""
    rows = []
    for x in clips:
        y = play(x)[:, :, delay:]
        x = x[:, :, : x.shape[2] - delay]
        sounding = (loud := loudness_db(x)) > loud.max() - 40
        rows.append(
            (
                log_spectral_distance_db(x, y),
                multiscale_distance(x, y),
                float((loud - loudness_db(y)).abs()[sounding].mean()),
                level_db(y) - level_db(x),
            )
        )
    names = ("log_spectral_distance_db", "multiscale_distance", "loudness_error_db", "level_db")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def sine_pitch(net: Network) -> dict[str, float]:
    """Play sines into the instrument and find the strongest frequency that comes out."""
    rate = net.config.sample_rate
    t = torch.arange(rate // net.config.hop * net.config.hop) / rate
    errors = []
    for note in np.arange(45.25, 96, 1.5):  # 110..2000 Hz, on and between the tempered notes
        freq = 440.0 * 2 ** ((note - 69) / 12)
        y = played(net, 0.25 * torch.sin(2 * torch.pi * freq * t)[None, None])[0, 0, rate // 2 :]
        spectrum = torch.fft.rfft(y * torch.hann_window(len(y)), n=1 << 18).abs()
        heard = float(spectrum[1:].argmax() + 1) * rate / (1 << 18)
        errors.append(abs(1200 * np.log2(heard / freq)))
    return {
        "median_cents": float(np.median(errors)),
        "within_semitone": float(np.mean(np.array(errors) <= 100)),
    }


def envelope_lag(net: Network, clips: list[Tensor]) -> int:
    """Frames by which the output's loudness curve follows the input's (best correlation)."""
    step = 32
    score: Tensor = torch.zeros(2048 // step)
    for x in clips:
        y = played(net, x)
        a, b = (torch.log10(s[0, 0].unfold(0, 128, step).square().mean(1) + 1e-7) for s in (x, y))
        a, b = a - a.mean(), b - b.mean()
        size = len(a) - len(score)
        score += torch.stack([(a[:size] * b[lag : lag + size]).sum() for lag in range(len(score))])
    return int(score.argmax()) * step


def behaviour(net: Network, clips: list[Tensor]) -> dict[str, float]:
    """Silence, DC, peak and lag; and a sound held by latents that all stay at 0."""
    outputs = [played(net, x) for x in clips]
    hops = 4 * net.config.sample_rate // net.config.hop
    silent = played(net, torch.zeros(1, 1, hops * net.config.hop))
    held, _ = net.decode(
        torch.zeros(1, net.config.latent_size, hops),
        net.noise(hops, seed=0),
        net.decoder.init_state(),
    )
    levels = loudness_db(held[:, :, net.config.sample_rate :])
    return {
        "held_db": float(levels.mean()),
        "held_deviation_db": float(levels.std()),
        "silence_db": level_db(silent[:, :, net.config.sample_rate // 2 :]),
        "dc": max(abs(float(y.mean())) for y in outputs),
        "peak": max(float(y.abs().max()) for y in outputs),
        "lag_frames": envelope_lag(net, [x for i, x in enumerate(clips) if i % len(PLAYERS) == 6]),
    }


def latent_effects(net: Network, clips: list[Tensor]) -> list[dict[str, Any]]:
    """Per latent: its range; loudness, centroid and spectral change when an offset is added."""
    z = torch.cat([net.encode(x, net.encoder.init_state())[0][0] for x in clips], dim=1)
    low, high = np.percentile(z.numpy(), (1, 99), axis=1)
    rate = net.config.sample_rate
    still = torch.cat([played(net, x) for x in clips], dim=2)
    effects = []
    for latent in range(net.config.latent_size):
        loudness, centroid, change = [], [], []
        for value in OFFSETS:
            offset = torch.zeros(net.config.latent_size, 1)
            offset[latent] = value
            y = torch.cat([played(net, x, offset) for x in clips], dim=2)
            loudness.append(level_db(y))
            centroid.append(centroid_hz(y, rate))
            change.append(log_spectral_distance_db(still, y))
        effects.append(
            {
                "low": float(low[latent]),
                "high": float(high[latent]),
                "mean": float(z[latent].mean()),
                "deviation": float(z[latent].std()),
                "loudness_db": [level - loudness[len(OFFSETS) // 2] for level in loudness],
                "centroid_hz": centroid,
                "change_db": change,
            }
        )
    return effects


def size(net: Network) -> dict[str, int]:
    """Parameters learned and fixed, and multiply-accumulates of one block."""
    macs = {}
    hop = net.config.hop
    x, z = torch.zeros(1, 1, hop), torch.zeros(1, net.config.latent_size, 1)
    for name, call in (
        ("encode", lambda: net.encode(x, net.encoder.init_state())),
        ("decode", lambda: net.decode(z, net.noise(1), net.decoder.init_state())),
    ):
        with FlopCounterMode(display=False) as counter:
            call()
        macs[f"{name}_macs"] = counter.get_total_flops() // 2
    learned = sum(p.numel() for p in net.parameters())
    return {"learned": learned, "fixed": sum(b.numel() for b in net.buffers()), **macs}


def measure(plan: Plan, net: Network) -> dict[str, Any]:
    """All numbers of the card, except those that training wrote down."""
    hop, delay = plan.config.hop, plan.config.delay
    arrays = corpus(plan.held_out_seed, plan.held_out_clips)
    frames = arrays.shape[1] // hop * hop
    clips = [torch.from_numpy(a[:frames])[None, None] for a in arrays]
    before = untrained(plan)
    # An untrained net is also too quiet; give it its best level, so that training has to win on
    # the sound itself.
    quiet = np.mean([level_db(played(before, x)) - level_db(x) for x in clips])
    raised = 10 ** (-float(quiet) / 20)
    rows = {
        "trained": reconstruction(lambda x: played(net, x), clips, delay),
        "untrained": reconstruction(lambda x: played(before, x), clips, delay),
        "untrained, raised to the input's level": reconstruction(
            lambda x: raised * played(before, x), clips, delay
        ),
        "silence": reconstruction(torch.zeros_like, clips, delay),
    }
    players = {
        player.__name__: reconstruction(lambda x: played(net, x), clips[i :: len(PLAYERS)], delay)
        for i, player in enumerate(PLAYERS)
    }
    return {
        "recipe": asdict(plan),
        "size": size(net),
        "reconstruction": rows,
        "players": players,
        "sines": sine_pitch(net),
        "behaviour": behaviour(net, clips),
        "latents": latent_effects(net, clips[:18]),
    }


def brook_card(
    plan: BrookRecipe, net: Network, run: dict[str, Any], out: Path, bundle: Path | None
) -> tuple[dict[str, Any], str, str]:
    """brook's numbers, drawing and card, the bundle's too if one of these weights is there.

    A comparison with RAVE that lies in `out` is told of.
    """
    # Here, since brook's measures are made of the ones above.
    from models.as_played import as_played
    from models.brook import card as words
    from models.brook.measure import brook_measures
    from models.brook.picture import picture as drawing

    assert isinstance(net, Brook)
    found = {"training": run, **brook_measures(plan, net)}
    if bundle is not None and bundle.exists():
        found["as_played"] = as_played(bundle)
    beside = out / "brook.rave.json"
    if beside.exists():
        found["against_rave"] = json.loads(beside.read_text())
    return found, drawing(plan.latent_labels, found["latents"]), words.card(plan, found)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure an instrument and write its card.")
    parser.add_argument("name")
    parser.add_argument("--checkpoint", type=Path, help="weights .npz; default: the committed ones")
    parser.add_argument("--out", type=Path, default=CARDS, help="folder for the card")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        plan = recipe(options.name)
        weights = options.checkpoint or WEIGHTS / f"{options.name}.npz"
        net = trained(plan, weights)
        run = json.loads(weights.with_suffix(".json").read_text())
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    options.out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        if isinstance(plan, Recipe):
            found = {"training": run, **measure(plan, net)}
            drawing, text = picture(plan, found["latents"]), card(options.name, plan, found)
        else:
            bundle = BUNDLES / "brook.ondine" if options.checkpoint is None else None
            found, drawing, text = brook_card(plan, net, run, options.out, bundle)
    (options.out / f"{options.name}.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / f"{options.name}.svg").write_text(drawing)
    (options.out / f"{options.name}.md").write_text(text)
    print(options.out / f"{options.name}.md")


if __name__ == "__main__":
    main()

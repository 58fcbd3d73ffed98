"""Train an acids-rave model of brook's size on brook's corpus for as long, to compare them.

    .oracle/bin/python -m models.brook.against_rave [--minutes 5] [--resume] [--beside WEIGHTS.npz]

Runs in the oracle's environment (`make oracle` builds it). RAVE is driven as the installed package
that it is: its encoder, decoder, losses, optimiser settings and regularisation warm-up, in its
first phase (no adversary; it would begin after a million steps). DIR/rave.json says what came of
it, measured as the card measures brook, and what a brook that was trained as long comes to. RAVE's
delay is not known beforehand: of all lags, the one that makes it look best is taken.
As models/cards/brook.rave.json it is told of in brook's card.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.brook.recipe import BrookRecipe
from models.checkpoint import save_whole
from models.corpus import corpus
from models.distances import multiscale_distance
from models.export import trained
from models.measure import played, reconstruction

ROOT = Path(__file__).resolve().parents[2]
BINDINGS = (
    "CAPACITY = 22",
    "RATIOS = [4, 2, 2, 2]",  # a hop of 512
    "LATENT_SIZE = 16",
    "SAMPLING_RATE = 48000",
)
BATCH, FRAMES = 8, 32768
RATE, BETAS = 1e-3, (0.5, 0.9)
FIRST_BETA, LAST_BETA, WARM_UP = 1e-6, 5e-2, 20000
SAVE_EVERY = 10  # steps
LAGS = range(0, 2049, 128)


def build() -> Any:
    """A causal RAVE v2, small."""
    sys.path.insert(0, str(ROOT / "tests" / "oracle" / "torchaudio_stub"))
    import gin  # type: ignore[import-not-found, unused-ignore]
    import rave  # type: ignore[import-not-found, unused-ignore]

    gin.parse_config_files_and_bindings(["configs/v2.gin", "configs/causal.gin"], list(BINDINGS))
    return rave.RAVE(n_channels=1)


def batch(clips: np.ndarray, seed: int, step: int) -> Tensor:
    """Pieces of clips at random places and levels [B, 1, T], as brook gets them."""
    rng = np.random.default_rng([seed, step])
    starts = rng.integers(clips.shape[1] - FRAMES + 1, size=BATCH)
    chosen = rng.integers(len(clips), size=BATCH)
    pieces = np.stack([clips[i, at : at + FRAMES] for i, at in zip(chosen, starts, strict=True)])
    levels = 10 ** (rng.uniform(-18, 6, size=(BATCH, 1)) / 20)
    return torch.from_numpy((pieces * levels).clip(-1, 1).astype(np.float32))[:, None]


def loss(net: Any, x: Tensor, step: int) -> Tensor:
    """RAVE's loss in its first phase."""
    z, bands = net.encode(x, return_mb=True)
    z, reg = net.encoder.reparametrize(z)[:2]
    made = net.decoder(z)
    y = net.pqmf.inverse(made)
    share = min(step / WARM_UP, 1.0)
    beta = FIRST_BETA ** (1 - share) * LAST_BETA**share
    terms = [
        *net.multiband_audio_distance(bands, made[..., : bands.shape[-1]]).values(),
        *net.audio_distance(x, y[..., : x.shape[-1]]).values(),
    ]
    return torch.stack(terms).sum() + beta * reg


def measured(net: Any, plan: BrookRecipe) -> dict[str, Any]:
    """The distances of the card on the held-out clips, at the lag that suits best.

    As it plays, and raised to the input's level: so soft a sound is judged for little else.
    """
    clips = held_out(plan)
    net.eval()
    with torch.no_grad():
        made = {
            id(x): net.decode(net.encode(x)[:, : net.latent_size])[..., : x.shape[2]] for x in clips
        }
        near = {
            lag: sum(
                multiscale_distance(x[..., : x.shape[2] - lag], made[id(x)][..., lag:])
                for x in clips[::4]
            )
            for lag in LAGS
        }
        lag = min(near, key=lambda lag: near[lag])
        found = reconstruction(lambda x: made[id(x)], clips, lag)
        gain = 10 ** (-found["level_db"] / 20)
        raised = reconstruction(lambda x: gain * made[id(x)], clips, lag)
    return {"held_out": found, "raised": raised, "lag": lag}


def brook_measured(weights: Path, plan: BrookRecipe) -> dict[str, Any]:
    """What a brook comes to, on the same clips: weights that `models.train` wrote."""
    net, clips = trained(plan, weights), held_out(plan)
    with torch.no_grad():
        found = reconstruction(lambda x: played(net, x), clips, plan.config.delay)
    run = json.loads(weights.with_suffix(".json").read_text())
    return {"minutes": run["minutes"], "steps": run["steps"], "held_out": found}


def held_out(plan: BrookRecipe) -> list[Tensor]:
    """The held-out clips [1, 1, T], cut to whole hops."""
    hop = plan.config.hop
    arrays = corpus(plan.held_out_seed, plan.held_out_clips)
    return [torch.from_numpy(a[: len(a) // hop * hop])[None, None] for a in arrays]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train RAVE on brook's corpus and measure it.")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the processor, from now")
    parser.add_argument("--out", type=Path, default=Path("build/against_rave"))
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--clips", type=int, default=None, help="of the corpus; default: all")
    parser.add_argument("--beside", type=Path, help="a brook's weights .npz, to measure them, too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    plan = BrookRecipe()
    torch.manual_seed(plan.seed)
    net = build()
    size = sum(p.numel() for part in (net.encoder, net.decoder) for p in part.parameters())
    learned = [*net.encoder.parameters(), *net.decoder.parameters()]
    adam = torch.optim.Adam(learned, RATE, BETAS)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint, step, before = options.out / "checkpoint.pt", 0, 0.0
    if options.resume and checkpoint.exists():
        data = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(data["net"])
        adam.load_state_dict(data["adam"])
        step, before = data["step"], data["seconds"]
    clips = corpus(plan.corpus_seed, options.clips or plan.corpus_clips)
    begun, seconds, mean = time.process_time(), before, 0.0
    while seconds - before < options.minutes * 60:
        term = loss(net, batch(clips, plan.seed, step), step)
        adam.zero_grad()
        term.backward()
        adam.step()
        step += 1
        seconds = before + time.process_time() - begun
        mean = 0.95 * mean + 0.05 * float(term.detach()) if mean else float(term.detach())
        if step % SAVE_EVERY == 0 or seconds - before >= options.minutes * 60:
            state = {"net": net.state_dict(), "adam": adam.state_dict()}
            save_whole({**state, "step": step, "seconds": seconds}, checkpoint)
            print(f"step {step}, {seconds:.0f} s: {mean:.3f}", flush=True)
    found = {
        "minutes": round(seconds / 60, 1),
        "steps": step,
        "learned": size,
        "bindings": list(BINDINGS),
        **measured(net, plan),
    }
    if options.beside is not None:
        found["brook"] = brook_measured(options.beside, plan)
    (options.out / "rave.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found["held_out"]))


if __name__ == "__main__":
    main()

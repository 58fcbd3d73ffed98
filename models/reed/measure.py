"""Measure reed and write its card: `python -m models.reed.measure [--checkpoint F] [--out DIR]`.

Writes reed.json (the numbers), reed.md (the card) and reed.svg (what each knob does). Distances are
taken on clips that training never sees; everything else on what the instrument plays.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from models.distances import log_spectral_distance_db, multiscale_distance
from models.pitch import cents, pitch_hz
from models.reed.config import KINDS
from models.reed.corpus import corpus
from models.reed.effects import effects
from models.reed.follow import tracking
from models.reed.material import Material, from_clips
from models.reed.net import Reed, note_hz, untrained
from models.reed.nn_tilde import WEIGHTS, trained
from models.reed.play import play
from models.reed.recipe import REED, ReedRecipe

CARDS = Path(__file__).parents[1] / "cards"
OWN = 720  # frames on either side of a join
DULL = {"breath": -24.0, "brightness": -2.0}
STILL = {"vibrato": 0.0, "room": 0.0, "follow": 0.0}
NOTES = range(36, 97, 5)
LEVELS = (-60.0, -40.0, -20.0, -6.0)


def additive(note: Tensor, size: Tensor, net: Reed) -> Tensor:
    """The plain baseline [B, frames]: harmonics of strength 1 / k at that pitch and size."""
    k = torch.arange(1, net.config.harmonics + 1).float()
    hz = 440 * torch.exp2((note - 69) / 12)
    strengths = (1 / k) * (hz[..., None] * k < 20000)
    total = 0.5 * strengths.square().sum(dim=-1, keepdim=True)
    return net.wave.sequence(strengths * size[..., None] / total.sqrt(), hz)


def distances(net: Reed, plan: ReedRecipe, shown: Material) -> dict[str, dict[str, float]]:
    """Held-out sound against what its pitch, size and brightness give."""
    rng = np.random.default_rng(5)
    shape = (*shown.note.shape, 512)
    draws = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    given = (shown.note, shown.size, shown.bright, shown.timbre, draws)
    before = untrained(plan.config, plan.seed).sequence(*given)
    made = net.sequence(*given)
    rows = {
        "trained": made,
        "untrained": before,
        "additive, 1 / k": additive(shown.note, shown.size, net),
        "silence": torch.zeros_like(made),
    }
    found = {name: distance(shown.sound, y) for name, y in rows.items()}
    for i, kind in enumerate(KINDS):
        chosen = shown.timbre[:, 0] == i
        found[kind] = distance(shown.sound[chosen], made[chosen])
    return found


def distance(x: Tensor, y: Tensor) -> dict[str, float]:
    """Means over sounds [B, frames]."""
    pairs = [(a[None, None], b[None, None]) for a, b in zip(x, y, strict=True)]
    return {
        "log_spectral_distance_db": float(
            np.mean([log_spectral_distance_db(a, b) for a, b in pairs])
        ),
        "multiscale_distance": float(np.mean([multiscale_distance(a, b) for a, b in pairs])),
    }


def level_db(y: Tensor) -> float:
    return float(10 * torch.log10(y.square().mean() + 1e-12))


def tuning(net: Reed) -> dict[str, float]:
    """Cents by which notes of all three timbres miss their pitch (autocorrelation)."""
    rate, errors = net.config.sample_rate, []
    for timbre in (0.0, 1.0, 2.0):
        for note in NOTES:
            turned = {"note_1": note + 0.3, "level_1": -20.0, "timbre": timbre, **STILL}
            y = play(net, 0.6, [(0, turned)])[rate // 4 :]
            heard = pitch_hz(y, rate)
            off = cents(heard, torch.full_like(heard, note_hz(note + 0.3)))
            errors.append(float(off[~off.isnan()].abs().median()) if len(off) else np.nan)
    return {"median_cents": float(np.nanmedian(errors)), "worst_cents": float(np.nanmax(errors))}


def loudness(net: Reed) -> dict[str, float]:
    """dB by which the level of a held note misses what was asked for."""
    rate, errors = net.config.sample_rate, []
    for timbre in (0.0, 1.0, 2.0):
        for note in (40, 64, 88):
            for level in LEVELS:
                turned = {"note_1": note, "level_1": level, "timbre": timbre, **STILL}
                y = play(net, 0.6, [(0, turned)])[rate // 3 :]
                errors.append(level_db(y) - level)
    worst = max(errors, key=abs)
    return {"worst_db": worst, "mean_db": float(np.mean(np.abs(errors)))}


def onsets(net: Reed) -> dict[str, float]:
    """ms from the block in which a note is struck until half and nine tenths of its level."""
    found: dict[str, float] = {}
    rate = net.config.sample_rate
    for name, attack in (("quickest", 2.0), ("usual", 20.0)):
        turned = {"note_1": 69.0, "level_1": -15.0, "attack": attack, **STILL}
        y = play(net, 0.5, [(0, turned)])
        curve = y.square().unfold(0, 128, 16).mean(dim=1).sqrt()
        end = float(curve[-200:].mean())
        for part in (0.5, 0.9):
            first = int((curve > part * end).nonzero()[0])
            found[f"{name}_{int(100 * part)}_ms"] = 1000 * (first * 16 + 64) / rate
    return found


def joins_db(y: Tensor, hop: int) -> float:
    """The largest step where hops join, beyond what the sound does by itself: dB of full scale.

    A step of 1 has fourth differences of 1, -3, 3, -1, where a smooth sound has next to none. Its
    own are those of the 30 ms around.
    """
    steps = torch.tensor([1.0, -4.0, 6.0, -4.0, 1.0]) / 3
    missed = torch.conv1d(y[None, None], steps[None, None])[0, 0].abs()
    edges = torch.arange(4 * hop, len(y) - 4 * hop, hop) - 4  # missed[n] looks at y[n] .. y[n + 4]
    at_edge = missed[edges[:, None] + torch.arange(5)].amax(dim=1)
    inside = missed.clone()
    inside[(edges[:, None] + torch.arange(5)).flatten()] = 0
    own = inside[edges[:, None] + torch.arange(-OWN, OWN)].amax(dim=1)
    beyond = (at_edge - own).clamp(min=0).max()
    return float(20 * torch.log10(beyond + 1e-9))


def storm() -> list[tuple[float, dict[str, float]]]:
    """Notes struck, let go and stolen on four voices, knobs jumping between them.

    High and dull, without breath: where pulses and noise are few, a click would stand out.
    """
    rng = np.random.default_rng(9)
    turns: list[tuple[float, dict[str, float]]] = [(0.0, {**STILL, **DULL})]
    for i in range(120):
        voice = rng.integers(1, 5)
        level = rng.choice([-80.0, -30.0, -18.0])
        turned = {f"level_{voice}": float(level), f"note_{voice}": float(rng.uniform(62, 88))}
        if i % 6 == 0:
            turned |= {"timbre": float(rng.uniform(0, 2)), "room": float(rng.uniform(0, 1))}
            turned |= {"brightness": float(rng.uniform(-2, -1)), "attack": 2.0, "release": 10.0}
        turns.append((0.05 * (i + 1), turned))
    return turns


def behaviour(net: Reed) -> dict[str, float]:
    """Clicks, DC, silence and peaks."""
    rate = net.config.sample_rate
    wild = play(net, 6.5, storm())
    tone = {"note_1": 60.0, "level_1": -12.0, **DULL, **STILL}
    steal = play(net, 1.0, [(0, tone), (0.5, {"note_1": 71.0})])
    chord = {f"note_{i + 1}": n for i, n in enumerate((48.0, 55.0, 60.0, 64.0))}
    levels = {f"level_{i + 1}": -18.0 for i in range(4)}
    full = play(net, 2.0, [(0, chord | levels)])
    off = dict.fromkeys(levels, -80.0)
    after = play(net, 6.0, [(0, chord | levels), (0.5, off)])
    return {
        "joins_db": joins_db(wild, net.config.hop),
        "steal_joins_db": joins_db(steal, net.config.hop),
        "dc": float(wild.mean().abs()),
        "chord_dc": float(full.mean().abs()),
        "chord_level_db": level_db(full[rate:]),
        "chord_peak": float(full.abs().max()),
        "silence_db": level_db(play(net, 1.0)),
        "five_seconds_later_db": level_db(after[-rate // 2 :]),
    }


def size(net: Reed) -> dict[str, int]:
    """Weights, fixed numbers, and multiply-accumulates of one block."""
    x, draws = torch.zeros(1, 1, net.config.hop), net.draws(1, 0)
    with FlopCounterMode(display=False) as counter:
        net(x, net.knobs(), draws, net.init_state())
    # Not among them: table look-ups, two times four a voice and frame.
    look_ups = 8 * net.config.voices * net.config.hop
    return {
        "learned": sum(p.numel() for p in net.parameters()),
        "fixed": sum(b.numel() for b in net.buffers()),
        "state": sum(s.numel() for s in net.init_state()),
        "macs": counter.get_total_flops() // 2 + look_ups,
    }


def measure(plan: ReedRecipe, net: Reed, fit: tuple[float, ...]) -> dict[str, Any]:
    """All numbers of the card, except those that training wrote down."""
    shown = from_clips(corpus(plan.held_out_seed, plan.held_out_clips), plan.config, fit)
    return {
        "size": size(net),
        "distances": distances(net, plan, shown),
        "tuning": tuning(net),
        "loudness": loudness(net),
        "onsets": onsets(net),
        "behaviour": behaviour(net),
        "tracking": tracking(net),
        "effects": effects(net),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure reed and write its card.")
    parser.add_argument("--checkpoint", type=Path, default=WEIGHTS, help="weights .npz")
    parser.add_argument("--out", type=Path, default=CARDS, help="folder for the card")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        net = trained(options.checkpoint)
        run = json.loads(options.checkpoint.with_suffix(".json").read_text())
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    from models.reed.card import card
    from models.reed.picture import picture

    with torch.no_grad():
        found = {"training": run, **measure(REED, net, tuple(run["brightness"]))}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "reed.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / "reed.svg").write_text(picture(found["effects"]))
    (options.out / "reed.md").write_text(card(REED, found))
    print(options.out / "reed.md")


if __name__ == "__main__":
    main()

"""Measure hail and write its card: `python -m models.drums.measure`.

Everything is measured on shots that training never saw (another seed), or on what the network
makes up. It writes models/cards/hail.md, hail.json, hail.svg and hail-classes.svg.
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.checkpoint import load_weights
from models.drums import picture
from models.drums.card import card
from models.drums.corpus import Shots, synthesised
from models.drums.grid import BANDS, FRAMES, SAMPLE_RATE, TIMES
from models.drums.listen import band_powers, decibels, listen
from models.drums.net import CLOUDS, LATENTS, Hail
from models.drums.play import banded, body_wave, mode_wave, noise_wave
from models.drums.shots import CLASSES, shot
from models.drums.train import RECIPE

HERE = Path(__file__).parents[1]
FLOOR_DB = -60.0
OFFSETS = (-2.0, -1.0, 0.0, 1.0, 2.0)
HEARD = 140
MADE = 40
"""Of each class."""


class Studio:
    """Plays numbers with one fixed noise."""

    def __init__(self) -> None:
        self.bands = banded(np.random.default_rng(7).standard_normal(FRAMES))

    def play(self, numbers: np.ndarray) -> np.ndarray:
        """The shot [FRAMES], its peak at 1."""
        out = body_wave(numbers) + mode_wave(numbers) + noise_wave(numbers, self.bands)
        return np.asarray(out / max(np.abs(out).max(), 1e-6), np.float32)


def spectral_distance(made: np.ndarray, wanted: np.ndarray) -> float:
    """Root mean square difference in dB over bands and times where either is above -60 dB.

    Both [FRAMES]; levels are brought to the same mean first.
    """
    a, b = (np.maximum(decibels(band_powers(x)), FLOOR_DB) for x in (made, wanted))
    where = np.maximum(a, b) > FLOOR_DB
    apart = (a - b)[where]
    return float(np.sqrt(np.mean((apart - apart.mean()) ** 2)))


def brightness_hz(sound: np.ndarray) -> float:
    """Power-weighted centroid in Hz."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    return float((power * hz).sum() / max(power.sum(), 1e-12))


def length_s(sound: np.ndarray) -> float:
    """Until it is 40 dB below its loudest 5 ms."""
    level = np.sqrt(np.mean(sound[: len(sound) // 240 * 240].reshape(-1, 240) ** 2, axis=1))
    return float(np.flatnonzero(level > level.max() * 0.01)[-1] + 1) * 240 / SAMPLE_RATE


@torch.no_grad()
def rebuilt(net: Hail, shots: Shots, studio: Studio, seed: int) -> dict[str, Any]:
    """How near shots come: by class, through the network, and by analysis alone."""
    analysed, through, kinds = [], [], []
    for index in range(HEARD):
        sound, kind = shot(seed, index)
        whole = np.zeros(FRAMES, np.float32)
        whole[: len(sound)] = sound
        latents, _ = net.encode(torch.from_numpy(listen(sound))[None])
        through.append(
            spectral_distance(studio.play(net.decode(latents)[0].double().numpy()), whole)
        )
        analysed.append(spectral_distance(studio.play(shots.numbers[index].astype(float)), whole))
        kinds.append(kind)
    classes = np.array(kinds)
    return {
        name: {
            "network": float(np.mean(np.array(through)[classes == k])),
            "analysis": float(np.mean(np.array(analysed)[classes == k])),
        }
        for k, name in enumerate(CLASSES)
    }


@torch.no_grad()
def classified(net: Hail, shots: Shots) -> dict[str, Any]:
    """How many held-out shots are taken for what they are, alone and among others.

    The table [true, taken], in percent, is that among others.
    """
    taken, among = (
        net.encode(torch.from_numpy(each))[1].argmax(dim=1).numpy()
        for each in (shots.features, shots.among)
    )
    table = np.zeros((len(CLASSES), len(CLASSES)))
    np.add.at(table, (shots.kinds, among), 1)
    return {
        "accuracy": float((taken == shots.kinds).mean()),
        "accuracy_among": float((among == shots.kinds).mean()),
        "table": (100 * table / table.sum(axis=1, keepdims=True)).round(1).tolist(),
    }


@torch.no_grad()
def made_up(net: Hail, studio: Studio) -> dict[str, Any]:
    """What random drums of each class are: taken for it, how bright and how long, and clean."""
    rng = torch.Generator().manual_seed(5)
    found: dict[str, Any] = {}
    for k, name in enumerate(CLASSES):
        one = torch.zeros(1, len(CLASSES))
        one[0, k] = 1.0
        means, spreads, shares = (each.view(CLOUDS, -1) for each in net.where(one))
        sounds = []
        for _ in range(MADE):
            cloud = int(torch.multinomial(shares[:, 0], 1, generator=rng))
            latents = means[cloud] + spreads[cloud] * torch.randn(1, LATENTS, generator=rng)
            sounds.append(studio.play(net.decode(latents)[0].double().numpy()))
        points = [(round(brightness_hz(s), 1), round(length_s(s), 3)) for s in sounds]
        bright, long = np.percentile(points, [10, 50, 90], axis=0).T.tolist()
        features = torch.from_numpy(np.stack([listen(sound) for sound in sounds]))
        taken = net.encode(features)[1].argmax(dim=1)
        found[name] = {
            "taken_for_it": float((taken == k).float().mean()),
            "centroid_hz": bright,
            "length_s": long,
            "points": points,
            "largest_mean": float(max(abs(float(s.mean())) for s in sounds)),
            "last_sample": float(max(abs(float(s[-1])) for s in sounds)),
        }
    return found


@torch.no_grad()
def latents(net: Hail, studio: Studio) -> list[dict[str, Any]]:
    """What each latent does: brightness and length over offsets, the median over the classes."""
    found = []
    base = net.prior_mean
    for latent in range(LATENTS):
        rows = []
        for k in range(len(CLASSES)):
            row = []
            for offset in OFFSETS:
                z = base[k : k + 1].clone()
                z[0, latent] += offset
                sound = studio.play(net.decode(z)[0].double().numpy())
                row.append((brightness_hz(sound), length_s(sound)))
            rows.append(row)
        median = np.median(np.array(rows), axis=0)
        found.append({"centroid_hz": median[:, 0].tolist(), "length_s": median[:, 1].tolist()})
    return found


def macs(part: nn.Module) -> int:
    """Multiply-accumulates of one pass: a weight each, as all its layers are products."""
    return sum(each.weight.numel() for each in part.modules() if isinstance(each, nn.Linear))


def rendering() -> dict[str, Any]:
    """What a shot of each class costs, in milliseconds, by the renderer of the box: it lives on the
    other side of the house, and is asked as a program."""
    program = [sys.executable, "-m", "device.pads.timing"]
    told = subprocess.run(program, capture_output=True, text=True, check=True)
    return {"processor": platform.machine(), "milliseconds": json.loads(told.stdout)}


def measure(net: Hail, shots: Shots, seed: int) -> dict[str, Any]:
    """All that the card tells."""
    studio = Studio()
    torch.manual_seed(0)
    raw = rebuilt(Hail().eval(), shots, studio, seed)
    return {
        "rebuilt": rebuilt(net, shots, studio, seed),
        "untrained": {name: row["network"] for name, row in raw.items()},
        "classified": classified(net, shots),
        "made_up": made_up(net, studio),
        "latents": latents(net, studio),
        "macs": {"encode": macs(net.encoder), "decode": macs(net.decoder)},
        "rendering": rendering(),
        "weights": sum(p.numel() for p in net.parameters()),
        "grid": {"bands": BANDS, "times": TIMES},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure hail and write its card.")
    parser.add_argument("--weights", type=Path, default=HERE / "weights/hail.npz")
    parser.add_argument("--out", type=Path, default=HERE / "cards")
    parser.add_argument("--held", type=Path, default=Path("build/hail"), help="shots kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    net = Hail()
    try:
        load_weights(net, options.weights)
        run = json.loads(options.weights.with_suffix(".json").read_text())
    except (ValueError, OSError) as error:
        parser.error(str(error))
    options.held.mkdir(parents=True, exist_ok=True)
    shots = synthesised(RECIPE.held_out_seed, RECIPE.held_out_shots, options.held)
    found = measure(net.eval(), shots, RECIPE.held_out_seed) | {"training": run}
    (options.out / "hail.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / "hail.md").write_text(card(found, RECIPE))
    (options.out / "hail.svg").write_text(picture.latents(found))
    (options.out / "hail-classes.svg").write_text(picture.classes(found))


if __name__ == "__main__":
    main()

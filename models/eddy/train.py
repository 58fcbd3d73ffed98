"""Train eddy: `python -m models.eddy.train [--minutes 60] [--folder SOUNDS] [--resume]`.

One thread, no GPU. Needs brook's weights, whose latents it learns. Writes DIR/checkpoint.pt every
two hundred steps and, at the end, DIR/weights.npz and DIR/weights.json.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.brook.net import Brook
from models.eddy.course import EddyCourse
from models.eddy.material import BROOK_WEIGHTS, brook, encoded, learned_from, sha256
from models.eddy.recipe import EDDY, EddyRecipe
from models.folder import read_folder
from models.train import go


def read(plan: EddyRecipe, net: Brook, folder: Path | None) -> tuple[Tensor, str]:
    """Latents to learn from [N, 16, T], and a word on them. Raises ValueError for a bad folder."""
    if folder is None:
        seconds = (plan.pieces + plan.streams) * plan.piece_s
        words = f"{seconds / 60:.0f} minutes, made by models/eddy/pieces.py and models/corpus.py"
        return learned_from(plan, net, lambda _: None), words
    found = read_folder(folder, net.config.sample_rate)
    words = f"{found.files} files, {found.seconds / 60:.1f} minutes, of a player's own"
    return encoded(net, found.clips), words


def train(
    plan: EddyRecipe,
    out: Path,
    minutes: float,
    resume: bool,
    folder: Path | None = None,
    weights: Path = BROOK_WEIGHTS,
) -> bool:
    """Run the recipe, for at most `minutes`; returns whether it came to its end."""
    torch.set_num_threads(1)
    begun = time.process_time()
    print("making the corpus ready", flush=True)
    latents, source = read(plan, brook(weights), folder)
    about = {"corpus": source, "brook_sha256": sha256(weights)}
    run, nothing = EddyCourse(plan, latents, about["brook_sha256"]), np.zeros((0, 0), np.float32)
    prepared_s = time.process_time() - begun
    return go(run, nothing, out, minutes, resume, about, prepared_s=prepared_s)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train eddy.")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after this long")
    parser.add_argument("--folder", type=Path, help="learn from the WAV and FLAC files in it")
    parser.add_argument("--out", type=Path, default=Path("build/eddy"))
    parser.add_argument("--resume", action="store_true", help="go on from DIR/checkpoint.pt")
    options = parser.parse_args()
    try:
        train(EDDY, options.out, options.minutes, options.resume, options.folder)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

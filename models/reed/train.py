"""Train reed: `python -m models.reed.train [--minutes 60] [--folder SOUNDS] [--resume]`.

One thread, no GPU. The folder's sounds must be of single notes, one after the other. Writes
DIR/checkpoint.pt every few hundred steps and, at the end, DIR/weights.npz and DIR/weights.json.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from models.folder import read_folder
from models.reed.corpus import corpus
from models.reed.course import ReedCourse
from models.reed.material import Material, from_clips, from_sounds
from models.reed.recipe import REED, ReedRecipe
from models.train import go


def read(plan: ReedRecipe, folder: Path | None) -> tuple[Material, str]:
    """What to learn from, and a word on it. Raises ValueError if the folder cannot be used."""
    if folder is None:
        clips = corpus(plan.corpus_seed, plan.corpus_clips)
        words = f"{plan.corpus_clips} clips, synthesised by models/reed/corpus.py"
        return from_clips(clips, plan.config), words
    found = read_folder(folder, plan.config.sample_rate)
    words = f"{found.files} files, {found.seconds / 60:.1f} minutes, of a player's own"
    return from_sounds(found.clips, plan.config), words


def train(plan: ReedRecipe, out: Path, minutes: float, resume: bool, folder: Path | None) -> bool:
    """Run the recipe, for at most `minutes`; returns whether it came to its end."""
    torch.set_num_threads(1)
    begun = time.process_time()
    print("making the corpus ready", flush=True)
    material, source = read(plan, folder)
    about = {"corpus": source, "brightness": list(material.fit)}
    run, nothing = ReedCourse(plan, material), np.zeros((0, 0), np.float32)
    prepared_s = time.process_time() - begun
    return go(run, nothing, out, minutes, resume, about, prepared_s=prepared_s)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train reed.")
    parser.add_argument("--minutes", type=float, default=90.0, help="stop after this long")
    parser.add_argument("--folder", type=Path, help="learn from the WAV and FLAC files in it")
    parser.add_argument("--out", type=Path, default=Path("build/reed"))
    parser.add_argument("--resume", action="store_true", help="go on from DIR/checkpoint.pt")
    options = parser.parse_args(arguments)
    try:
        train(REED, options.out, options.minutes, options.resume, options.folder)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

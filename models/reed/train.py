"""Train reed: `python -m models.reed.train [--minutes 60] [--folder SOUNDS] [--resume]`.

One thread, no GPU. The folder's sounds must be of single notes, one after the other. Writes
DIR/checkpoint.pt every few hundred steps and, at the end, DIR/weights.npz and DIR/weights.json.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import torch

from models.checkpoint import save_weights
from models.folder import read_folder
from models.reed.corpus import corpus
from models.reed.course import ReedCourse
from models.reed.material import Material, from_clips, from_sounds
from models.reed.recipe import REED, ReedRecipe
from models.train import follow


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
    run = ReedCourse(plan, material)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    if resume and checkpoint.exists():
        run.load(checkpoint)
    run.seconds += time.process_time() - begun
    if not follow(run, np.zeros((0, 0), np.float32), checkpoint, minutes):
        print(f"stopped at step {run.step} of {run.last}; go on with --resume")
        return False
    run.finish(np.zeros((0, 0), np.float32))
    save_weights(run.net, out / "weights.npz")
    record = {
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "processor": platform.machine(),
        "corpus": source,
        "brightness": list(material.fit),
    }
    (out / "weights.json").write_text(json.dumps(record, indent=1) + "\n")
    print(f"{run.step} steps in {run.seconds / 60:.1f} minutes: {out / 'weights.npz'}")
    return True


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

"""Train an instrument: `python -m models.train brook [--minutes 60] [--folder SOUNDS] [--resume]`.

One thread, no GPU needed. Writes DIR/checkpoint.pt every few hundred steps (to resume) and, at
the end, DIR/weights.npz and a record of the run, DIR/weights.json. A run cut by --minutes and
resumed gives what an uncut one gives: step n draws its batch from seed and n alone.
"""

import argparse
import json
import platform
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from models.checkpoint import save_weights
from models.corpus import corpus
from models.course import Course
from models.folder import read_folder
from models.instruments import course
from models.recipes import Plan, recipe

SAVE_EVERY = 200  # steps


def follow(run: Course, clips: np.ndarray, checkpoint: Path, minutes: float) -> bool:
    """Go through a course, for at most `minutes` by the clock; returns whether it came to its end.

    What is recorded is the processor's time: the same run on a busy machine says the same.
    """
    begun, worked, before = time.monotonic(), time.process_time(), run.seconds
    mean: dict[str, float] = {}
    columns = (SpinnerColumn(), *Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[loss]}")) as progress:
        task = progress.add_task("training", total=run.last, completed=run.step, loss="")
        while run.step < run.last and time.monotonic() - begun < minutes * 60:
            terms = run.advance(clips)
            if terms.keys() != mean.keys():
                mean = dict(terms)
            for name, value in terms.items():
                mean[name] = 0.99 * mean[name] + 0.01 * value
            run.seconds = before + time.process_time() - worked
            shown = "  ".join(f"{name} {value:.3f}" for name, value in mean.items())
            progress.update(task, completed=run.step, loss=shown)
            if run.step % SAVE_EVERY == 0:
                run.save(checkpoint)
                progress.console.print(f"step {run.step}, {run.seconds:.0f} s: {shown}")
    run.save(checkpoint)
    return run.step >= run.last


def train(
    plan: Plan,
    out: Path,
    minutes: float,
    resume: bool,
    folder: Path | None = None,
    finish: bool = False,
) -> bool:
    """Run a recipe, for at most `minutes`; returns whether there are weights.

    They are written when the course has come to its end, or if `finish` wants what there is.

    Raises ValueError if `folder` holds nothing to learn from.
    """
    torch.set_num_threads(1)
    if folder is not None:
        read = read_folder(folder, plan.config.sample_rate)
        clips = read.clips
        source = f"{read.files} files, {read.seconds / 60:.1f} minutes, of a player's own"
        print(f"read {source}", flush=True)
    else:
        print(f"synthesising {plan.corpus_clips} clips", flush=True)
        clips = corpus(plan.corpus_seed, plan.corpus_clips)
        source = f"{plan.corpus_clips} clips, synthesised by models/corpus.py"
    return go(course(plan), clips, out, minutes, resume, {"corpus": source}, finish=finish)


def go(
    run: Course,
    clips: np.ndarray,
    out: Path,
    minutes: float,
    resume: bool,
    about: Mapping[str, object],
    *,
    prepared_s: float = 0.0,
    finish: bool = False,
) -> bool:
    """Go through a course, and write its weights and a record; returns whether there are weights.

    `about` joins the record, and `prepared_s`, of the processor, what it took to make the corpus
    ready. Weights are there at the end, or if `finish` wants what there is.

    Raises ValueError if what is to be resumed is another course's.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    if resume and checkpoint.exists():
        run.load(checkpoint)
    run.seconds += prepared_s
    if not follow(run, clips, checkpoint, minutes) and not finish:
        print(f"stopped at step {run.step} of {run.last}; go on with --resume")
        return False
    run.finish(clips)
    save_weights(run.net, out / "weights.npz")
    record = {
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "processor": platform.machine(),
        **about,
    }
    (out / "weights.json").write_text(json.dumps(record, indent=1) + "\n")
    print(f"{run.step} steps in {run.seconds / 60:.1f} minutes: {out / 'weights.npz'}")
    return True


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train an instrument.")
    parser.add_argument("name")
    parser.add_argument("--minutes", type=float, default=90.0, help="stop after this long")
    parser.add_argument("--folder", type=Path, help="learn from the WAV and FLAC files in it")
    parser.add_argument("--out", type=Path, default=None, help="default: build/NAME")
    parser.add_argument("--resume", action="store_true", help="go on from DIR/checkpoint.pt")
    parser.add_argument(
        "--finish", action="store_true", help="write weights even if the course is not over"
    )
    options = parser.parse_args(arguments)
    out = options.out or Path("build") / options.name
    try:
        train(
            recipe(options.name),
            out,
            options.minutes,
            options.resume,
            options.folder,
            options.finish,
        )
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

"""How an instrument sounds on the box: a file in, a file out, by the engine that ships.

    sounds ─► in.wav ─► ondine render ─► out.wav ─► measures

What the cards say of a network in torch says nothing of quantising, blocks and the limiter. This
does: the bundle that ships goes through the program that ships, as another process. `ondine render`
gives to the sample what `ondine play` does, but on a busy machine no block comes late; it takes the
model's delay off, which is added again here.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from models.corpus import PLAYERS, SAMPLE_RATE, clip, harmonics
from models.distances import level_db
from models.reed.measure import joins_db

Turn = tuple[float, str, float]
"""When, in seconds, which parameter goes where."""
HELD_OUT = 2
REST_S = 0.5
BURST_S = 0.5


def through(bundle: Path, sound: np.ndarray, turns: Sequence[Turn] = ()) -> np.ndarray:
    """What a bundle makes of mono `sound` [frames], float32 [frames]; settings are the usual.

    Raises RuntimeError with what the program said, if it did not end well.
    """
    with tempfile.TemporaryDirectory() as folder:
        heard, made, script = (Path(folder) / n for n in ("in.wav", "out.wav", "turns.json"))
        soundfile.write(heard, sound, SAMPLE_RATE, subtype="FLOAT")
        script.write_text(
            json.dumps([{"at_s": at, "param": param, "to": to} for at, param, to in turns])
        )
        command: list[str | Path] = [Path(sys.executable).with_name("ondine"), "render"]
        command += [heard, made, "--model", bundle, *(("--timeline", script) if turns else ())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = f"{done.stdout}{done.stderr}".strip()
            raise RuntimeError(f"ondine render with {bundle.name} did not end well: {said}")
        y, _ = soundfile.read(made, dtype="float32", always_2d=True)
        return np.ascontiguousarray(y[:, 0])


def manifest(bundle: Path) -> dict[str, Any]:
    """A bundle's passport."""
    with zipfile.ZipFile(bundle) as members:
        found: dict[str, Any] = json.loads(members.read("manifest.json"))
    return found


def in_to_out_ms(passport: dict[str, Any]) -> float:
    """What the box says it takes: a block, as much headroom, and the model's delay."""
    frames = 2 * passport["block_frames"] + passport["delay_frames"]
    return 1000 * float(frames) / float(passport["sample_rate_hz"])


def bursts(hop: int, count: int = 16) -> tuple[np.ndarray, list[int]]:
    """Tones after silence, beginning everywhere in a hop; and the frames at which they do."""
    rng, parts, starts, at = np.random.default_rng(0), [], [], 0
    for i in range(count):
        rest = int(REST_S * SAMPLE_RATE) // hop * hop + i * hop // count
        pitch = np.full(int(BURST_S * SAMPLE_RATE), 150.0 * 2 ** (i / 6))
        parts += [np.zeros(rest), 0.3 * harmonics(rng, pitch, 1.0, 12)]
        starts.append(at + rest)
        at += rest + len(pitch)
    return np.concatenate(parts).astype(np.float32), starts


def onsets(bundle: Path) -> dict[str, float]:
    """ms from the beginning of a burst to half its level: what is stated, and what is heard."""
    passport = manifest(bundle)
    sound, starts = bursts(int(passport["hop_frames"]))
    y, stated = through(bundle, sound), in_to_out_ms(passport)
    late = []
    for start in starts:
        # The rendered sound lies over its input; an onset may come a little before its stated time.
        first = start - int(0.02 * SAMPLE_RATE)
        part = torch.from_numpy(y[first : start + int(BURST_S * SAMPLE_RATE)])
        curve = part.unfold(0, 256, 16).square().mean(dim=1).sqrt()
        full = float(curve[-SAMPLE_RATE // 64 :].median())
        at = first + int((curve > 0.5 * full).nonzero()[0]) * 16 + 128
        late.append(stated + 1000 * (at - start) / SAMPLE_RATE)
    return {"stated_ms": stated, "median_ms": float(np.median(late)), "latest_ms": max(late)}


def held_out(seconds: float = 3.0) -> np.ndarray:
    """A clip of every player that training never heard, one after the other, with rests."""
    rest = np.zeros(int(REST_S * SAMPLE_RATE), np.float32)
    parts = [(clip(HELD_OUT, i, seconds), rest) for i in range(len(PLAYERS))]
    return np.concatenate([part for pair in parts for part in pair])


def jerked(bundle: Path) -> dict[str, float]:
    """The largest step where hops join, in a tone while latents are moved by one and back.

    A tone, and no farther, since noise is full of steps by chance. How large these are is said by
    `halfway_db`, the same measure between the joins.
    """
    passport = manifest(bundle)
    latents, hop = int(passport["latent_size"]), int(passport["hop_frames"])
    turns = []
    for i in range(2 * latents):
        param = f"latent_bias_{i % latents}"
        to = 1.0 if i < latents else -1.0
        turns += [(0.5 + 0.5 * i, param, to), (0.75 + 0.5 * i, param, 0.0)]
    pitch = np.full(int((1.0 + latents) * SAMPLE_RATE), 220.0)
    tone = 0.1 * harmonics(np.random.default_rng(1), pitch, 1.0, 12)
    y = torch.from_numpy(through(bundle, tone.astype(np.float32), turns))
    y = y[-int(passport["delay_frames"]) % hop :]  # the delay that was taken off moved the joins
    return {"joins_db": joins_db(y, hop), "halfway_db": joins_db(y[hop // 2 :], hop)}


def as_played(bundle: Path) -> dict[str, Any]:
    """Onsets; held-out clips: level, DC and peak; a tone while latents are jerked."""
    x = held_out()
    y = through(bundle, x)
    level = level_db(torch.from_numpy(y)) - level_db(torch.from_numpy(x))
    return {
        "onsets": onsets(bundle),
        "level_db": level,
        "dc": abs(float(y.mean())),
        "peak": float(np.abs(y).max()),
        "jerked": jerked(bundle),
    }

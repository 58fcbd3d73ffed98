"""What a player asked for on the command line, and which of it makes a stream another one."""

from dataclasses import dataclass
from pathlib import Path

from device.config import Profile
from device.play.playing import Asked


@dataclass(frozen=True)
class Play:
    """What a player asked for. None leaves the choice to the profile and to what is there."""

    model: str | None = None
    input: str | None = None
    output: Path | None = None
    card: str | None = None
    seconds: float | None = None
    precision: str | None = None
    headroom_frames: int | None = None
    timeline: Path | None = None
    osc_host: str | None = None
    osc_port: int | None = None
    settings: tuple[str, ...] = ()
    seed: int = 0
    patch: Path | None = None
    simulate: Path | None = None
    """The script that moves a simulated panel; an empty path: the keyboard does."""
    apps_host: str | None = None
    apps_port: int | None = None
    query_port: int | None = None
    drums: bool = False
    """Pads beside the instrument."""
    scene: str | None = None
    """A number, a name, "none", or None: the last one if no instrument is named."""


def asked_of(wish: Play, profile: Profile) -> Asked:
    """The wish as it is written down, to be compared with that of another control process.

    Paths are whole ones: the next may be started in another folder.
    """
    audio, engine = profile.audio, profile.engine
    model = wish.model or ""
    if model and Path(model).is_file():
        model = str(Path(model).resolve())
    sound = wish.input or ""
    if sound and Path(sound).is_file():
        sound = str(Path(sound).resolve())
    stream = {
        "input": sound,
        "output": str(wish.output.resolve()) if wish.output else "",
        "card": wish.card or "",
        "cards": audio.cards,
        "inputs": audio.inputs,
        "outputs": audio.outputs,
        "headroom_frames": wish.headroom_frames or audio.headroom_frames,
        "latency_frames": audio.latency_frames,
        "cpu": audio.cpu,
        "threads": engine.threads,
        "provider": engine.provider,
        "precision": wish.precision or engine.precision,
        "seed": wish.seed,
        "minutes": profile.recording.minutes,
        "drums": wish.drums or profile.drums.on,
    }
    moves = [*wish.settings]
    if wish.timeline:
        moves.append(f"timeline {wish.timeline.resolve()}")
    return Asked({key: str(value) for key, value in stream.items()}, model, tuple(moves))

"""The audio process's command line."""

from pathlib import Path

from device.config import Profile
from device.paths import RunFolder, built_in, engines_folder
from device.play.playing import Playing
from device.route import DEMONSTRATION, NONE


def arguments(
    playing: Playing,
    folder: RunFolder,
    profile: Profile,
    *,
    patient: bool = False,
    start: Path | None = None,
) -> list[str]:
    """What `python -m device.audio` is given, to play `playing` in `folder`.

    `patient`: a card that is not there is waited for. `start`: what the model remembers at first.
    """
    audio, asked = profile.audio, playing.asked.stream
    given: dict[str, object] = {
        "--bundle": playing.bundle,
        "--serial": playing.serial,
        "--params": folder.params,
        "--status": folder.status,
        "--socket": folder.socket,
        "--precision": playing.precision,
        "--threads": profile.engine.threads,
        **_provider(profile),
        "--card": _cards(playing, profile),
        "--seed": playing.seed,
    }
    if start is not None:
        given["--start"] = start
    if asked.get("drums") == "True":
        given["--pads"] = folder.path
    if playing.instead:
        given["--instead"] = playing.instead
    if (fallback := built_in()) is not None:
        given["--fallback"] = fallback
    if profile.recording.minutes > 0:
        given |= {"--tape": folder.tape, "--minutes": profile.recording.minutes}
    if (headroom := asked.get("headroom_frames", "0")) != "0":
        given["--headroom"] = headroom
    if audio.latency_frames:
        given["--latency"] = audio.latency_frames
    if audio.cpu >= 0:
        given["--cpu"] = audio.cpu
    for option, channels in (("--map-in", audio.inputs), ("--map-out", audio.outputs)):
        if channels and playing.card != NONE:
            given[option] = ",".join(map(str, channels))
    if playing.output is not None:
        given["--output"] = playing.output
    if playing.input == DEMONSTRATION:
        given["--input"] = folder.demonstration
    elif playing.input != "card":
        given["--input"] = playing.input
    options = [str(part) for pair in given.items() for part in pair]
    if profile.engine.provider == "tensorrt" and profile.engine.fp16:
        options.append("--fp16")
    if patient and playing.card != NONE:
        options.append("--patient")
    if not audio.governor:
        options.append("--keep-governor")
    return options


def _provider(profile: Profile) -> dict[str, object]:
    name = profile.engine.provider
    return {} if name == "cpu" else {"--provider": name, "--engines": engines_folder()}


def _cards(playing: Playing, profile: Profile) -> str:
    """The card; or all that the profile would have, best first, if the choice was left to it."""
    chosen_here = playing.card != NONE and not playing.asked.stream.get("card")
    return ",".join(profile.audio.cards if chosen_here else ()) or playing.card

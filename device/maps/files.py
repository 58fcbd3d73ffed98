"""Learned maps in files: the project's own JSON, and the two DataSets that FluCoMa learns from."""

import json
from pathlib import Path

from device.errors import ControlError
from device.mapping.dataset_json import MAX_BYTES, decode_dataset, parse_json
from device.mapping.disk import Folder, put
from device.mapping.flucoma import export_pairs, import_pairs
from device.mapping.learned import LearnedMap, of
from device.mapping.learned_json import decode, encode
from device.maps.words import count, pairs_of

FORMATS = ("ondine", "flucoma")


def write_map(map: LearnedMap, file: str, format: str = "ondine") -> str:
    """Write a map; returns what to say. A file that is there is replaced, whole or not at all.

    `flucoma` makes NAME-poses.json and NAME-sounds.json out of NAME.json.

    Raises:
        ControlError: if there is no such format, or it cannot be written.
    """
    if format not in FORMATS:
        raise ControlError(f"the format is {format[:40]!r}; it may be {' or '.join(FORMATS)}")
    path = _path(file)
    if format == "ondine":
        _write(path, encode(map))
        return f"{path} has the map with {pairs_of(map)}."
    poses, sounds = (path.with_name(f"{path.stem}-{what}.json") for what in ("poses", "sounds"))
    for name, content in zip((poses, sounds), export_pairs(map.dataset), strict=True):
        _write(name, content)
    return f"{poses} and {sounds.name} have {pairs_of(map)}."


def read_map(now: LearnedMap, file: str, sounds: str = "") -> tuple[LearnedMap, str]:
    """The map in a file, or of two DataSets with the inputs and targets of the map of `now`.

    Returns it with something more to say, or ''.

    Raises:
        ControlError: if a file cannot be read, or is none of these.
    """
    data = _read(file)
    raw = parse_json(data, file)
    if isinstance(raw, dict) and "cols" in raw:
        if not sounds:
            raise ControlError(
                f"{file} is a FluCoMa DataSet; name two: that of poses, then that of sounds"
            )
        return _of_two(now, data, _read(sounds))
    if sounds:
        raise ControlError(f"{file} is no FluCoMa DataSet; an Ondine map is one file alone")
    if isinstance(raw, dict) and "pairs" in raw:
        return of(decode_dataset(raw), now.choices), ""
    return decode(raw), ""


def _of_two(now: LearnedMap, poses: bytes, sounds: bytes) -> tuple[LearnedMap, str]:
    inputs, targets = now.dataset.inputs, now.dataset.targets
    said = []
    try:
        found = import_pairs(poses, sounds, inputs, targets)
    except ControlError as refused:
        try:
            found = import_pairs(poses, sounds, inputs, targets, scale_targets=True)
        except ControlError:
            # What is still wrong with targets scaled was wrong before, and more: say all of it.
            raise refused from None
        said.append("its sounds were scaled to 0..1")
    if found.left_out:
        said.append(f"{count(len(found.left_out), 'point')} in one file only, left out")
    return of(found.dataset, now.choices), "; ".join(said)


def _path(file: str) -> Path:
    try:
        path = Path(file).expanduser()
    except RuntimeError:
        raise ControlError(f"there is no home folder for {file[:200]!r}") from None
    if not path.name or "\0" in file:
        raise ControlError(f"{file[:200]!r} is no name of a file")
    return path


def _read(file: str) -> bytes:
    try:
        with _path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ControlError(f"cannot read {file[:200]!r}: {error.strerror}") from None


def _write(path: Path, content: object) -> None:
    data = json.dumps(content, allow_nan=False).encode() + b"\n"
    try:
        put(Folder(path.parent), path.name, data)
    except OSError as error:
        raise ControlError(f"cannot write {path}: {error.strerror}") from None

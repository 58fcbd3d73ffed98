"""From a folder to a kit in one call, as `ondine drums FOLDER` does it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from device.errors import ControlError
from device.library.command import drums, prepare
from device.mapping.disk import Folder
from device.pads.board import LAST
from device.pads.kit import PLAN, kept
from device.pads.kits import kits_folder
from models.drums.shots import CLASSES, shot


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONDINE_KITS", str(tmp_path / "kits"))
    monkeypatch.setenv("ONDINE_LIBRARY", str(tmp_path / "index"))
    return tmp_path


@pytest.mark.slow
def test_a_folder_of_drums_lies_on_the_pads_each_on_one_of_its_kind(home: Path) -> None:
    sounds = home / "sounds"
    sounds.mkdir()
    for index in range(35):
        sound, kind = shot(51, index)
        soundfile.write(sounds / f"{CLASSES[kind]}{index}.wav", 0.7 * sound, 48_000)
    (sounds / "broken.wav").write_bytes(b"RIFF")
    said = prepare(sounds, seed=1)
    assert "in 36 files" in said
    assert "broken.wav cannot be read" in said
    kit = kept(Folder(kits_folder()), LAST)
    assert [pad.kind for pad in kit.pads] == list(PLAN)
    found = [(pad.kind, Path(pad.file).name) for pad in kit.pads if pad.file]
    assert len(found) >= 14
    assert len({name for _, name in found}) == len(found)
    assert np.mean([name.startswith(kind) for kind, name in found]) > 0.9
    # What there are too few of is made up.
    assert all(pad.file or any(pad.latents) for pad in kit.pads)
    assert prepare(sounds, seed=1).startswith(said.splitlines()[0])


def test_without_a_folder_all_are_made_up(home: Path) -> None:
    ended = CliRunner().invoke(drums, ["--seed", "4"])
    assert ended.exit_code == 0
    assert "made up" in ended.output
    kit = kept(Folder(kits_folder()), LAST)
    assert all(not pad.empty and not pad.file and any(pad.latents) for pad in kit.pads)
    prepare(None, 4)
    assert kept(Folder(kits_folder()), LAST) == kit


def test_a_folder_without_sounds_is_a_sentence(home: Path) -> None:
    with pytest.raises(ControlError, match="no sound files"):
        prepare(home, None)
    with pytest.raises(ControlError, match="is no folder"):
        prepare(home / "none", None)

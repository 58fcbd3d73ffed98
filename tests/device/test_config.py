"""Profiles and places: read strictly, found in order."""

from pathlib import Path

import pytest

from device.config import (
    AudioProfile,
    EngineProfile,
    MemoryProfile,
    OscProfile,
    Profile,
    RecordingProfile,
    load_profile,
    profile_to_sound,
    read_profile,
)
from device.errors import BundleError, ConfigError
from device.paths import bundles, find_bundle, model_folders, run_folder

DESKTOP = Path(__file__).parents[2] / "hardware/desktop/profile.toml"


def test_the_desktop_s_file_says_what_is_built_in():
    assert read_profile(DESKTOP) == Profile()
    assert load_profile({}) == Profile()


def test_a_profile_is_read(tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text(
        'name = "stage"\n[audio]\ncards = ["Box", "usb"]\nheadroom_frames = 128\ncpu = 3\n'
        "inputs = [4, 3]\noutputs = [1, 64]\nlatency_frames = 4096\ngovernor = false\n"
        '[engine]\nthreads = 2\nprecision = "int8"\n[osc]\nhost = "0.0.0.0"\nport = 57120\n'
        "[recording]\nminutes = 5\n[memory]\nkeep_free_mib = 100\n"
    )
    audio = AudioProfile(
        cards=("Box", "usb"),
        inputs=(4, 3),
        outputs=(1, 64),
        headroom_frames=128,
        latency_frames=4096,
        cpu=3,
        governor=False,
    )
    assert load_profile({"ONDINE_PROFILE": str(path)}) == Profile(
        "stage",
        audio,
        EngineProfile(2, "int8"),
        OscProfile("0.0.0.0", 57120),
        RecordingProfile(5.0),
        MemoryProfile(100),
    )


def test_all_mistakes_are_reported_at_once(tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text(
        'nam = "x"\nosc = 3\n[audio]\ncard = ["a"]\ncards = "Box"\n'
        "headroom_frames = -1\ncpu = true\ngovernor = 1\nlatency_frames = 300000\n"
        'inputs = [1, "2"]\noutputs = [1, 2, 1]\n'
        '[engine]\nthreads = 0\nprecision = "int4"\n[enjine]\n'
        "[recording]\nminutes = 31\n[memory]\nkeep_free_mib = 6.5\n"
    )
    with pytest.raises(ConfigError) as error:
        read_profile(path)
    for part in (
        "nam is unknown; did you mean name?",
        "osc is 3; write it as a table [osc]",
        "audio.card is unknown; did you mean cards?",
        "audio.cards is 'Box', not a list of names",
        "audio.headroom_frames is -1, outside 0..65536",
        "audio.cpu is True, not a whole number",
        "audio.governor is 1, not true or false",
        "audio.latency_frames is 300000, outside 0..262144",
        "audio.inputs is [1, '2'], not a list of channels such as [1, 2]",
        "audio.outputs has channel 1 twice",
        "recording.minutes is 31, outside 0..30",
        "memory.keep_free_mib is 6.5, not a whole number",
        "engine.threads is 0, outside 1..64",
        "engine.precision is 'int4'; it may be auto, fp32, int8",
        "enjine is unknown; did you mean engine?",
    ):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name = ", "not readable TOML"),
        (b"\xff", "not readable TOML"),
        (b"name = 3", "name is 3, not text"),
        (b"[audio]\ncards = [1]", r"audio.cards is \[1\], not a list"),
        (b"[audio]\ninputs = [0]", r"audio.inputs has channel 0, outside 1..64"),
        (b"[audio]\noutputs = [true]", r"audio.outputs is \[True\], not a list of channels"),
        (b"[audio]\noutputs = 2", r"audio.outputs is 2, not a list of channels"),
        (b"[recording]\nminutes = nan", "recording.minutes is nan, outside 0..30"),
        (b"[recording]\nminutes = -1", "recording.minutes is -1, outside 0..30"),
        (b"[recording]\nminutes = true", "recording.minutes is True, not a number"),
        (b"#" * 70_000, "larger than 64 KiB"),
    ],
)
def test_files_that_are_no_profile(tmp_path, content, sentence):
    path = tmp_path / "profile.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        read_profile(path)


def test_a_profile_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load_profile({"ONDINE_PROFILE": str(tmp_path / "none.toml")})


def test_a_box_sounds_with_a_slip_in_its_profile_and_says_so(tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text("[audio]\nheadrom_frames = 64\n")
    profile, said = profile_to_sound({"ONDINE_PROFILE": str(path)})
    assert profile == Profile()
    assert "headrom_frames" in said
    assert said.endswith("it plays with any card and no panel.")
    path.write_text("[audio]\nheadroom_frames = 64\n")
    assert profile_to_sound({"ONDINE_PROFILE": str(path)}) == (read_profile(path), "")


def test_the_run_folder_is_private_and_made_once(tmp_path):
    folder = run_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert folder.path == tmp_path / "ondine"
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert run_folder({"XDG_RUNTIME_DIR": str(tmp_path)}) == folder


def test_a_run_folder_that_others_can_use_is_refused(tmp_path):
    (tmp_path / "ondine").mkdir(mode=0o777)
    (tmp_path / "ondine").chmod(0o777)
    with pytest.raises(ConfigError, match="only you"):
        run_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    (tmp_path / "ondine").rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "ondine").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="only you"):
        run_folder({"XDG_RUNTIME_DIR": str(tmp_path)})


def test_a_run_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot make the folder"):
        run_folder({"XDG_RUNTIME_DIR": str(tmp_path / "file")})
    with pytest.raises(ConfigError, match="too long"):
        run_folder({"XDG_RUNTIME_DIR": str(tmp_path / ("x" * 100))})


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Two folders of instruments: where we stand, and this user's own."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "data/ondine/models"
    own.mkdir(parents=True)
    (own / "glass.ondine").write_text("own")
    (own / "water.ondine").write_text("own")
    (tmp_path / "glass.ondine").write_text("here")
    return {"XDG_DATA_HOME": str(tmp_path / "data")}


def test_bundles_are_found_by_name_and_the_nearest_folder_wins(models):
    assert find_bundle("glass", models).read_text() == "here"
    assert find_bundle("water", models).read_text() == "own"
    assert {"glass", "water"} <= set(bundles(models))
    assert model_folders(models)[-1].name == "bundles"


def test_bundles_are_found_by_path(models, tmp_path):
    path = tmp_path / "data/ondine/models/water.ondine"
    assert find_bundle(str(path), models) == path


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("glas", "no instrument 'glas'; did you mean glass"),
        ("xyz", r"no instrument 'xyz'; there are .*glass, .*\(looked in \., "),
        ("none.ondine", "there is no file none.ondine"),
        ("a/b", "there is no file a/b"),
        ("data", "data is a folder"),
        ("", "is a folder|no instrument"),
    ],
)
def test_what_is_not_there_is_said(models, wanted, sentence):
    with pytest.raises(BundleError, match=sentence):
        find_bundle(wanted, models)

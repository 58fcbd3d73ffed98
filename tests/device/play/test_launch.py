"""The audio process's command line, as that process reads it."""

import dataclasses
from pathlib import Path

import pytest

from device.audio.setup import read_setup
from device.config import AudioProfile, EngineProfile, Profile, RecordingProfile
from device.errors import ConfigError
from device.paths import RunFolder, built_in, engines_folder
from device.play.launch import arguments
from device.play.playing import Playing
from device.play.wish import Play, asked_of
from device.provider import CPU, Provider
from device.route import DEMONSTRATION
from tests.bundles import tiny_effect

FOLDER = RunFolder(Path("/run/ondine"))


def setup_of(wish, profile, *, card="none", input="silence", output=None, patient=False):
    playing = Playing(
        Path("/a/fuzz.ondine"), tiny_effect().manifest, 7, "fp32", card, input, output,
        asked_of(wish, profile), seed=wish.seed,
    )  # fmt: skip
    return read_setup(arguments(playing, FOLDER, profile, patient=patient))


def test_what_is_played_and_where_it_is_told():
    setup = setup_of(Play(seed=5, headroom_frames=64), Profile())
    assert (setup.load.bundle, setup.load.serial) == (Path("/a/fuzz.ondine"), 7)
    assert setup.load.precision == "fp32"
    assert setup.spare.bundle == built_in()
    assert (setup.settings.seed, setup.headroom_frames) == (5, 64)
    assert (setup.params, setup.status) == (FOLDER.params, FOLDER.status)
    assert (setup.socket, setup.tape, setup.minutes) == (FOLDER.socket, FOLDER.tape, 2.0)
    assert (setup.card, setup.input, setup.patient) == ("none", "silence", False)


def test_files_and_the_demonstration():
    setup = setup_of(Play(), Profile(), input=DEMONSTRATION, output=Path("/o.wav"))
    assert (setup.input, setup.output) == (str(FOLDER.demonstration), Path("/o.wav"))


def test_a_card_that_was_asked_for_and_one_that_the_profile_chose():
    audio = AudioProfile(cards=("Box", "usb"), inputs=(3, 4), outputs=(1,), latency_frames=512)
    profile = dataclasses.replace(Profile(), audio=audio, recording=RecordingProfile(minutes=0.0))
    chosen = setup_of(Play(), profile, card="Box", input="card", patient=True)
    assert (chosen.card, chosen.patient) == ("Box,usb", True)
    assert (chosen.map_in, chosen.map_out, chosen.latency_frames) == ((3, 4), (1,), 512)
    assert chosen.tape is None
    asked = setup_of(Play(card="Thumb"), profile, card="Thumb", input="card")
    assert (asked.card, asked.input) == ("Thumb", "silence")
    assert setup_of(Play(), Profile(), card="Box", input="card").card == "Box"
    assert setup_of(Play(card="none"), profile, patient=True).patient is False


def test_what_computes():
    assert setup_of(Play(), Profile()).settings.provider == CPU
    for engine, provider in (
        (EngineProfile(provider="cuda"), Provider("cuda", engines=engines_folder())),
        (
            EngineProfile(provider="tensorrt", fp16=True),
            Provider("tensorrt", fp16=True, engines=engines_folder()),
        ),
    ):
        profile = dataclasses.replace(Profile(), engine=engine)
        assert setup_of(Play(), profile).settings.provider == provider
        # Sound that is computed otherwise is another stream, which is not taken over.
        assert asked_of(Play(), profile).stream != asked_of(Play(), Profile()).stream


def test_a_graphics_card_needs_its_folder():
    given = ["--bundle", "a", "--params", "p", "--status", "s", "--provider", "cuda"]
    with pytest.raises(ConfigError, match="--provider cuda needs --engines"):
        read_setup(given)
    assert read_setup([*given, "--engines", "/e"]).settings.provider.engines == Path("/e")

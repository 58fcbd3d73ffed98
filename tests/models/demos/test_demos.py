"""The demonstrations whole: each is played, measured and drawn, and fit to be heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from rich.progress import Progress

from device.errors import BundleError
from device.offline import render
from models.demos import NAMES, drumming, performing
from models.demos.__main__ import DRUMS, bundle_of, demonstrate, report
from models.demos.measures import faults
from models.demos.picture import WIDTH
from models.demos.script import SCRIPTS
from tests.bundles import save, tiny_autoencoder

SILENT = Progress(disable=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_is_fit_to_be_heard_and_seen(name: str, tmp_path: Path) -> None:
    found = demonstrate([name], tmp_path, SILENT)
    shown, measures = found[name]
    assert faults(measures) == []
    assert 10.0 <= measures.seconds <= 20.0
    assert shown.limited < 0.01
    written, rate = soundfile.read(tmp_path / f"{name}.wav", dtype="float32", always_2d=True)
    assert rate == 48_000
    np.testing.assert_allclose(written.T, shown.played, atol=2e-7)
    with Image.open(tmp_path / f"{name}.png") as image:
        assert image.format == "PNG"
        assert image.width == WIDTH
        # Black is silence and white is paper: there is much between them.
        grey = np.asarray(image.convert("L"))
        assert np.mean((grey > 30) & (grey < 225)) > 0.1
    assert report(found, tmp_path).row_count == 1


@pytest.mark.slow
def test_a_player_who_copies_a_script_hears_the_same(tmp_path: Path) -> None:
    shown = performing.perform("drift", bundle_of("drift"), tmp_path, lambda share: None)
    out = tmp_path / "own.wav"
    render(tmp_path / "drift.in.wav", out, model="drift", timeline=SCRIPTS / "drift.json")
    np.testing.assert_allclose(soundfile.read(out)[0], shown.played[0], atol=2e-7)


@pytest.mark.slow
def test_the_drums_are_the_same_every_time(tmp_path: Path) -> None:
    engine = bundle_of(DRUMS)
    first, again = (
        drumming.perform(DRUMS, engine, tmp_path, lambda share: None).played for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("name", ["brook", DRUMS])
def test_a_missing_bundle_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=rf"{name}\.ondine"):
        demonstrate([name], tmp_path, SILENT, bundles=tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_instrument_of_another_rate_is_refused(tmp_path: Path) -> None:
    path = save(tiny_autoencoder(rate=16_000), tmp_path / "tiny.ondine")
    with pytest.raises(BundleError, match="plays at 16000 Hz; demonstrations are at 48000"):
        performing.perform("drift", path, tmp_path, lambda share: None)

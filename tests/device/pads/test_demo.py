"""The demonstration: what a newcomer hears first is sound, in level and the same each time."""

from pathlib import Path

import numpy as np

from device.pads.demo import STEP_S, perform
from device.pads.generator import Generator, shipped


def test_the_demonstration_sounds_and_never_too_loud(tmp_path: Path) -> None:
    engine = Generator(shipped())
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, again = (perform(engine, folder, seed=3, parts=1) for folder in folders)
    np.testing.assert_array_equal(first, again)
    assert first.shape[1] / 48_000 > 32 * STEP_S - 0.01
    assert np.isfinite(first).all()
    assert np.abs(first).max() <= 10 ** (-1 / 20) + 1e-6
    loud = np.sqrt(np.mean(first.reshape(2, -1, 256)[:, :-1] ** 2, axis=(0, 2)))
    assert np.mean(loud > 0.01) > 0.5
    assert abs(float(first.mean())) < 2e-3

"""The manual's tables of acts are those that there are."""

from pathlib import Path

import pytest

from device.scenes.acts import MORPH_ACTS, SCENE_ACTS

PAGE = (Path(__file__).parents[3] / "docs" / "playing.md").read_text()


@pytest.mark.parametrize("spec", [*SCENE_ACTS, *MORPH_ACTS], ids=lambda spec: spec.name)
def test_every_act_has_its_row(spec):
    assert f"| `{spec.usage}` | {spec.about} |" in PAGE


def test_there_are_no_rows_of_acts_that_are_gone():
    rows = [line for line in PAGE.splitlines() if line.startswith(("| `scene/", "| `morph/"))]
    assert len(rows) == len(SCENE_ACTS) + len(MORPH_ACTS)

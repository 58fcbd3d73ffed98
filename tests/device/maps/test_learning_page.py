"""docs/learning.md: its table is that of the acts, and what it tells players to send works."""

import re
from pathlib import Path

import numpy as np
import pytest

from device.mapping.patch import decode_mapping
from device.maps.acts import MAP_ACTS
from device.play.acts import Acts
from tests.device.maps.learning_stage import Stage

PAGE = (Path(__file__).parents[3] / "docs/learning.md").read_text()


def table():
    """The rows of the page's table, from the specs."""
    return "".join(f"| `{s.usage}` | {s.about} | {takes(s)} |\n" for s in MAP_ACTS)


def takes(spec):
    return " ".join(argument.about for argument in spec.arguments if argument.about)


def test_the_table_is_that_of_the_acts():
    assert f"| act | does | takes |\n|---|---|---|\n{table()}\n" in PAGE, f"put this in:\n{table()}"


def test_every_act_is_there_and_is_documented(tmp_path):
    acts = Acts(Stage(tmp_path).learning.acts())
    assert sorted(spec.name for spec in acts.specs) == sorted(spec.name for spec in MAP_ACTS)
    assert all(spec.about.endswith(".") for spec in MAP_ACTS)


def test_the_acts_that_the_page_names_exist(tmp_path):
    acts = Acts(Stage(tmp_path).learning.acts())
    for name in set(re.findall(r"`(map/[a-z/]+)", PAGE)):
        assert name in {spec.name for spec in acts.specs}


def test_its_buttons_are_a_patch_and_press_acts(tmp_path):
    stage = Stage(tmp_path)
    block = re.search(r"(?:^    .*\n)*^    .*\"presses\".*\n", PAGE, re.MULTILINE)
    assert block is not None
    patch = decode_mapping(block.group().encode(), stage.desk.specs)
    stage.hold(0.2, 0.7)
    for press in patch.presses.values():
        stage.do(press)
    assert len(stage.learning.map.dataset.pairs) == 1


def test_its_example_does_what_it_says(tmp_path):
    stage = Stage(tmp_path)
    block = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    for line in block.group(1).splitlines():
        if line.startswith("#"):
            words = line[1:].split()
            stage.hold(*map(float, words[1::2]), names=words[::2])
        else:
            ondine, group, act = line.split(maxsplit=2)
            assert ondine == "ondine"
            assert stage.do(f"{group}/{act}")
    stage.glide()
    first, second = stage.learning.map.dataset.pairs
    # Half way between two pairs a linear map is half way between their sounds.
    halfway = (np.array(first.target) + np.array(second.target)) / 2
    assert stage.sound() == pytest.approx(halfway, abs=1e-3)

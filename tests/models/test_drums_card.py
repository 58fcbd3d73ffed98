"""hail's card says what was measured: text and drawings are those of its numbers."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from models.drums import picture
from models.drums.card import card
from models.drums.measure import macs
from models.drums.net import Hail
from models.drums.shots import CLASSES
from models.drums.train import RECIPE

CARDS = Path(__file__).parents[2] / "models/cards"


@pytest.fixture(scope="module")
def found() -> dict:
    return json.loads((CARDS / "hail.json").read_text())


def test_card_and_drawings_are_made_of_its_numbers(found: dict) -> None:
    assert (CARDS / "hail.md").read_text() == card(found, RECIPE)
    assert (CARDS / "hail.svg").read_text() == picture.latents(found)
    assert (CARDS / "hail-classes.svg").read_text() == picture.classes(found)


def test_the_map_has_a_dot_for_every_drum_and_a_name_for_every_class(found: dict) -> None:
    root = ElementTree.fromstring(picture.classes(found))
    dots = [each for each in root.iter() if each.tag.endswith("circle")]
    words = {each.text for each in root.iter() if each.tag.endswith("text")}
    assert len(dots) == sum(len(row["points"]) for row in found["made_up"].values())
    assert words > set(CLASSES) == set(picture.COLOURS)
    _, _, width, height = (float(x) for x in root.attrib["viewBox"].split())
    assert all(0 < float(dot.attrib["cx"]) < width for dot in dots)
    assert all(0 < float(dot.attrib["cy"]) < height for dot in dots)


def test_macs_are_counted_by_hand() -> None:
    assert macs(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.SiLU())) == 12
    assert macs(Hail().decoder) == 16 * 128 + 128 * 256 + 256 * 1272

"""Which patch is played, and that the manual's can be."""

import json
import re
from pathlib import Path

import pytest

from device.bundle import open_bundle
from device.control.panel.profile import AnalogProfile, ButtonProfile, PanelProfile
from device.control.signal import Signal
from device.control.source import Reading
from device.errors import ControlError
from device.hands.hands import Hands
from device.hands.patching import patch_file, read_patch, usual_patch
from device.mapping.patch import Patch, decode_mapping, problems_of
from device.maps.acts import MAP_ACTS
from device.params import specs_of
from device.play.box_acts import BOX_ACTS
from device.scenes.acts import SCENE_ACTS
from tests.bundles import tiny_autoencoder

ROOT = Path(__file__).parents[3]
DRIFT = specs_of(open_bundle(ROOT / "models/bundles/drift.ondine").manifest)
TINY = specs_of(tiny_autoencoder().manifest)


def manual_patch() -> bytes:
    """The first indented block of docs/playing.md that is a patch."""
    text = (ROOT / "docs/playing.md").read_text()
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return next(block for block in blocks if '"format"' in block).encode()


def hands_of(patch: Patch, said: list[str]) -> tuple[Hands, list[Reading]]:
    taken: list[Reading] = []
    values = {id: spec.default for id, spec in DRIFT.items()}
    hands = Hands(patch, DRIFT, [], take=taken.extend, values=lambda: values, say=said.append)
    return hands, taken


def test_the_patch_of_the_manual_moves_what_it_says():
    patch = decode_mapping(manual_patch(), DRIFT)
    assert problems_of(patch, DRIFT) == []
    hands, taken = hands_of(patch, [])
    hands.hear([Signal("midi/bend", 1.0, 0.0)])
    assert {reading.param for reading in taken} == {"latent_bias_1"}


def test_the_usual_patch_moves_latents_first_and_fits_every_instrument():
    panel = PanelProfile(knobs=tuple(AnalogProfile(channel=i) for i in range(8)))
    for specs in (DRIFT, TINY):
        patch = usual_patch(panel, specs)
        assert problems_of(patch, specs) == []
        assert patch.routes[0].target == "latent_bias_0"
    targets = [route.target for route in usual_patch(panel, TINY).routes]
    assert "dry_wet" in targets


def test_the_first_buttons_of_a_panel_are_for_scenes_and_the_map_and_all_of_it_are_acts():
    panel = PanelProfile(buttons=tuple(ButtonProfile(pin=5 + i) for i in range(6)))
    presses = usual_patch(panel, TINY).presses
    assert (presses["button/1"], presses["button/1/long"]) == ("scene/next", "scene/save")
    assert presses["button/4/long"] == "panic"
    assert "button/5" not in presses
    known = {spec.name for spec in (*SCENE_ACTS, *MAP_ACTS, *BOX_ACTS)}
    assert set(presses.values()) <= known
    assert usual_patch(PanelProfile(), TINY).presses == {}


def test_another_instrument_plays_what_fits_it_and_says_what_rests():
    said: list[str] = []
    patch = usual_patch(PanelProfile(knobs=(AnalogProfile(channel=0),)), DRIFT)
    hands, taken = hands_of(patch, said)
    few = {id: spec for id, spec in DRIFT.items() if not id.startswith("latent_")}
    hands.play(few)
    assert any("knob/1" in sentence for sentence in said)
    hands.hear([Signal("midi/cc/7", 0.9, 0.0)])
    assert {reading.param for reading in taken} <= {"output_gain_db"}


def test_the_players_own_patch_is_found(tmp_path):
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert patch_file(environment) == tmp_path / "ondine/patch.json"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff", "not readable JSON"),
        (b"[]", "cannot be used"),
        (json.dumps({"format": 1, "rutes": []}).encode(), "routes"),
        (b'{"format": 1, "macros": []}' + b" " * (1 << 20), "larger than"),
    ],
)
def test_a_patch_that_cannot_be_used_is_refused(tmp_path, content, sentence):
    path = tmp_path / "patch.json"
    path.write_bytes(content)
    with pytest.raises(ControlError, match=sentence):
        read_patch(path, DRIFT)


def test_a_patch_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ControlError, match="cannot read the patch"):
        read_patch(tmp_path / "none.json", DRIFT)


def test_a_button_named_power_switches_off_when_it_is_held_and_is_for_nothing_else():
    names = ("power", "foot/1", "")
    panel = PanelProfile(buttons=tuple(ButtonProfile(20 + i, name=n) for i, n in enumerate(names)))
    presses = usual_patch(panel, DRIFT).presses
    assert presses["power/long"] == "box/shutdown"
    assert "power" not in presses
    assert presses["foot/1"] == "scene/next"
    assert presses["button/3"] == "map/pair"

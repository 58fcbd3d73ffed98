"""Layouts for phones: every parameter has its fader, and the same instrument the same bytes."""

import json
import zlib
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.control.layout import BUTTONS, PER_PAGE, pages_of, raw_address
from device.control.open_stage import open_stage_session
from device.control.tosc import HEIGHT, TAB, WIDTH, tosc_layout
from device.manifest import Latent, Manifest, Parameter
from device.params import ParamSpec, specs_of
from tests.bundles import tiny_autoencoder


def manifest(latents=8, parameters=3, label="Grain"):
    own = tuple(
        Parameter(f"own_{i}", f"{label} {i}", 20.0, 2000.0, 200.0, "exponential", "Hz")
        for i in range(parameters)
    )
    return Manifest(
        "glass", "autoencoder", 48_000, 2048, 2048, 1, 1, latents, 0,
        tiny_autoencoder().manifest.methods, latents=(Latent("a"),) * latents, parameters=own,
    )  # fmt: skip


def tosc(specs, name="glass"):
    return ElementTree.fromstring(zlib.decompress(tosc_layout(name, pages_of(specs))))


def prop(node, key):
    for one in node.find("properties"):
        if one.find("key").text == key:
            return one.find("value")
    return None


def value(node, key):
    [found] = [v for v in node.find("values") if v.find("key").text == key]
    return found.find("default").text


def sends(node):
    """What a node's messages send: the path, and which of its values."""
    return [
        (osc.find("path/partial/value").text, osc.find("arguments/partial/value").text)
        for osc in node.findall("messages/osc")
    ]


def frame(node):
    return [float(side.text) for side in prop(node, "frame")]


@pytest.mark.parametrize(("latents", "parameters"), [(0, 0), (1, 1), (2, 12), (8, 13), (128, 32)])
def test_every_parameter_is_on_one_page_of_at_most_twelve(latents, parameters):
    specs = specs_of(manifest(latents, parameters))
    pages = pages_of(specs)
    on_pages = [spec for page in pages for spec in page.faders]
    assert Counter(on_pages) == Counter(specs.values())
    assert max(len(page.faders) for page in pages) <= PER_PAGE
    assert len({page.name for page in pages}) == len(pages)
    pads = [page.pad for page in pages if page.pad]
    expected = [(specs["latent_bias_0"], specs["latent_bias_1"])] if latents > 1 else []
    assert pads == expected


@pytest.mark.parametrize(("latents", "parameters"), [(0, 0), (8, 13), (128, 32)])
def test_tosc_has_a_fader_and_a_label_for_each_parameter(latents, parameters):
    specs = specs_of(manifest(latents, parameters))
    root = tosc(specs)
    assert (root.tag, root.get("version")) == ("lexml", "3")
    faders = [n for n in root.iter("node") if n.get("type") == "FADER"]
    assert {path for fader in faders for path, _ in sends(fader)} == {
        raw_address(spec) for spec in specs.values()
    }
    assert all(axis == "x" for fader in faders for _, axis in sends(fader))
    for fader in faders:
        spec = specs[prop(fader, "name").text]
        assert float(value(fader, "x")) == pytest.approx(spec.raw(spec.default), abs=1e-5)
    labels = [value(n, "text") for n in root.iter("node") if n.get("type") == "LABEL"]
    assert {"Input gain (dB)", "Dry / wet"} <= {*labels}
    ids = [node.get("ID") for node in root.iter("node")]
    assert len(ids) == len(set(ids))


def test_tosc_has_a_pad_for_the_first_two_latents_and_buttons():
    root = tosc(specs_of(manifest(2)))
    [pad] = [n for n in root.iter("node") if n.get("type") == "XY"]
    assert sends(pad) == [("/ondine/raw/latent_bias_0", "x"), ("/ondine/raw/latent_bias_1", "y")]
    assert (value(pad, "x"), value(pad, "y")) == ("0.5", "0.5")
    buttons = [n for n in root.iter("node") if n.get("type") == "BUTTON"]
    assert [sends(button) for button in buttons] == [[(a, "x")] for _, a in BUTTONS]


def test_tosc_nothing_lies_over_another_or_outside_its_page():
    root = tosc(specs_of(manifest(13, 12)))
    [pager] = [n for n in root.iter("node") if n.get("type") == "PAGER"]
    for page in pager.find("children"):
        frames = [
            frame(node)
            for node in page.find("children")
            if not prop(node, "name").text.endswith("caption")
        ]
        for x, y, width, height in frames:
            assert 0 <= x < x + width <= WIDTH
            assert 0 <= y < y + height <= HEIGHT - TAB
        for i, (x, y, width, height) in enumerate(frames):
            for u, v, wide, tall in frames[:i]:
                assert x >= u + wide or u >= x + width or y >= v + tall or v >= y + height


def test_an_open_stage_session_has_the_same_faders():
    specs = specs_of(manifest(8, 3))
    session = json.loads(open_stage_session("glass", pages_of(specs)))
    assert (session["type"], session["content"]["type"]) == ("session", "root")
    tabs = session["content"]["tabs"]
    widgets = [widget for tab in tabs for widget in tab["widgets"]]
    faders = {w["address"]: w for w in widgets if w["type"] == "fader"}
    assert {*faders} == {raw_address(spec) for spec in specs.values()}
    assert faders["/ondine/raw/own_0"]["default"] == pytest.approx(0.5)
    assert all(w["range"] == {"min": 0, "max": 1} for w in faders.values())
    [pad] = [w for w in widgets if w["type"] == "xy"]
    assert pad["split"] == ["/ondine/raw/latent_bias_0", "/ondine/raw/latent_bias_1"]
    ids = [widget["id"] for widget in widgets]
    assert len(ids) == len(set(ids))


def test_the_same_instrument_gives_the_same_bytes_and_another_others():
    one, same, other = (
        pages_of(specs_of(m)) for m in (manifest(), manifest(), manifest(latents=4))
    )
    for layout in (tosc_layout, open_stage_session):
        assert layout("glass", one) == layout("glass", same)
        assert layout("glass", one) != layout("glass", other)


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.text(max_size=5))
def test_whatever_a_label_says_the_files_can_be_read(label, unit):
    label, unit = (t.encode("utf-8", "replace").decode() for t in (label, unit))
    specs = {"own": ParamSpec("own", label, 0.0, 1.0, 0.25, unit)}
    root = tosc(specs, name=label)
    [text] = [value(n, "text") for n in root.iter("node") if prop(n, "name").text == "own label"]
    assert (text or "").startswith("".join(c if c.isprintable() else " " for c in label))
    json.loads(open_stage_session(label, pages_of(specs)))


def test_even_what_would_end_a_section_of_xml_early_is_kept():
    specs = {"own": ParamSpec("own", "a]]>b<c&d", 0.0, 1.0, 0.25)}
    root = tosc(specs)
    assert "a]]>b<c&d" in [value(n, "text") for n in root.iter("node") if n.get("type") == "LABEL"]

"""Admission to a graphics card: kept apart from every other, tried in a process of its own."""

import dataclasses
import subprocess
import sys

import pytest

from device.admission.prepared import Found, admitted_provider, place, read_found, write_found
from device.admission.rehearsal import rehearse
from device.audio.fit import shape_of
from device.audio.loader import Load, Settings, make_track, open_engine
from device.provider import CPU, Provider
from device.rung import Rung
from tests.bundles import save, tiny_autoencoder, tiny_effect

MANIFEST = tiny_effect().manifest
PROCESSOR = ["CPUExecutionProvider"]


def test_what_is_admitted_to_one_is_admitted_to_no_other(tmp_path):
    asked = Provider("cuda", engines=tmp_path)
    write_found(place(MANIFEST, asked, "auto"), Found("cuda", step_ms=1.0, block_ms=2.0))
    assert admitted_provider(MANIFEST, asked, "auto").name == "cuda"
    for other in (
        dataclasses.replace(asked, name="tensorrt"),
        dataclasses.replace(asked, engines=tmp_path / "elsewhere"),
    ):
        granted = admitted_provider(MANIFEST, other, "auto")
        assert granted.name == "cpu"
        assert granted.why.startswith("tiny effect was not tried with")
    assert admitted_provider(MANIFEST, asked, "int8").name == "cpu"
    assert admitted_provider(tiny_autoencoder().manifest, asked, "auto").name == "cpu"
    half = Provider("tensorrt", fp16=True, engines=tmp_path)
    assert place(MANIFEST, half, "auto") != place(
        MANIFEST, Provider("tensorrt", engines=tmp_path), "auto"
    )


def test_the_processor_needs_no_rehearsal():
    assert admitted_provider(MANIFEST, CPU, "auto") == CPU


def test_what_plays_reads_the_engines_that_were_built_for_it(tmp_path):
    asked = Provider("tensorrt", engines=tmp_path)
    folder = place(MANIFEST, asked, "auto")
    write_found(folder, Found("cuda", "TensorRT is slow", 1.0, 2.0))
    granted = admitted_provider(MANIFEST, asked, "auto")
    assert granted == Provider("cuda", engines=folder, why="TensorRT is slow")


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"[" * 9999, b"\xff", b'{"name": "abacus", "say": ""}'],
)  # fmt: skip
def test_a_damaged_file_is_as_if_nothing_was_found(damage, tmp_path):
    (tmp_path / "found.json").write_bytes(damage)
    assert read_found(tmp_path) is None
    assert read_found(tmp_path / "nowhere") is None


def test_without_a_graphics_card_the_rehearsal_says_so(tmp_path):
    asked = Provider("tensorrt", engines=tmp_path)
    found = rehearse(tiny_effect(), asked, "auto", PROCESSOR)
    assert found == Found("cpu", "TensorRT and CUDA are not installed here")


def test_one_that_is_installed_and_does_not_work_is_passed_over(tmp_path):
    """As with CUDA's libraries gone: it is named as installed, and the session goes without."""
    asked = Provider("tensorrt", engines=tmp_path)
    installed = ["TensorrtExecutionProvider", "CUDAExecutionProvider", *PROCESSOR]
    found = rehearse(tiny_effect(), asked, "auto", installed)
    assert found.name == "cpu"
    assert found.say == (
        "TensorRT is installed and does not work here; CUDA is installed and does not work here"
    )


def rehearsal(*arguments):
    command = [sys.executable, "-m", "device.admission.rehearsal", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_asked_for_cuda_it_is_tried_said_and_played_by_the_processor(tmp_path):
    path = save(tiny_effect(), tmp_path / "a.ondine")
    asked = Provider("cuda", engines=tmp_path / "engines")
    settings, load = Settings(provider=asked), Load(path)
    before = open_engine(load, settings)
    assert before.computed_by == "the processor: tiny effect was not tried with CUDA yet"
    done = rehearsal(path, "cuda", asked.engines)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    engine = open_engine(load, settings)
    track = make_track(engine, load, Rung.MODEL, shape_of(engine))
    said = "the processor: CUDA is not installed here"
    assert (engine.provider, track.computed_by) == ("cpu", said)


@pytest.mark.slow
def test_a_bundle_that_is_none_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "a.ondine").write_bytes(b"no bundle")
    done = rehearsal(tmp_path / "a.ondine", "cuda", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("a.ondine could not be tried: ")
    assert "Traceback" not in done.stderr

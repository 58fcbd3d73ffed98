"""What computes: chosen from lists of what is installed, and played with what is here."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from device.config import EngineProfile, read_profile
from device.engine.engine import Engine
from device.engine.step import Step
from device.errors import ConfigError
from device.gig.ground import Ground
from device.gig.provider import provider as provider_findings
from device.params import default_values
from device.provider import CPU, Provider, choose_provider, in_words, session_providers
from tests.bundles import tiny_autoencoder

CUDA, TENSORRT, PROCESSOR = (f"{name}ExecutionProvider" for name in ("CUDA", "Tensorrt", "CPU"))


@pytest.mark.parametrize(
    ("asked", "installed", "chosen", "sentence"),
    [
        ("cpu", [PROCESSOR], "cpu", ""),
        ("cpu", [TENSORRT, CUDA, PROCESSOR], "cpu", ""),
        ("cuda", [TENSORRT, CUDA, PROCESSOR], "cuda", ""),
        ("tensorrt", [TENSORRT, CUDA, PROCESSOR], "tensorrt", ""),
        (
            "tensorrt",
            [CUDA, PROCESSOR],
            "cuda",
            "TensorRT is not installed here",
        ),
        (
            "tensorrt",
            [PROCESSOR],
            "cpu",
            "TensorRT and CUDA are not installed here",
        ),
        ("cuda", [PROCESSOR], "cpu", "CUDA is not installed here"),
        ("cuda", [TENSORRT], "cpu", "CUDA is not installed here"),
        ("tensorrt", [], "cpu", "TensorRT and CUDA are not installed here"),
    ],
)  # fmt: skip
def test_the_best_that_is_installed_of_what_is_asked_for(asked, installed, chosen, sentence):
    assert choose_provider(asked, installed) == (chosen, sentence)


def test_a_session_is_given_all_that_stand_below():
    everything = (TENSORRT, CUDA, PROCESSOR)
    names = [name for name, _ in session_providers(Provider("tensorrt"), everything)]
    assert names == [TENSORRT, CUDA, PROCESSOR]
    assert session_providers(Provider("cuda"), [PROCESSOR]) == [(PROCESSOR, {})]
    assert session_providers(CPU, everything) == [(PROCESSOR, {})]


def test_tensorrt_keeps_what_it_builds_where_it_is_told_to():
    provider = Provider("tensorrt", fp16=True, engines=Path("/engines"))
    (_, options), *_ = session_providers(provider, [TENSORRT, PROCESSOR])
    assert options == {
        "trt_fp16_enable": True,
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": "/engines",
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": "/engines",
    }


def test_half_the_digits_are_kept_apart():
    assert Provider("tensorrt", fp16=True).key != Provider("tensorrt").key
    assert Provider("cuda", fp16=True).key == Provider("cuda").key


def test_in_words():
    assert in_words(CPU, "cpu") == ""
    assert in_words(Provider("cuda"), "cuda") == "CUDA"
    assert in_words(dataclasses.replace(CPU, why="x"), "cpu") == "the processor: x"
    gone = in_words(Provider("cuda"), "cpu")
    assert gone == "the processor: CUDA does not work here any more"


@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_buffers_that_are_bound_anew_play_the_same(name, tmp_path):
    """A session on a graphics card copies inputs when they are bound. Where there is none the same
    way is gone, and the processor computes."""
    bundle = tiny_autoencoder(delay=64)
    plain = Step(bundle, "encode", "fp32")
    bound = Step(bundle, "encode", "fp32", provider=Provider(name, engines=tmp_path))
    random = np.random.default_rng(0)
    for turn in range(20):
        plain.inputs["audio"][...] = random.standard_normal(plain.inputs["audio"].shape)
        np.copyto(bound.inputs["audio"], plain.inputs["audio"])
        plain.run()
        bound.run()
        np.testing.assert_array_equal(plain.outputs["latent"], bound.outputs["latent"])
        if turn == 10:
            plain.reset()
            bound.reset()
    assert plain.provider == "cpu"


def test_a_graphics_card_plays_what_is_in_float():
    bundle = tiny_autoencoder(int8=True)
    assert Engine(bundle).precision == bundle.manifest.recommended == "int8"
    assert Engine(bundle, provider=Provider("cuda")).precision == "fp32"
    assert Engine(bundle, provider=Provider("cuda"), precision="int8").precision == "int8"


def test_an_engine_tells_what_computes():
    engine = Engine(tiny_autoencoder(), provider=dataclasses.replace(CPU, why="there is no CUDA"))
    assert engine.computed_by == "the processor: there is no CUDA"
    audio_in = np.full((engine.channels_in, engine.block_frames), 0.1, np.float32)
    audio_out = np.zeros((engine.channels_out, engine.block_frames), np.float32)
    engine.process(audio_in, audio_out, default_values(engine.manifest))
    assert np.isfinite(audio_out).all()
    assert Engine(tiny_autoencoder()).computed_by == ""


@pytest.mark.parametrize(
    ("engine", "problem"),
    [
        ('provider = "gpu"', r"engine.provider is 'gpu'; it may be cpu, cuda, tensorrt"),
        ("provider = true", r"engine.provider is True; it may be cpu"),
        ('provder = "cuda"', r"engine.provder is unknown.*provider"),
        ("fp16 = 1", r"engine.fp16 is 1, not true or false"),
    ],
)
def test_a_profile_that_asks_for_something_else_is_refused(engine, problem, tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text(f"[engine]\n{engine}\n")
    with pytest.raises(ConfigError, match=problem):
        read_profile(path)


@pytest.mark.parametrize(
    ("installed", "level", "words"),
    [
        ([TENSORRT, CUDA, PROCESSOR], "fine", "TensorRT, for instruments"),
        ([CUDA, PROCESSOR], "worry", "TensorRT is not installed here: CUDA computes."),
        ([PROCESSOR], "worry", "TensorRT and CUDA are not installed here: the processor computes."),
        (None, "worry", "TensorRT and CUDA are not installed here: the processor computes."),
    ],
)
def test_the_gig_check_tells_what_is_installed(installed, level, words, tmp_path):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps({'providers': installed})}'\n")
    python.chmod(0o755)
    ground = Ground(python=str(python))
    (finding,) = provider_findings(EngineProfile(provider="tensorrt"), ground)
    assert finding.level == level
    assert finding.sentence.startswith(words)
    assert list(provider_findings(EngineProfile(), ground)) == []

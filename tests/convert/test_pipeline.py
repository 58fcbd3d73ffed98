"""The converter end to end on a small nn~ module: what it writes is what the device plays."""

from pathlib import Path

import numpy as np
import pytest
import torch

from convert.distances import peak_error
from convert.oracle import stream
from convert.pipeline import STAGES, Converted, Options, convert
from convert.report import page, remarks
from convert.stream import cut, play
from device.bundle import read_bundle
from device.engine.dc import DcBlocker
from device.engine.engine import Engine
from device.engine.step import Step
from device.errors import ConvertError
from device.params import FIXED, default_values
from tests.oracle.nn_module import SAMPLE_RATE_HZ, build

BLOCK = 256


def saved(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.ts"
    build(kind).save(str(path))
    return path


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    folder = tmp_path_factory.mktemp("static")
    options = Options(authors=("A. Smith",), licence="MIT", corpus="noise", consent="given")
    return convert(saved(folder, "static"), folder / "static.ondine", options)


@pytest.fixture(scope="module")
def random(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    folder = tmp_path_factory.mktemp("random")
    said: list[str] = []
    options = Options(precision="fp32", block_frames=128)
    made = convert(saved(folder, "random"), folder / "random.ondine", options, said.append)
    assert len(said) == STAGES
    return made


def sound(frames: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(2).standard_normal((1, frames)).astype(np.float32)


def source_plays(path: Path, method: str, heard: np.ndarray) -> np.ndarray:
    module = torch.jit.load(str(path))
    blocks = cut(heard, BLOCK)
    return stream(getattr(module, method), blocks, [[]] * len(blocks))[0]


def test_the_manifest_tells_what_the_file_told(static: Converted) -> None:
    m = read_bundle(static.path).manifest
    assert (m.name, m.kind) == ("static", "effect")
    assert (m.sample_rate_hz, m.block_frames, m.hop_frames) == (SAMPLE_RATE_HZ, BLOCK, 64)
    assert list(m.methods) == ["process", "analyse"]
    assert (m.authors, m.licence, m.corpus, m.consent) == (("A. Smith",), "MIT", "noise", "given")
    assert (m.source.file, m.source.sha256) == ("static.ts", static.model.sha256)
    for method in m.methods:
        assert m.measured[method]["error_of_peak"] <= 1e-5
        assert set(m.methods[method].graphs) == {"fp32", "int8"}


def test_the_report_names_what_was_kept(static: Converted) -> None:
    said = "\n".join(remarks(static))
    assert "gain: kept at 0.8, its value in the file." in said
    assert page(static).startswith("# static\n")
    assert "over 24 blocks of 512 frames" in page(static)


def test_the_engine_plays_what_the_source_plays(static: Converted) -> None:
    """But for the engine's DC blocker, which the source is sent through as well."""
    bundle = read_bundle(static.path)
    engine = Engine(bundle, precision="fp32")
    params = default_values(bundle.manifest)
    params[FIXED["dry_wet"].slot] = 1.0
    heard, played = sound(60 * BLOCK), []
    for block in cut(heard, BLOCK):
        played.append(np.zeros((1, BLOCK), np.float32))
        engine.process(block[0], played[-1], params)
    expected = source_plays(static.model.path, "process", heard)
    blocker = DcBlocker(1, BLOCK, SAMPLE_RATE_HZ)
    for block in np.split(expected, 60, 1):
        blocker.process(block)
    assert np.abs(np.concatenate(played, 1) - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("method", ["process", "analyse"])
def test_both_methods_step_as_the_source_does(static: Converted, method: str) -> None:
    heard = sound(60 * BLOCK)
    expected = source_plays(static.model.path, method, heard)
    step = Step(read_bundle(static.path), method, "fp32")
    made = play(step, cut(heard, BLOCK), [[]] * 60)
    assert peak_error(expected, made) <= 1e-5


@pytest.mark.slow
def test_draws_inside_become_inputs_of_the_bundle(random: Converted) -> None:
    method = read_bundle(random.path).manifest.methods["process"]
    noise = method.role("noise")
    assert [port.distribution for port in noise] == ["normal", "uniform"]
    assert [port.shape for port in noise] == [(1, 1, 128)] * 2


@pytest.mark.slow
def test_the_same_conversion_gives_the_same_float_members(
    static: Converted, tmp_path: Path
) -> None:
    options = Options(precision="fp32")
    again = convert(static.model.path, tmp_path / "static.ondine", options)
    first, second = static.bundle, again.bundle
    assert second.members.keys() == {n for n in first.members if ".fp32." in n}
    assert all(first.members[name] == second.members[name] for name in second.members)
    for method in first.manifest.methods:
        graphs = (b.manifest.methods[method].graphs["fp32"] for b in (first, second))
        assert len(set(map(repr, graphs))) == 1


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("branches_on_input", r"`process` reads a value .* depends on the buffer `delay`"),
        ("branches_on_state", r"`process` reads a value .* depends on the buffer `elapsed`"),
        ("unexportable", r"`process` uses prims\.bessel_j0, which cannot be expressed in ONNX"),
    ],
)
def test_what_cannot_be_converted_is_refused_and_leaves_no_bundle(
    kind: str, sentence: str, tmp_path: Path
) -> None:
    source, output = saved(tmp_path, kind), tmp_path / "it.ondine"
    with pytest.raises(ConvertError, match=sentence):
        convert(source, output, Options(precision="fp32"))
    assert list(tmp_path.iterdir()) == [source]


def test_a_failure_leaves_an_existing_bundle_alone(tmp_path: Path) -> None:
    output = tmp_path / "it.ondine"
    output.write_bytes(b"the bundle of before")
    with pytest.raises(ConvertError):
        convert(saved(tmp_path, "branches_on_state"), output, Options())
    assert output.read_bytes() == b"the bundle of before"

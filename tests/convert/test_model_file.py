"""Files that are no streaming export, each refused for what it is; and what an export tells."""

import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from convert.model_file import ModelFile, Signature, open_model
from convert.plan import make_plan
from device.errors import ConvertError
from tests.bundles import save, tiny_effect
from tests.oracle.nn_module import SAMPLE_RATE_HZ, build


class Silent(nn.Module):
    """TorchScript without any nn~ method."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 0.0 * x


class Mel(Silent):
    """Says that it takes spectrograms, as RAVE's hybrid configuration does."""

    def __init__(self) -> None:
        super().__init__()
        self.input_mode = "mel"
        self.register_buffer("forward_params", torch.tensor([1, 1, 1, 1]))


def written(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.ts"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("a model, honestly")
    elif kind == "bytes":
        path.write_bytes(bytes(range(256)) * 16)
    elif kind == "empty":
        path.touch()
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "nothing")
    elif kind == "cut short":
        whole = folder / "whole.ts"
        torch.jit.script(Silent()).save(str(whole))
        path.write_bytes(whole.read_bytes()[:-200])
    elif kind == "false code":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/code/__torch__.py", "class")
            archive.writestr("model/data.pkl", b"\x80\x02.")
            archive.writestr("model/version", "3")
    elif kind == "checkpoint":
        torch.save({"state_dict": {"w": torch.zeros(2)}}, path)
    elif kind == "bundle":
        save(tiny_effect(), path)
    elif kind == "no methods":
        torch.jit.script(Silent()).save(str(path))
    elif kind == "mel":
        torch.jit.script(Mel()).save(str(path))
    return path


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "there is no file"),
        ("folder", "there is no file|is a folder"),
        ("text", "no TorchScript file"),
        ("bytes", "no TorchScript file"),
        ("empty", "no TorchScript file"),
        ("cut short", "no TorchScript file"),
        ("zip", "is an archive, not a TorchScript export"),
        ("false code", "cannot be loaded as TorchScript"),
        ("checkpoint", r"a checkpoint \(weights without the program\)"),
        ("bundle", "is an Ondine bundle already"),
        ("no methods", "has no nn~ methods"),
        ("mel", "takes mel spectrograms"),
    ],
)
def test_what_is_no_export_is_refused(kind: str, sentence: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind)
    with pytest.raises(ConvertError, match=sentence) as caught:
        open_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_export_tells_its_methods_rate_and_attributes(tmp_path: Path) -> None:
    build("static").save(str(tmp_path / "static.ts"))
    model = open_model(tmp_path / "static.ts")
    assert model.class_name == "Tremolo"
    assert model.sample_rate_hz == SAMPLE_RATE_HZ
    assert model.attributes == {"gain": 0.8, "bypass": False}
    assert model.methods["process"] == Signature(1, 1, 1, 1, ("(signal) output",))
    assert model.methods["analyse"].ratio == 64
    assert len(model.sha256) == 64


def given(**methods: Signature) -> ModelFile:
    return ModelFile(Path("made.ts"), "", "Made", None, methods, 48_000)


ENCODE, DECODE = Signature(1, 1, 8, 128), Signature(8, 128, 2, 1)


def test_encode_and_decode_make_an_autoencoder() -> None:
    forward = Signature(1, 1, 2, 1)
    plan = make_plan(given(encode=ENCODE, decode=DECODE, forward=forward, prior=DECODE), None)
    assert (plan.kind, plan.methods) == ("autoencoder", ("encode", "decode"))
    assert (plan.channels_in, plan.channels_out, plan.latent_size) == (1, 2, 8)
    assert (plan.hop_frames, plan.block_frames) == (128, 256)
    assert set(plan.left_out) == {"forward", "prior"}


def test_decode_alone_makes_a_decoder() -> None:
    plan = make_plan(given(decode=DECODE), 512)
    assert (plan.kind, plan.channels_in, plan.block_frames) == ("decoder", 0, 512)


def test_a_hop_above_the_smallest_block_is_the_block() -> None:
    plan = make_plan(given(decode=Signature(8, 2048, 1, 1)), None)
    assert plan.block_frames == 2048


def test_an_effect_plays_its_method_from_sound_to_sound_first() -> None:
    effect = given(analyse=Signature(1, 1, 4, 64), process=Signature(2, 1, 2, 1))
    plan = make_plan(effect, None)
    assert (plan.kind, plan.methods) == ("effect", ("process", "analyse"))
    assert (plan.channels_in, plan.latent_size, plan.hop_frames) == (2, 0, 64)


def test_an_encoder_alone_makes_no_sound() -> None:
    with pytest.raises(ConvertError, match="has encode, of which none makes sound"):
        make_plan(given(encode=ENCODE), None)


@pytest.mark.parametrize("block", [-256, 0, 1, 100, 129, 192])
def test_a_block_that_is_no_multiple_is_refused(block: int) -> None:
    with pytest.raises(ConvertError, match=rf"a block of {block} frames .*nearest: \d+"):
        make_plan(given(decode=DECODE), block)

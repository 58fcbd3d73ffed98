"""Open an nn~ export and learn what it says of itself: methods, channels, ratios, rate, attributes.

Nothing is unpickled: a file that is no TorchScript archive is told apart by the names in its zip.
"""

import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from convert.record import Module
from device.errors import ConvertError

_HOW = "Export it as streaming TorchScript (RAVE: `rave export --run … --streaming`)."


@dataclass(frozen=True)
class Signature:
    """An nn~ method: `[1, in_channels, N / in_ratio] → [1, out_channels, N / out_ratio]`."""

    in_channels: int
    in_ratio: int
    out_channels: int
    out_ratio: int
    labels: tuple[str, ...] = ()

    @property
    def ratio(self) -> int:
        """The coarser side: a block is a multiple of it, in frames."""
        return max(self.in_ratio, self.out_ratio)


@dataclass(frozen=True)
class ModelFile:
    """A loaded export. `attributes` are nn~'s own, by name, at their value in the file."""

    path: Path
    sha256: str
    class_name: str
    module: Module
    methods: dict[str, Signature]
    sample_rate_hz: int
    attributes: dict[str, Any] = field(default_factory=dict)


def open_model(path: Path) -> ModelFile:
    """Load a TorchScript export and read its nn~ methods.

    Raises:
        ConvertError: if it is not there, a checkpoint, no TorchScript, or has no nn~ methods; or
            if it takes mel spectrograms, which nn~ exports of RAVE's hybrid configuration do.
    """
    if not path.is_file():
        raise ConvertError(f"there is no file {path}. Give the path of a .ts export.")
    _refuse_other_files(path)
    # Profiling would specialise the graph over the first runs; we want every operator, each time.
    torch._C._jit_set_profiling_executor(False)
    # A block is too small to share: two threads wait for each other twenty times longer than
    # one takes to do it all.
    torch.set_num_threads(1)
    try:
        module = torch.jit.load(str(path), map_location="cpu").eval()
    except (RuntimeError, ValueError) as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConvertError(f"{path} cannot be loaded as TorchScript ({line}). {_HOW}") from None
    methods = _methods(module)
    if not methods:
        raise ConvertError(
            f"{path} is TorchScript, but has no nn~ methods (no `<method>_params` buffers), so "
            f"nothing says what goes in and out. {_HOW}"
        )
    if getattr(module, "input_mode", "") == "mel":
        raise ConvertError(
            f"{path} takes mel spectrograms (RAVE's hybrid configuration). Its spectrogram and its "
            "GRU keep no state from one block to the next, so blocks would not join. Train with a "
            "configuration that takes the waveform, such as v2 with causal."
        )
    return ModelFile(
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        class_name=str(getattr(module, "original_name", type(module).__name__)),
        module=module,
        methods=methods,
        sample_rate_hz=_sample_rate(module),
        attributes=_attributes(module),
    )


def _refuse_other_files(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise ConvertError(f"{path} is no TorchScript file (not even an archive). {_HOW}")
    with zipfile.ZipFile(path) as archive:
        inside = {name.split("/", 1)[-1] for name in archive.namelist()}
    if "manifest.json" in inside:
        raise ConvertError(f"{path} is an Ondine bundle already. `ondine play {path}` plays it.")
    if not any(name.startswith("code/") for name in inside):
        what = (
            "a checkpoint (weights without the program)" if "data.pkl" in inside else "an archive"
        )
        raise ConvertError(f"{path} is {what}, not a TorchScript export. {_HOW}")


def _methods(module: Module) -> dict[str, Signature]:
    scripted = set(module._c._method_names())
    found = {}
    for name, buffer in module.named_buffers(recurse=False):
        method = name.removesuffix("_params")
        if method == name or buffer.numel() != 4 or method not in scripted | {"forward"}:
            continue
        labels = getattr(module, f"{method}_output_labels", None) or ()
        channels_in, ratio_in, channels_out, ratio_out = (int(v) for v in buffer.tolist())
        found[method] = Signature(
            channels_in, ratio_in, channels_out, ratio_out, tuple(map(str, labels))
        )
    return found


def _sample_rate(module: Module) -> int:
    for name in ("sr", "sampling_rate", "sample_rate"):
        value = getattr(module, name, None)
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            value = value.item()
        if isinstance(value, (int, float)) and 8_000 <= value <= 192_000:
            return int(value)
    return 44_100


def _attributes(module: Module) -> dict[str, Any]:
    names = getattr(module, "_attributes", None)
    if names is None and "get_attributes" in module._c._method_names():
        names = module.get_attributes()
    found = {}
    for name in names or ():
        value = getattr(module, str(name), None)
        found[str(name)] = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    return found

"""The drum engine as a bundle: `python -m convert.oneshot -o models/drums/hail.ondine`.

    encode   features [1, 1200] → latents [1, 16], classes [1, 7]
    decode   latents [1, 16]    → numbers [1, 1272], which the box renders
    where    classes [1, 7]     → means and spreads [1, 6 * 16] of its clouds, shares [1, 6]

It is no streaming instrument: a pure function of each, rendered off the audio path. `ondine info`
reads it; `ondine play` has no use for it, the pads have.
"""

import argparse
import io
import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from convert.export import OPSET
from device import __version__
from device.bundle import write_bundle
from device.manifest import Graph, Latent, Manifest, Method, Port, Source
from models.checkpoint import load_weights
from models.drums.grid import FEATURES, FRAMES, SAMPLE_RATE, SIZE
from models.drums.net import CLOUDS, LATENTS, Hail
from models.drums.shots import CLASSES

WEIGHTS = Path(__file__).parents[1] / "models/weights/hail.npz"


class Part(nn.Module):
    """One method of the network, as a module of its own."""

    def __init__(self, net: Hail, method: str) -> None:
        super().__init__()
        self.net, self.method = net, method

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        if self.method == "decode":
            return self.net.decode(x)
        return self.net.encode(x) if self.method == "encode" else self.net.where(x)


PORTS = {
    "encode": (
        Port("features", "param", (1, FEATURES)),
        (Port("latents", "latent", (1, LATENTS)), Port("classes", "param", (1, len(CLASSES)))),
    ),
    "decode": (
        Port("latents", "latent", (1, LATENTS)),
        (Port("numbers", "param", (1, SIZE)),),
    ),
    "where": (
        Port("classes", "param", (1, len(CLASSES))),
        (
            Port("means", "latent", (1, CLOUDS * LATENTS)),
            Port("spreads", "latent", (1, CLOUDS * LATENTS)),
            Port("shares", "param", (1, CLOUDS)),
        ),
    ),
}


def graph(net: Hail, method: str) -> bytes:
    """A method as the bytes of an ONNX model."""
    given, made = PORTS[method]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        part = Part(net, method).eval()
        program = torch.export.export(part, (torch.zeros(given.shape),), strict=False)
        exported = torch.onnx.export(
            program, dynamo=True, input_names=[given.name], output_names=[p.name for p in made],
            opset_version=OPSET, optimize=True, verbose=False,
        )  # fmt: skip
    assert exported is not None
    buffer = io.BytesIO()
    onnx.save_model(exported.model_proto, buffer)
    return buffer.getvalue()


def write(net: Hail, path: Path, sha256: str = "", latents: tuple[Latent, ...] = ()) -> Manifest:
    """Write the bundle.

    Raises:
        BundleError: if it cannot be written there.
    """
    members = {f"{method}.fp32.onnx": graph(net, method) for method in PORTS}
    methods = {
        method: Method({"fp32": Graph(f"{method}.fp32.onnx")}, (given,), made)
        for method, (given, made) in PORTS.items()
    }
    manifest = Manifest(
        name="hail",
        kind="oneshot",
        sample_rate_hz=SAMPLE_RATE,
        block_frames=FRAMES // 2,
        hop_frames=FRAMES // 2,
        channels_in=0,
        channels_out=1,
        latent_size=LATENTS,
        delay_frames=0,
        methods=methods,
        latents=latents,
        authors=("The Ondine authors",),
        licence="MIT (code), CC0 (weights)",
        corpus="synthesised by models/drums/shots.py",
        consent="no recordings of anyone",
        source=Source("hail.npz", sha256, f"ondine {__version__}"),
    )
    return write_bundle(path, manifest, members)


def main() -> None:
    parser = argparse.ArgumentParser(description="Convert hail, the drum engine, to a bundle.")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="default: the committed ones")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    net = Hail()
    try:
        load_weights(net, options.weights)
        write(net.eval(), options.output)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

"""eddy behind the interface of nn~, for TorchScript: brook with a will of its own.

    encode   [1, 1, hops * 512] -> latents [1, 16, hops]: heard or continued
    decode   [1, 16, hops] -> [1, 1, hops * 512]: brook's own

The prior is a part of `encode`, so that the player's edits of latents come after it and what it
goes on from is what it played, not what the player made of it. Its knobs `listen` and `temperature`
are attributes, as in MSPrior's exports; `NAME_range` and its like tell `ondine convert` of them
(`convert.knobs`). The interface is github.com/acids-ircam/nn_tilde's; none of its code is here.
"""

# TorchScript reads no comprehensions: see models/nn_tilde.py.
# mypy: disable-error-code="arg-type, operator"
# ruff: noqa: PERF401

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from models.brook.net import Brook
from models.checkpoint import load_weights
from models.eddy.course import untrained
from models.eddy.material import BROOK_WEIGHTS, brook, brook_plan
from models.eddy.net import Eddy
from models.eddy.recipe import EDDY, KNOBS
from models.export import WEIGHTS
from models.nn_tilde import Memory

EDDY_WEIGHTS = WEIGHTS / "eddy.npz"


class EddyNnTilde(nn.Module):
    """A brook and its prior, with state and knobs inside; batch size 1."""

    listen: Tensor
    temperature: Tensor

    def __init__(self, net: Brook, prior: Eddy, latent_labels: list[str]) -> None:
        super().__init__()
        if net.config.latent_size != prior.size:
            raise ValueError(
                f"the prior knows {prior.size} latents and brook has {net.config.latent_size}; "
                "train it on this brook"
            )
        self.encoder, self.decoder, self.prior = net.encoder, net.decoder, prior
        self.encoder_memory = nn.ModuleList(Memory(s) for s in net.encoder.init_state())
        self.decoder_memory = nn.ModuleList(Memory(s) for s in net.decoder.init_state())
        self.prior_memory = nn.ModuleList(Memory(s) for s in prior.init_state())
        self.draws, self.mixtures = net.config.draw_shape[0], prior.mixtures
        self.sr, self.latent_size = net.config.sample_rate, prior.size
        for knob in KNOBS:
            self.register_buffer(knob.id, torch.tensor([knob.default]))
            setattr(self, f"{knob.id}_range", [knob.minimum, knob.maximum])
            setattr(self, f"{knob.id}_label", knob.label)
        self.encode_input_labels = ["audio"]
        self.encode_output_labels = latent_labels
        self.decode_input_labels = latent_labels
        self.decode_output_labels = ["audio"]
        hop = net.config.hop
        self.register_buffer("encode_params", torch.tensor([1, 1, prior.size, hop]))
        self.register_buffer("decode_params", torch.tensor([prior.size, hop, 1, 1]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["listen", "temperature"]

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        hearing: list[Tensor] = []
        for memory in self.encoder_memory:
            hearing.append(memory.pad)
        heard, hearing = self.encoder(x, hearing)
        for i, memory in enumerate(self.encoder_memory):
            memory.pad.copy_(hearing[i])
        state: list[Tensor] = []
        for memory in self.prior_memory:
            # A copy: the step hands on its last latent as the one before; both are written back.
            state.append(memory.pad.clone())
        normal = torch.randn_like(torch.zeros([1, self.latent_size, heard.shape[2]]))
        uniform = torch.rand_like(torch.zeros([1, self.mixtures, heard.shape[2]]))
        listen, temperature = self.listen[None, None], self.temperature[None, None]
        played: list[Tensor] = []
        for t in range(heard.shape[2]):
            z, state = self.prior.step(
                heard[:, :, t : t + 1],
                listen,
                temperature,
                normal[:, :, t : t + 1],
                uniform[:, :, t : t + 1],
                state,
            )
            played.append(z)
        for i, memory in enumerate(self.prior_memory):
            memory.pad.copy_(state[i])
        return torch.cat(played, dim=2)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        state: list[Tensor] = []
        for memory in self.decoder_memory:
            state.append(memory.pad)
        noise = torch.rand_like(torch.zeros([1, self.draws, z.shape[2]]))
        y, state = self.decoder(z, noise * 2 - 1, state)
        for i, memory in enumerate(self.decoder_memory):
            memory.pad.copy_(state[i])
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def scripted(net: Brook, prior: Eddy) -> torch.jit.ScriptModule:
    """Both as one TorchScript module with nn~'s interface, in eval mode, from silence."""
    wrapped = EddyNnTilde(net, prior, list(brook_plan().latent_labels)).eval()
    for parameter in wrapped.parameters():
        parameter.requires_grad_(False)
    module: torch.jit.ScriptModule = torch.jit.script(wrapped)
    return module


def trained_prior(weights: Path = EDDY_WEIGHTS) -> Eddy:
    """The prior with weights from a file; the committed ones by default."""
    prior = untrained(EDDY)
    load_weights(prior, weights)
    return prior.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Export eddy as an nn~ .ts file.")
    parser.add_argument("--checkpoint", type=Path, default=EDDY_WEIGHTS, help="weights .npz")
    parser.add_argument("--brook", type=Path, default=BROOK_WEIGHTS, help="brook's weights .npz")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        net, prior = brook(options.brook), trained_prior(options.checkpoint)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    scripted(net, prior).save(str(options.output))
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

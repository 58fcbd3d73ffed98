"""Put a model whose memory is an argument behind the interface of nn~, for TorchScript.

The house converts nn~ exports, whoever trained them; its own instruments take the same road. The
wrapper holds the state in buffers and writes it back after every call, as an nn~ export does
(github.com/acids-ircam/nn_tilde). It follows the interface; none of its code comes from there.

    encode   [1, 1, hops * hop] -> [1, latents, hops]
    decode   [1, latents, hops] -> [1, 1, hops * hop]
    forward  [1, 1, hops * hop] -> [1, 1, hops * hop]
"""

# TorchScript takes "type:" comments for annotations of its own and unrolls loops over modules, but
# not comprehensions. So the exceptions stand here for the whole file.
# mypy: disable-error-code="arg-type, operator"
# ruff: noqa: PERF401

from typing import Protocol

import torch
from torch import Tensor, nn


class Sizes(Protocol):
    """What the interface tells of a model."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def hop(self) -> int: ...
    @property
    def latent_size(self) -> int: ...
    @property
    def draw_shape(self) -> tuple[int, int]:
        """Rows of random numbers that decoding takes, and how many of each per hop."""


class Autoencoder(Protocol):
    """A model with an encoder and a decoder, each `(.., state) -> (.., state)`."""

    @property
    def encoder(self) -> nn.Module: ...
    @property
    def decoder(self) -> nn.Module: ...
    @property
    def config(self) -> Sizes: ...


class Memory(nn.Module):
    """One tensor of state, as a buffer that a scripted module can list and overwrite."""

    pad: Tensor

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.register_buffer("pad", start.clone())


class NnTilde(nn.Module):
    """An `Autoencoder` with its state inside; batch size 1."""

    def __init__(self, net: Autoencoder, latent_labels: list[str]) -> None:
        super().__init__()
        config = net.config
        if len(latent_labels) != config.latent_size:
            raise ValueError(f"{len(latent_labels)} latent labels for {config.latent_size} latents")
        self.encoder = net.encoder
        self.decoder = net.decoder
        self.encoder_memory = nn.ModuleList(Memory(s) for s in net.encoder.init_state())
        self.decoder_memory = nn.ModuleList(Memory(s) for s in net.decoder.init_state())
        self.draws, self.draws_per_hop = config.draw_shape
        self.sr = config.sample_rate
        self.latent_size = config.latent_size
        audio = ["audio"]
        self.encode_input_labels = audio
        self.encode_output_labels = latent_labels
        self.decode_input_labels = latent_labels
        self.decode_output_labels = audio
        self.forward_input_labels = audio
        self.forward_output_labels = audio
        hop, latents = config.hop, config.latent_size
        # channels in, frames per step in, channels out, frames per step out
        self.register_buffer("encode_params", torch.tensor([1, 1, latents, hop]))
        self.register_buffer("decode_params", torch.tensor([latents, hop, 1, 1]))
        self.register_buffer("forward_params", torch.tensor([1, 1, 1, 1]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return []

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        state: list[Tensor] = []
        for memory in self.encoder_memory:
            state.append(memory.pad)
        z, state = self.encoder(x, state)
        for i, memory in enumerate(self.encoder_memory):
            memory.pad.copy_(state[i])
        return z

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        state: list[Tensor] = []
        for memory in self.decoder_memory:
            state.append(memory.pad)
        noise = torch.rand_like(
            torch.zeros([z.shape[0], self.draws, z.shape[2] * self.draws_per_hop])
        )
        y, state = self.decoder(z, noise * 2 - 1, state)
        for i, memory in enumerate(self.decoder_memory):
            memory.pad.copy_(state[i])
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


def scripted(net: Autoencoder, latent_labels: list[str]) -> torch.jit.ScriptModule:
    """`net` as a TorchScript module with nn~ methods, in eval mode, from silence."""
    wrapped = NnTilde(net, latent_labels).eval()
    for parameter in wrapped.parameters():
        parameter.requires_grad_(False)
    module: torch.jit.ScriptModule = torch.jit.script(wrapped)
    return module

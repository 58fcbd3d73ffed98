"""reed behind the interface of nn~, for TorchScript, with its knobs as attributes.

    forward  [1, 1, hops * 256] -> [1, 1, hops * 256]

An attribute is a buffer of one float; `NAME_range` and its like tell `ondine convert` what the knob
is (`convert.knobs`). The interface is github.com/acids-ircam/nn_tilde's; none of its code is here.
"""

# TorchScript reads no comprehensions: see models/nn_tilde.py.
# mypy: disable-error-code="arg-type, operator, list-item"
# ruff: noqa: PERF401

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from models.checkpoint import load_weights
from models.nn_tilde import Memory
from models.reed.config import KNOBS
from models.reed.net import Reed, untrained
from models.reed.recipe import REED

WEIGHTS = Path(__file__).parents[1] / "weights" / "reed.npz"


class ReedNnTilde(nn.Module):
    """A `Reed` with its state and its knobs inside."""

    def __init__(self, net: Reed) -> None:
        super().__init__()
        self.net = net
        self.memory = nn.ModuleList(Memory(s) for s in net.init_state())
        self.sr = net.config.sample_rate
        self.hop = net.config.hop
        for knob in KNOBS:
            self.register_buffer(knob.id, torch.tensor([knob.default]))
            setattr(self, f"{knob.id}_range", [knob.minimum, knob.maximum])
            setattr(self, f"{knob.id}_label", knob.label)
            setattr(self, f"{knob.id}_unit", knob.unit)
            setattr(self, f"{knob.id}_warp", knob.warp)
        self.forward_input_labels = ["audio"]
        self.forward_output_labels = ["audio"]
        self.register_buffer("forward_params", torch.tensor([1, 1, 1, 1]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        # In the order of KNOBS, spelt out: TorchScript looks nothing up by name.
        return [
            "note_1", "level_1", "timbre", "brightness", "breath", "vibrato", "room", "attack",
            "release", "vibrato_rate", "follow", "transpose", "note_2", "level_2", "note_3",
            "level_3", "note_4", "level_4",
        ]  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        knobs = torch.cat(
            [
                self.note_1, self.level_1, self.timbre, self.brightness, self.breath, self.vibrato,
                self.room, self.attack, self.release, self.vibrato_rate, self.follow,
                self.transpose, self.note_2, self.level_2, self.note_3, self.level_3, self.note_4,
                self.level_4,
            ]
        )  # fmt: skip
        state: list[Tensor] = []
        for memory in self.memory:
            state.append(memory.pad)
        draws = torch.randn_like(torch.zeros([1, 512, x.shape[2] // self.hop]))
        y, state = self.net(x, knobs, draws, state)
        for i, memory in enumerate(self.memory):
            memory.pad.copy_(state[i])
        return y


def scripted(net: Reed) -> torch.jit.ScriptModule:
    """`net` as a TorchScript module with nn~'s interface, in eval mode, from silence."""
    wrapped = ReedNnTilde(net).eval()
    for parameter in wrapped.parameters():
        parameter.requires_grad_(False)
    module: torch.jit.ScriptModule = torch.jit.script(wrapped)
    return module


def trained(weights: Path = WEIGHTS) -> Reed:
    """The network with weights from a file; the committed ones by default."""
    net = untrained(REED.config, REED.seed)
    load_weights(net, weights)
    return net.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Export reed as an nn~ .ts file.")
    parser.add_argument("--checkpoint", type=Path, default=WEIGHTS, help="weights .npz")
    parser.add_argument("--untrained", action="store_true", help="export random weights instead")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        net = untrained(REED.config, 0) if options.untrained else trained(options.checkpoint)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    scripted(net).save(str(options.output))
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

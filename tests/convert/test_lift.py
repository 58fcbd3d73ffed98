"""What is lifted is the scripted module to the bit, whatever way it keeps its state."""

import pytest
import torch
from torch import Tensor, nn

from convert.fold import SHAPE_ONLY, op_name
from convert.lift import lift
from convert.model_file import Signature
from device.errors import ConvertError
from tests.convert.scripted import MONO, both, opened
from tests.oracle.nn_module import HOP_FRAMES, build


class WritesInPlace(nn.Module):
    """Two delays, of 6 and 2 frames, written by `copy_`, by an index and through a view."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(1, 1, 6))
        self.register_buffer("last", torch.zeros(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line, x], -1)
        self.line.copy_(joined[..., -6:])
        y = joined[..., :-6].clone()
        y[..., 2:] += x[..., :-2]
        y[..., :2] += self.last.view(1, 1, 2)
        self.last[:, 0] = x[:, 0, -2]
        self.last.view(2)[1:] = x[0, 0, -1:]
        return y


class Rebinds(nn.Module):
    """The same delay, its buffer replaced by a new tensor with every block."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(1, 1, 6))

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line, x], -1)
        self.line = joined[..., -6:]
        return joined[..., :-6]


class Counts(nn.Module):
    """A ramp from an int64 counter of frames, modulo 24."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("elapsed", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        clock = (self.elapsed + torch.arange(x.shape[-1])) % 24
        self.elapsed += x.shape[-1]
        self.elapsed %= 24
        return x * clock


class Masks(nn.Module):
    """A sign mask made of the input's shape alone, and a decision by a constant that is read."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("negates", torch.tensor(1))
        self.register_buffer("line", torch.zeros(1, 1, 2))

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.ones_like(x)
        mask[..., 1::2] = -1.0
        if int(self.negates.item()) > 0:
            x = -x
        joined = torch.cat([self.line, x * mask], -1)
        self.line.copy_(joined[..., -2:])
        return joined[..., :-2] + torch.zeros_like(x)


class SpareRows(nn.Module):
    """A cache of 64 rows, as exports store it, of which the first is used."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(64, 1, 5))

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line[: x.shape[0]], x], -1)
        self.line[: x.shape[0]].copy_(joined[..., -5:])
        return torch.tanh(joined[..., :-5])


@pytest.mark.parametrize("module", [WritesInPlace, Rebinds, Counts, Masks, SpareRows])
def test_a_lifted_method_is_its_source_to_the_bit(module: type[nn.Module]) -> None:
    model = opened(module())
    lifted = lift(model, "forward", 8)
    expected, made = both(model, lifted)
    assert torch.equal(expected, made)


@pytest.mark.parametrize("method", ["process", "analyse"])
@pytest.mark.parametrize("block", [HOP_FRAMES, 3 * HOP_FRAMES])
def test_our_own_nn_module_is_lifted_to_the_bit(method: str, block: int) -> None:
    signature = MONO if method == "process" else Signature(1, 1, 4, HOP_FRAMES)
    model = opened(build("static"), **{method: signature})
    lifted = lift(model, method, block)
    expected, made = both(model, lifted, blocks=9)
    assert torch.equal(expected, made)
    assert len(lifted.states) == (3 if method == "process" else 1)


def test_lifting_leaves_the_exported_state_as_it_was() -> None:
    module = Rebinds()
    module.line.copy_(torch.arange(6.0))
    model = opened(module)
    (state,) = lift(model, "forward", 8).states
    assert torch.equal(state.exported.flatten(), torch.arange(6.0))
    assert torch.equal(model.module.line.flatten(), torch.arange(6.0))


def test_rows_that_are_not_used_are_cut() -> None:
    (state,) = lift(opened(SpareRows()), "forward", 8).states
    assert state.exported.shape == (1, 1, 5)


def test_a_mask_made_of_shapes_becomes_a_constant() -> None:
    names = {op_name(node) for node in lift(opened(Masks()), "forward", 8).graph.graph.nodes}
    assert not names & (SHAPE_ONLY | {"_local_scalar_dense", "slice_scatter", "copy", "clone"})


def test_a_simplified_delay_is_a_join_and_two_cuts() -> None:
    graph = lift(opened(Rebinds()), "forward", 8).graph.graph
    assert sorted(op_name(node) for node in graph.nodes if op_name(node)) == [
        "cat", "slice", "slice",
    ]  # fmt: skip


@pytest.mark.parametrize("block", [-64, 0, 1, 63, 96])
def test_a_block_that_is_no_multiple_is_refused(block: int) -> None:
    model = opened(build("static"), analyse=Signature(1, 1, 4, HOP_FRAMES))
    with pytest.raises(ConvertError, match=rf"a block of {block} frames .* multiple of it"):
        lift(model, "analyse", block)


class Recurs(nn.Module):
    """A recurrence that starts anew with every block."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRU(1, 1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(x.transpose(1, 2))[0].transpose(1, 2)


def test_blocks_that_do_not_join_are_refused() -> None:
    with pytest.raises(ConvertError, match="`forward` does not stream: two blocks of 8 frames"):
        lift(opened(Recurs()), "forward", 8)

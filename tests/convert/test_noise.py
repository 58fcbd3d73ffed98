"""Random draws become inputs, drawn from outside; what cannot be drawn so is refused by name."""

import pytest
import torch
from torch import Tensor, nn

from convert.fold import RANDOM, op_name
from convert.lift import lift
from convert.noise import DISTRIBUTIONS
from device.errors import ConvertError
from tests.convert.scripted import both, opened


class Noisy(nn.Module):
    """A one-frame delay with noise added; each kind below draws it in its own way."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(1, 1, 1))

    def noise(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line, x], -1)
        self.line.copy_(joined[..., -1:])
        return joined[..., :-1] + self.noise(x)


class Randn(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.randn(1, 1, x.shape[-1])


class RandnLike(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.randn_like(x)


class Normal(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x).normal_(0.5, 2.0)


class Rand(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.rand(1, 1, x.shape[-1])


class RandLike(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return 2.0 * torch.rand_like(x) - 1.0


class Uniform(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x).uniform_(-3.0, 1.0)


class Exponential(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x).exponential_(2.0)


class Bernoulli(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.bernoulli(torch.sigmoid(x))


class BernoulliByNumber(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x).bernoulli_(0.25)


class Two(Noisy):
    """A normal draw and a uniform one, in this order."""

    def noise(self, x: Tensor) -> Tensor:
        return torch.randn_like(x) * torch.rand_like(x)


class Poisson(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.poisson(x.abs())


class Integers(Noisy):
    def noise(self, x: Tensor) -> Tensor:
        return torch.randint(0, 4, (1, 1, x.shape[-1])).to(x.dtype)


@pytest.mark.parametrize(
    ("module", "distributions"),
    [
        (Randn, ["normal"]),
        (RandnLike, ["normal"]),
        (Normal, ["normal"]),
        (Rand, ["uniform"]),
        (RandLike, ["uniform"]),
        (Uniform, ["uniform"]),
        (Exponential, ["uniform"]),
        (Bernoulli, ["uniform"]),
        (BernoulliByNumber, ["uniform"]),
        (Two, ["normal", "uniform"]),
    ],
)
def test_a_draw_becomes_an_input(module: type[nn.Module], distributions: list[str]) -> None:
    model = opened(module())
    lifted = lift(model, "forward", 16)
    assert [draw.distribution for draw in lifted.draws] == distributions
    assert [draw.name for draw in lifted.draws] == [f"noise_{i}" for i in range(len(distributions))]
    assert all(draw.shape == (1, 1, 16) for draw in lifted.draws)
    assert not {op_name(node) for node in lifted.graph.graph.nodes} & RANDOM
    expected, made = both(model, lifted)
    assert torch.allclose(expected, made, atol=1e-6)


@pytest.mark.parametrize(("module", "operator"), [(Poisson, "poisson"), (Integers, "randint")])
def test_an_unsupported_draw_is_named(module: type[nn.Module], operator: str) -> None:
    with pytest.raises(ConvertError, match=rf"`forward` draws .* aten::{operator},") as caught:
        lift(opened(module()), "forward", 16)
    assert all(name in str(caught.value) for name in DISTRIBUTIONS)

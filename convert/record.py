"""Record one block of a TorchScript method as a tape of ATen calls, and rebuild it as a pure graph.

A loaded ScriptModule is opaque: there is no Python source to trace. But every operator it runs
goes through PyTorch's dispatcher, where a `TorchDispatchMode` sees it. One block is run, each call
is written down, and the tape is replayed as an FX graph whose inputs are the block and the
module's mutated buffers. In-place writes are then functionalised away, which leaves

    (block, *states) → (output, *new states)

What does not depend on the inputs by value is folded to a constant (`convert.fold`); random draws
stay, as inputs in waiting (`convert.noise`).
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from convert.purity import DATA_SHAPED, READS, refuse_frozen_control_flow

Module = Any
"""A loaded `torch.jit.ScriptModule`: its attributes are known to nobody before it is loaded."""


@dataclass(frozen=True)
class Buffer:
    """One tensor slot of a submodule, by its path in the file."""

    owner: Module
    attribute: str
    name: str

    def get(self) -> Tensor:
        return getattr(self.owner, self.attribute)

    def set(self, value: Tensor) -> None:
        self.owner._c.setattr(self.attribute, value)


def buffers_of(module: Module) -> Iterator[Buffer]:
    """Every parameter and buffer of every submodule, once."""
    seen: set[int] = set()
    for prefix, owner in module.named_modules():
        slots = [*owner.named_buffers(recurse=False), *owner.named_parameters(recurse=False)]
        for attribute, value in slots:
            if id(value) not in seen:
                seen.add(id(value))
                yield Buffer(owner, attribute, f"{prefix}.{attribute}".strip("."))


def mutated_buffers(module: Module, run: Callable[[], object]) -> list[Buffer]:
    """The buffers that `run` writes to or replaces, found by their version counters."""
    every = list(buffers_of(module))
    before = [(b.get(), b.get()._version) for b in every]
    with torch.no_grad():
        run()
    return [
        buffer
        for buffer, (tensor, version) in zip(every, before, strict=True)
        if buffer.get() is not tensor or tensor._version != version
    ]


def record(
    module: Module,
    method: str,
    example: Tensor,
    states: Sequence[Buffer],
    starts: Sequence[Tensor],
) -> fx.GraphModule:
    """Run `method` on `example` once; the pure graph `(x, *states) → (y, *new states)`.

    `starts` are the tensors the buffers are set to first: their shapes become the states' shapes.

    Raises:
        ConvertError: if a value that depends on the input or a state steers the method.
    """
    fresh = [start.clone() for start in starts]
    for state, tensor in zip(states, fresh, strict=True):
        state.set(tensor)
    tape = _Tape()
    with torch.no_grad(), tape:
        output = getattr(module, method)(example)
    names = {f"the buffer `{s.name}`": t for s, t in zip(states, fresh, strict=True)}
    refuse_frozen_control_flow(tape.calls, {"the input": example, **names}, method)
    ends = [state.get() for state in states]
    replay = _replay(tape, [example, *fresh], [output, *ends])
    with torch.no_grad():
        return make_fx(functionalize(replay, remove="mutations"))(example, *starts)


class _Tape(TorchDispatchMode):
    """Writes down every operator call; keeps every tensor alive so that ids stay unique."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        self.calls.append((func, args, kwargs, out))
        return out


def _replay(tape: _Tape, inputs: list[Tensor], outputs: list[Tensor]) -> fx.GraphModule:
    """The tape as an FX graph, in-place operators and all."""
    root = torch.nn.Module()
    graph = fx.Graph()
    nodes: dict[int, fx.Node] = {}
    placeholders = [graph.placeholder(f"in{i}") for i in range(len(inputs))]
    for placeholder, tensor in zip(placeholders, inputs, strict=True):
        # The clone keeps in-place writes off the graph's own inputs.
        nodes[id(tensor)] = graph.call_function(torch.ops.aten.clone.default, (placeholder,))

    def node_of(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) not in nodes:
            name = f"constant{len(nodes)}"
            root.register_buffer(name, value.detach())
            nodes[id(value)] = graph.get_attr(name)
        return nodes[id(value)]

    for func, args, kwargs, out in tape.calls:
        if func.overloadpacket.__name__ in READS | DATA_SHAPED:
            continue  # of constants only, as was checked: its result is a constant too
        node = graph.call_function(func, tree_map(node_of, args), tree_map(node_of, kwargs))
        if isinstance(out, Tensor):
            nodes[id(out)] = node
        elif isinstance(out, (tuple, list)):
            for i, element in enumerate(out):
                if isinstance(element, Tensor):
                    nodes[id(element)] = graph.call_function(operator.getitem, (node, i))
    graph.output(tuple(node_of(tensor) for tensor in outputs))
    return fx.GraphModule(root, graph)

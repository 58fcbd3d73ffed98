"""A recording is only true if nothing that was read from a tensor steered it.

TorchScript reads a value by `item()`, which the tape holds as an operator. If the tensor depends on
the input or on a state, the next block could take another branch than the recorded one: the model
is refused and the value named. Operators whose output *shape* depends on values are refused too.

What a tensor depends on is followed by its storage, so that writes through views count. That errs
on the safe side: a storage once written with the input stays dependent.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves

from convert.fold import RANDOM, SHAPE_ONLY
from device.errors import ConvertError

READS = {"_local_scalar_dense", "equal", "is_nonzero"}
DATA_SHAPED = {"nonzero", "masked_select", "_unique2", "unique_dim", "unique_consecutive"}

Call = tuple[Any, Any, Any, Any]
"""One entry of the tape: operator, positional arguments, keyword arguments, output."""


def refuse_frozen_control_flow(
    calls: Sequence[Call], inputs: dict[str, Tensor], method: str
) -> None:
    """Raise if the recorded method read a value that depends on one of its inputs.

    `inputs` are the block and the states by the name a person knows them by.

    Raises:
        ConvertError: naming the method, the operator and the inputs or states it depends on.
    """
    sources: dict[int, frozenset[str]] = {_storage(t): frozenset([n]) for n, t in inputs.items()}
    for func, args, kwargs, out in calls:
        name = func.overloadpacket.__name__.rstrip("_")
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        found = frozenset().union(*(sources.get(_storage(t), frozenset()) for t in tensors))
        if found and name in {n.rstrip("_") for n in READS | DATA_SHAPED}:
            raise ConvertError(_sentence(method, func.overloadpacket.__name__, found))
        if name in RANDOM:
            found |= {"a random draw"}
        if not found or name in SHAPE_ONLY:
            continue
        written = [*tree_leaves(out), *(tensors[:1] if func._schema.is_mutable else [])]
        for tensor in written:
            if isinstance(tensor, Tensor):
                key = _storage(tensor)
                sources[key] = sources.get(key, frozenset()) | found


def _sentence(method: str, operator: str, sources: frozenset[str]) -> str:
    # States are what a reader can look for in the model; the input is in nearly all.
    culprits = sorted(s for s in sources if s != "the input") or ["the input"]
    return (
        f"`{method}` reads a value while it runs (aten::{operator}) that depends on "
        f"{', '.join(culprits[:3])}, and decides by it what to do next. Ondine records one block "
        "as a fixed graph, in which that decision would be frozen. Export the model with a step "
        "that does the same operations for every block (torch.where instead of if)."
    )


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata

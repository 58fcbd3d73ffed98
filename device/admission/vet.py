"""The vet: every graph and every start of a bundle, looked at without running anything of them.

It takes a few milliseconds and a model's weights are never copied. What it cannot see (how long a
step takes, what onnxruntime makes of odd numbers) is the trial's part.
"""

import io
import math
import zipfile
from typing import IO

import numpy as np

from device.admission.limits import (
    IR_VERSIONS,
    MAX_TENSOR_ELEMENTS,
    OPERATORS,
    OPSETS,
)
from device.admission.onnx_file import Model, Node, read_model
from device.bundle import Bundle
from device.errors import BundleError
from device.manifest import Graph
from device.words import nearest

_MAX_HEADER_BYTES = 4096
_CONSTANT_MAKERS = ("Constant", "Shape", "Size")
"""What these make does not depend on any sound, for every shape is fixed."""


def vet(bundle: Bundle) -> None:
    """Check all members of a bundle that are not its manifest.

    Raises:
        BundleError: naming the member, what it has, and what is allowed.
    """
    wanted: dict[str, Graph | None] = {}
    for name, method in bundle.manifest.methods.items():
        for graph in method.graphs.values():
            for member, owner in ((graph.member, None), (graph.start, graph)):
                if member is None:
                    continue
                if member in wanted:
                    raise BundleError(f"{member} is used twice, for {name} too")
                wanted[member] = owner
    if strangers := sorted(set(bundle.members) - wanted.keys()):
        raise BundleError(f"{strangers[0]} is a member that no method uses")
    for member, owner in wanted.items():
        try:
            if owner is None:
                _vet_graph(bundle.members[member])
            else:
                _vet_start(bundle.members[member], owner)
        except BundleError as error:
            raise BundleError(f"{member} cannot be played: {error}") from None


def _vet_graph(data: bytes) -> None:
    model = read_model(data)
    _check_versions(model)
    constants = [t.name for t in model.constants]
    given = [v.name for v in model.inputs]
    made = [name for node in model.nodes for name in node.outputs if name]
    names = [*constants, *given, *made]
    if len(set(names)) != len(names):
        raise BundleError("two values in it have one name")
    fixed = set(constants)
    for node in model.nodes:
        _check_node(node, fixed)


def _check_versions(model: Model) -> None:
    if model.ir_version not in IR_VERSIONS:
        raise BundleError(
            f"it is of ONNX's file format {model.ir_version}; "
            f"{IR_VERSIONS.start} to {IR_VERSIONS.stop - 1} are read"
        )
    for domain, version in model.opsets.items():
        if domain not in OPSETS:
            raise BundleError(f"it uses operators of {domain!r}, which are not ONNX's own")
        if version not in OPSETS[domain]:
            raise BundleError(
                f"it uses version {version} of the operators {domain or 'ai.onnx'!r}; "
                f"{OPSETS[domain].start} to {OPSETS[domain].stop - 1} are read"
            )


def _check_node(node: Node, fixed: set[str]) -> None:
    """One node, in the graph's order; `fixed` holds the names whose values no sound can change."""
    shaping = OPERATORS.get((node.domain, node.operator))
    what = f"{node.domain}.{node.operator}" if node.domain else node.operator
    if shaping is None:
        names = [name for domain, name in OPERATORS if domain == node.domain]
        raise BundleError(
            f"it uses the operator {what[:60]!r}, which is not allowed{nearest(what, names)}"
        )
    for index in shaping:
        name = node.inputs[index] if index < len(node.inputs) else ""
        if name and name not in fixed:
            raise BundleError(
                f"its operator {what} takes a shape from {name[:60]!r}, which is computed as it "
                "plays; every shape must be fixed"
            )
    used = [name for name in node.inputs if name]
    if node.operator in _CONSTANT_MAKERS or (used and all(name in fixed for name in used)):
        fixed.update(node.outputs)


def _vet_start(data: bytes, graph: Graph) -> None:
    """The caches' exported start: an .npz of plain arrays, stored, each of its cache's shape."""
    caches = {f"{s.input}.npy": (s.shape, s.dtype) for s in graph.states}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names) or not set(names) <= caches.keys():
                raise BundleError("it has arrays that are no caches of the graph")
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise BundleError("its arrays are compressed; they are stored plain")
            if sum(info.file_size for info in infos) > len(data):
                raise BundleError("its arrays overlap or claim more bytes than it has")
            for name in names:
                with archive.open(name) as file:
                    _check_array(file, name, caches[name])
    except BundleError:
        raise
    except Exception as error:  # zipfile and numpy raise many unrelated types
        raise BundleError(f"it is damaged ({str(error)[:200]})") from None


def _check_array(file: IO[bytes], name: str, wanted: tuple[tuple[int, ...], str]) -> None:
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise BundleError(f"{name} is of numpy's format {version}; 1.0 is read")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file, _MAX_HEADER_BYTES)
    if dtype.hasobject:
        raise BundleError(f"{name} holds Python objects, which are never loaded")
    if math.prod(shape) > MAX_TENSOR_ELEMENTS or (shape, dtype.name) != wanted:
        raise BundleError(f"{name} is {dtype.name} {list(shape)[:8]}, which is not its cache's")

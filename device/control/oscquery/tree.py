"""The tree of all OSC addresses, as the OSCQuery proposal describes a node of it.

/ondine ┬ param ┬ dry_wet   TYPE f, ACCESS 3, VALUE [1.0], RANGE [{MIN 0, MAX 1}]
        │       └ …
        ├ raw ──── dry_wet  the same, 0..1
        └ status ─ dropouts TYPE i, ACCESS 1
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from device.control.oscquery.method import READ, Argument, Method
from device.errors import ControlError

ATTRIBUTES = (
    "DESCRIPTION",
    "FULL_PATH",
    "ACCESS",
    "TYPE",
    "VALUE",
    "RANGE",
    "UNIT",
    "CLIPMODE",
    "CRITICAL",
    "CONTENTS",
)


@dataclass(frozen=True)
class Node:
    """An address, a container, or both (`/ondine/status` is asked, and contains the answers)."""

    path: str
    method: Method | None = None
    children: Mapping[str, "Node"] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many nodes it is, with itself."""
        return 1 + sum(child.size for child in self.children.values())


def tree(methods: Iterable[Method]) -> Node:
    """The root of all addresses; of two methods at one address the later one counts.

    Raises:
        ValueError: if an address does not begin with "/", or has an empty part.
    """
    by_address = {method.address: method for method in methods}
    inner: dict[str, Any] = {}
    for address in by_address:
        first, *names = address.split("/")
        if first or not names or not all(names):
            raise ValueError(f"{address!r} is no OSC address: write it as /one/two")
        place = inner
        for name in names:
            place = place.setdefault(name, {})
    return _node("/", inner, by_address)


def _node(path: str, inner: Mapping[str, Any], methods: Mapping[str, Method]) -> Node:
    stem = "" if path == "/" else path
    return Node(
        path,
        methods.get(path),
        {name: _node(f"{stem}/{name}", below, methods) for name, below in inner.items()},
    )


def find(root: Node, path: str) -> Node | None:
    """The node at an address; None if there is none."""
    if path == root.path:
        return root
    first, *names = path.split("/")
    node: Node | None = root if names and not first else None
    for name in names:
        node = node.children.get(name) if node is not None else None
    return node


def methods_in(root: Node) -> dict[str, Method]:
    """Every method of a tree by its address."""
    found = {} if root.method is None else {root.path: root.method}
    for child in root.children.values():
        found |= methods_in(child)
    return found


def describe(node: Node) -> dict[str, Any]:
    """A node and everything below it, as a JSON object."""
    return {name: value for name in ATTRIBUTES if (value := attribute(node, name)) is not None}


def attribute(node: Node, name: str) -> Any:
    """One attribute of a node; None if it has no such thing."""
    method = node.method or Method(node.path)
    match name:
        case "FULL_PATH":
            return node.path
        case "ACCESS":
            return method.access
        case "CONTENTS":
            below = {name: describe(child) for name, child in node.children.items()}
            return below or (None if node.method else {})
        case "DESCRIPTION":
            return method.description or None
        case "TYPE":
            return method.types or None
        case "VALUE":
            value = read(method)
            return None if value is None else [value]
        case "RANGE":
            return _range(method)
        case "UNIT":
            return [method.unit] if method.unit else None
        case "CLIPMODE":
            return ["both"] if method.minimum is not None else None
        case "CRITICAL":
            return method.critical if node.method else None
    return None


def read(method: Method) -> Argument | None:
    """What a method's value is now; None if it has none, or none that JSON could carry."""
    if not method.access & READ or method.read is None:
        return None
    try:
        value = method.read()
    except ControlError:
        return None  # another instrument has just come in, which has no such parameter
    if not isinstance(value, float):
        return value
    # The table holds float32: 0.1 is 0.1 to a reader, not 0.10000000149011612.
    return float(f"{value:.7g}") if math.isfinite(value) else None


def changed(old: Node, new: Node) -> str | None:
    """The lowest address that contains everything in which two trees differ; None if nothing."""
    if old.method != new.method or old.children.keys() != new.children.keys():
        return new.path
    below = [
        path
        for name, child in new.children.items()
        if (path := changed(old.children[name], child)) is not None
    ]
    return below[0] if len(below) == 1 else new.path if below else None


def _range(method: Method) -> list[dict[str, Any]] | None:
    if method.choices:
        return [{"VALS": list(method.choices)}]
    if method.minimum is None:
        return None
    return [{"MIN": method.minimum, "MAX": method.maximum}]

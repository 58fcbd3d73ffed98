"""The passport check: what a manifest that can be read may still not ask for.

`device.manifest` refuses what is impossible. This refuses what is possible and too much: memory for
ports and caches, a delay longer than any instrument's, texts that would break a screen or a page.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from device.admission.limits import (
    MAX_BUFFER_ELEMENTS,
    MAX_DEPTH,
    MAX_METHODS,
    MAX_PORTS,
    MAX_RANK,
    MAX_STATES,
    MAX_TEXT,
    STATE_TYPES,
)
from device.errors import BundleError
from device.manifest import Graph, Manifest, Method

_ALLOWED = "\n\t\u00a0\u200c\u200d\u3000"
"""Unprintable to Python, and part of many languages' texts."""


def check_passport(manifest: Manifest) -> None:
    """Check a manifest that `decode_manifest` has let through.

    Raises:
        BundleError: for the first thing that is too much.
    """
    for text in _texts(manifest):
        _check_text(text)
    if len(manifest.methods) > MAX_METHODS:
        raise BundleError(f"it has {len(manifest.methods)} methods; {MAX_METHODS} are allowed")
    for name, method in manifest.methods.items():
        for graph in method.graphs.values():
            _check_graph(name, method, graph)


def _check_graph(name: str, method: Method, graph: Graph) -> None:
    ports = (*method.inputs, *method.outputs)
    if len(ports) > MAX_PORTS or len(graph.states) > MAX_STATES:
        raise BundleError(
            f"{name} has {len(ports)} ports and {len(graph.states)} caches; {MAX_PORTS} and "
            f"{MAX_STATES} are allowed"
        )
    names = [[p.name for p in method.inputs] + [s.input for s in graph.states]]
    names += [[p.name for p in method.outputs] + [s.output for s in graph.states]]
    if any(len(set(side)) != len(side) for side in names):
        raise BundleError(f"{name} has two inputs or two outputs of one name")
    for state in graph.states:
        if state.dtype not in STATE_TYPES:
            raise BundleError(
                f"the cache {state.input} of {name} is {state.dtype}, not one of "
                f"{', '.join(STATE_TYPES)}"
            )
    shapes = [p.shape for p in ports]
    shapes += [s.written or s.shape for s in graph.states for _ in range(2)]  # they ping-pong
    if any(len(shape) > MAX_RANK for shape in shapes):
        raise BundleError(f"{name} has a shape of more than {MAX_RANK} sizes")
    if (total := sum(math.prod(shape) for shape in shapes)) > MAX_BUFFER_ELEMENTS:
        raise BundleError(
            f"{name} wants {total} numbers for its ports and caches; {MAX_BUFFER_ELEMENTS} are "
            "allowed"
        )


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise BundleError(f"its manifest has a text of {len(text)} letters; {MAX_TEXT} are allowed")
    for letter in text:
        # Half a letter, what turns the direction of writing, what moves a terminal's cursor.
        if not letter.isprintable() and letter not in _ALLOWED:
            raise BundleError(
                f"its manifest has the letter U+{ord(letter):04X} in {text[:40]!r}, which cannot "
                "be shown"
            )


def _texts(manifest: Manifest) -> Iterator[str]:
    """Every text of a manifest, keys too. It goes MAX_DEPTH deep at most, and does not recurse."""
    level: list[Any] = [manifest]
    for _ in range(MAX_DEPTH):
        yield from (value for value in level if isinstance(value, str))
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise BundleError(f"its manifest is nested deeper than {MAX_DEPTH} levels")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        return list(value)
    if dataclasses.is_dataclass(value):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return []

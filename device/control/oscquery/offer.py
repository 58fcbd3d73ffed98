"""What is offered over HTTP while one instrument plays: its tree, layouts and addresses."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from device.control.layout import pages_of
from device.control.open_stage import open_stage_session
from device.control.osc import Route
from device.control.osc_reply import Answer
from device.control.oscquery.method import READ, Method, methods_of
from device.control.oscquery.tree import Node, methods_in, tree
from device.control.tosc import tosc_layout
from device.manifest import Manifest
from device.params import ParamSpec


@dataclass(frozen=True)
class File:
    """Something to download. `make` takes milliseconds to tens of them, in any thread."""

    name: str
    kind: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Offer:
    """What is offered. `routes` obey OSC packets that come in over a WebSocket."""

    root: Node
    routes: Mapping[str, Route]
    files: Mapping[str, File] = field(default_factory=dict)

    def readable(self) -> dict[str, Method]:
        """What can be listened to, by address."""
        methods = methods_in(self.root)
        return {a: m for a, m in methods.items() if m.access & READ and m.read is not None}


def offer_of(
    manifest: Manifest,
    specs: Mapping[str, ParamSpec],
    routes: Mapping[str, Route],
    *,
    value: Callable[[str], float],
    status: Callable[[], Sequence[Answer]],
    clock: Callable[[], float],
    more: Sequence[Method] = (),
    besides: Mapping[str, ParamSpec] | None = None,
) -> Offer:
    """What is offered for an instrument; `more` describes addresses, or describes them better.

    `besides` is steered as parameters are, but is on no layout: macros, a morph.

    `value` gives a parameter in its units, `status` the answers to `/ondine/status`, `clock`
    seconds.
    """
    every = {**specs, **(besides or {})}
    methods = methods_of(routes, every, value=value, status=status, clock=clock)
    pages = pages_of(specs)
    name = manifest.name
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:64] or "ondine"
    files = {
        "/layout.tosc": File(
            f"{stem}.tosc", "application/octet-stream", lambda: tosc_layout(name, pages)
        ),
        "/layout.json": File(
            f"{stem}.json", "application/json", lambda: open_stage_session(name, pages)
        ),
    }
    return Offer(tree([*methods, *more]), routes, files)

"""Answering a query: a path and what of it is asked for, by the rules of the OSCQuery proposal.

    200  the node, or of it what was asked for; `{}` where the node has no such attribute
    204  VALUE of what cannot be read; attributes of the proposal that Ondine does not have
    400  an attribute that nobody has heard of, or a query that is none
    404  no such address

The proposal gives both 204 and 400 for attributes a server does not support; this is how both hold.
"""

from collections.abc import Mapping
from typing import Any

from device.control.oscquery.method import READ
from device.control.oscquery.tree import ATTRIBUTES, Node, attribute, describe, find

NOT_OURS = frozenset({"TAGS", "EXTENDED_TYPE", "OVERLOADS", "HTML"})
"""Attributes of the proposal that Ondine has nothing to say for."""
MAX_ASKED = 16

EXTENSIONS = {
    "ACCESS": True,
    "VALUE": True,
    "RANGE": True,
    "DESCRIPTION": True,
    "UNIT": True,
    "CLIPMODE": True,
    "CRITICAL": True,
    "LISTEN": True,
    "PATH_CHANGED": True,
}
"""What HOST_INFO says that we have; IGNORE goes with LISTEN."""


def answer(
    root: Node, host_info: Mapping[str, Any], path: str, query: str
) -> tuple[int, dict[str, Any] | None]:
    """The status and the JSON object, None without one, for `GET path?query`.

    `query` is one or several attributes, joined by "&". HOST_INFO is answered at any path.
    """
    asked = [name.removesuffix("=") for name in query.split("&")] if query else []
    if "HOST_INFO" in asked:
        return 200, dict(host_info)
    node = find(root, path)
    if node is None:
        return 404, None
    if not asked:
        return 200, describe(node)
    if len(asked) > MAX_ASKED or any(n not in ATTRIBUTES and n not in NOT_OURS for n in asked):
        return 400, None
    readable = node.method is not None and node.method.access & READ
    if not NOT_OURS.isdisjoint(asked) or ("VALUE" in asked and not readable):
        return 204, None
    values = {name: attribute(node, name) for name in asked}
    return 200, {name: value for name, value in values.items() if value is not None}


def host_info(name: str, osc_port: int | None, port: int) -> dict[str, Any]:
    """What HOST_INFO says. OSC is taken as UDP at `osc_port`, None if at none, of the same host."""
    info: dict[str, Any] = {"NAME": name, "EXTENSIONS": EXTENSIONS, "WS_PORT": port}
    if osc_port is not None:
        info |= {"OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP"}
    return info

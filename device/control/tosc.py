"""A TouchOSC layout of an instrument: `.tosc`, which is XML, compressed with zlib.

    lexml ─ GROUP the canvas ─ PAGER ┬ GROUP one page ┬ FADER ─ osc /ondine/raw/<id> x
                                     └ …              └ LABEL its name

A node has properties, values and messages. A message's path and arguments are made of parts: a
constant, or one of the node's values (x and y, 0..1). The layout holds no address of a host; it is
typed in once, in the app. The format is version 3, which every TouchOSC of 2021 and later reads; no
document of Hexler's describes it, so this writes only what their editor was seen to write.

The same instrument gives the same bytes: node ids are made from names.
"""

import uuid
import zlib
from collections.abc import Sequence

from device.control.layout import Page, raw_address
from device.params import ParamSpec
from device.words import printable

WIDTH, HEIGHT = 1024, 640
TAB = 48
COLUMNS, ROWS = 6, 2
GAP = 12
LABEL = 28
BUTTON = 72
_SPACE = uuid.UUID("5b1f31be-6a0c-5a7f-9c44-0d1ee0d1ee00")
_CONNECTION = "00001"
"""The first of the app's five connections."""

Frame = tuple[int, int, int, int]
"""x, y, width and height, in points of the canvas."""

_DARK = (0.06, 0.07, 0.09, 1.0)
_BLUE = (0.36, 0.55, 0.94, 1.0)
_RED = (0.85, 0.27, 0.27, 1.0)
_GREY = (0.35, 0.38, 0.43, 1.0)


def tosc_layout(name: str, pages: Sequence[Page]) -> bytes:
    """The layout of an instrument called `name`, as a `.tosc` file."""
    return zlib.compress(tosc_xml(name, pages).encode(), 9)


def tosc_xml(name: str, pages: Sequence[Page]) -> str:
    """The same before it is compressed."""
    inside = "".join(_page(page) for page in pages)
    pager = _node(
        "pager",
        "PAGER",
        (0, 0, WIDTH, HEIGHT),
        _DARK,
        [_flag("tabbar", True), _flag("tabLabels", True), _whole("tabbarSize", TAB)],
        [("page", "0"), ("touch", "false")],
        inside=inside,
    )
    root = _node(
        printable(name),
        "GROUP",
        (0, 0, WIDTH, HEIGHT),
        _DARK,
        [],
        [("touch", "false")],
        inside=pager,
    )
    return f"<?xml version='1.0' encoding='UTF-8'?><lexml version='3'>{root}</lexml>"


def _page(page: Page) -> str:
    height = HEIGHT - TAB
    room = height - GAP - (BUTTON + GAP if page.buttons else 0)
    nodes = []
    if page.pad is not None:
        nodes.append(_pad(page.pad, (GAP, GAP, WIDTH - 2 * GAP, room - GAP)))
    for i, spec in enumerate(page.faders):
        row, column = divmod(i, COLUMNS)
        width, tall = (WIDTH - GAP) // COLUMNS, room // ROWS
        x, y = GAP + column * width, GAP + row * tall
        nodes.append(_fader(spec, (x, y, width - GAP, tall - GAP - LABEL)))
        nodes.append(_label(spec, (x, y + tall - GAP - LABEL, width - GAP, LABEL)))
    for i, (label, address) in enumerate(page.buttons):
        width = (WIDTH - GAP) // len(page.buttons)
        nodes.append(_button(label, address, (GAP + i * width, room, width - GAP, BUTTON)))
    return _node(
        page.name,
        "GROUP",
        (0, TAB, WIDTH, height),
        _DARK,
        [_text("tabLabel", page.name)],
        [("touch", "false")],
        inside="".join(nodes),
    )


def _fader(spec: ParamSpec, frame: Frame) -> str:
    start = f"{spec.raw(spec.default):.6g}"
    return _node(
        spec.id, "FADER", frame, _BLUE, [], [("x", start), ("touch", "false")],
        [_message(raw_address(spec), "x")],
    )  # fmt: skip


def _pad(specs: tuple[ParamSpec, ParamSpec], frame: Frame) -> str:
    values = [
        (axis, f"{spec.raw(spec.default):.6g}") for axis, spec in zip("xy", specs, strict=True)
    ]
    messages = [_message(raw_address(spec), axis) for axis, spec in zip("xy", specs, strict=True)]
    return _node("pad", "XY", frame, _BLUE, [], [*values, ("touch", "false")], messages)


def _button(label: str, address: str, frame: Frame) -> str:
    colour = _RED if label == "Panic" else _GREY
    caption = _node(
        f"{label} caption",
        "LABEL",
        frame,
        colour,
        [_flag("background", False), _flag("interactive", False), _whole("textSize", 20)],
        [("text", label), ("touch", "false")],
    )
    # A button of this format has no text of its own: a label that lets touches through lies on it.
    button = _node(
        label, "BUTTON", frame, colour, [_whole("buttonType", 0)], [("x", "0"), ("touch", "false")],
        [_message(address, "x")],
    )  # fmt: skip
    return button + caption


def _label(spec: ParamSpec, frame: Frame) -> str:
    text = printable(spec.label) + (f" ({printable(spec.unit)})" if spec.unit else "")
    return _node(
        f"{spec.id} label",
        "LABEL",
        frame,
        _GREY,
        [_flag("background", False), _flag("interactive", False), _whole("textSize", 14)],
        [("text", text), ("touch", "false")],
    )


def _node(
    name: str,
    kind: str,
    frame: Frame,
    colour: tuple[float, float, float, float],
    properties: Sequence[str],
    values: Sequence[tuple[str, str]],
    messages: Sequence[str] = (),
    inside: str = "",
) -> str:
    id = uuid.uuid5(_SPACE, f"{kind} {name}")
    sides = "".join(f"<{s}>{n}</{s}>" for s, n in zip("xywh", frame, strict=True))
    shades = "".join(f"<{s}>{n:g}</{s}>" for s, n in zip("rgba", colour, strict=True))
    own = [
        _text("name", name),
        _property("r", "frame", sides),
        _property("c", "color", shades),
        *properties,
    ]
    parts = [("properties", "".join(own)), ("values", "".join(_value(k, v) for k, v in values))]
    parts += [("messages", "".join(messages)), ("children", inside)]
    within = "".join(f"<{part}>{text}</{part}>" for part, text in parts if text)
    return f"<node ID=\"{id}\" type='{kind}'>{within}</node>"


def _message(address: str, axis: str) -> str:
    """An OSC message that is sent when `axis` moves, and that moves it when it is received."""
    return (
        "<osc><enabled>1</enabled><send>1</send><receive>1</receive><feedback>0</feedback>"
        f"<connections>{_CONNECTION}</connections>"
        f"<triggers><trigger><var>{_cdata(axis)}</var><condition>ANY</condition></trigger>"
        f"</triggers><path>{_partial('CONSTANT', 'STRING', address)}</path>"
        f"<arguments>{_partial('VALUE', 'FLOAT', axis)}</arguments></osc>"
    )


def _partial(kind: str, conversion: str, value: str) -> str:
    return (
        f"<partial><type>{kind}</type><conversion>{conversion}</conversion>"
        f"<value>{_cdata(value)}</value><scaleMin>0</scaleMin><scaleMax>1</scaleMax></partial>"
    )


def _value(key: str, default: str) -> str:
    return (
        f"<value><key>{_cdata(key)}</key><locked>0</locked>"
        "<lockedDefaultCurrent>0</lockedDefaultCurrent>"
        f"<default>{_cdata(default)}</default><defaultPull>0</defaultPull></value>"
    )


def _property(kind: str, key: str, value: str) -> str:
    return f"<property type='{kind}'><key>{_cdata(key)}</key><value>{value}</value></property>"


def _text(key: str, value: str) -> str:
    return _property("s", key, _cdata(value))


def _whole(key: str, value: int) -> str:
    return _property("i", key, str(value))


def _flag(key: str, value: bool) -> str:
    return _property("b", key, str(int(value)))


def _cdata(text: str) -> str:
    """Text as the editor writes it; what would end the section early is cut in two."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"

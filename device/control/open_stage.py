"""An Open Stage Control session of an instrument: JSON, of the app's version 1.

    root ─ tabs ┬ one page ┬ fader /ondine/raw/<id>, 0..1
                └ …        └ text  its name

The app is started with the box as its receiver: `open-stage-control --send box:9000 --load …`.
Properties that are not written have the app's defaults. The same instrument gives the same bytes.

The app: https://openstagecontrol.ammd.net
"""

import json
from collections.abc import Sequence
from typing import Any

from device.control.layout import Page, raw_address
from device.params import ParamSpec
from device.words import printable

COLUMNS, ROWS = 6, 2
_VERSION = "1.26.0"


def open_stage_session(name: str, pages: Sequence[Page]) -> bytes:
    """The session of an instrument called `name`, UTF-8 JSON."""
    session = {
        "createdWith": "Open Stage Control",
        "version": _VERSION,
        "type": "session",
        "content": {
            "type": "root",
            "id": "root",
            "comments": printable(name),
            "widgets": [],
            "tabs": [_tab(page) for page in pages],
        },
    }
    return json.dumps(session, indent=1, ensure_ascii=False).encode()


def _tab(page: Page) -> dict[str, Any]:
    widgets: list[dict[str, Any]] = []
    tall = 85 if page.buttons else 100
    if page.pad is not None:
        widgets.append(_pad(page.pad))
    for i, spec in enumerate(page.faders):
        row, column = divmod(i, COLUMNS)
        left, top = column * 100 / COLUMNS, row * tall / ROWS
        widgets += _fader(spec, left, top, 100 / COLUMNS, tall / ROWS)
    for i, (label, address) in enumerate(page.buttons):
        width = 100 / len(page.buttons)
        button = {"label": label, "mode": "momentary", "on": 1, "off": 0, "typeTags": "f"}
        place = _place(i * width, tall, width, 100 - tall)
        widgets.append(_widget("button", label, place, address=address, **button))
    return {"type": "tab", "id": page.name, "label": page.name, "widgets": widgets, "tabs": []}


def _fader(
    spec: ParamSpec, left: float, top: float, width: float, height: float
) -> list[dict[str, Any]]:
    caption = printable(spec.label) + (f" ({printable(spec.unit)})" if spec.unit else "")
    share = 0.85
    fader = _widget(
        "fader",
        spec.id,
        _place(left, top, width, height * share),
        address=raw_address(spec),
        range={"min": 0, "max": 1},
        default=round(spec.raw(spec.default), 6),
        decimals=4,
        doubleTap=True,
        typeTags="f",
    )
    below = _place(left, top + height * share, width, height * (1 - share))
    return [fader, _widget("text", f"{spec.id} label", below, default=caption, interaction=False)]


def _pad(specs: tuple[ParamSpec, ParamSpec]) -> dict[str, Any]:
    return _widget(
        "xy",
        "pad",
        _place(0, 0, 100, 100),
        split=[raw_address(spec) for spec in specs],
        rangeX={"min": 0, "max": 1},
        rangeY={"min": 0, "max": 1},
        default=[round(spec.raw(spec.default), 6) for spec in specs],
        decimals=4,
        typeTags="ff",
    )


def _widget(kind: str, id: str, place: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": id, **place, **more}


def _place(left: float, top: float, width: float, height: float) -> dict[str, str]:
    sides = {"left": left, "top": top, "width": width, "height": height}
    return {name: f"{share:.4g}%" for name, share in sides.items()}

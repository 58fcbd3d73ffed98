"""The sheet as a whole: header, parts, wires, the labels at their ends, and the rails."""

from collections.abc import Sequence

from hardware.blocks import BIG, COLOURS, FEED_COLOURS, PLAIN, ROW, SMALL, Place, draw_block
from hardware.boards import Board
from hardware.layout import EDGE, MARGIN, RAIL_PINS, Placed, measure, nets_of, place, spot_of
from hardware.netlist import Part, Sub, far_names
from hardware.routing import Frame, Net, Order, joints, order, route
from hardware.sheet import Box, Label, Line, Sheet, text_width


def lay_out(title: str, parts: Sequence[Part], board: Board) -> Sheet:
    """The whole sheet."""
    placed = place(parts)
    middle, frame, width, height, lift = measure(placed)
    sheet = Sheet(width, height, title)
    _head(sheet, title, board)
    _header(sheet, middle, lift, board)
    spots = [(item, spot_of(item, middle, frame, lift, placed)) for item in placed]
    nets = nets_of(spots, frame, lift, placed)
    chosen = order(nets, frame)
    wires = {wire.pin: (part, wire) for part in reversed(parts) for wire in part.wires}
    for net in nets:
        kind = wires[net.pin][1].kind if net.pin in wires else "ground"
        colour, dash = COLOURS[kind]
        if net.rail is not None:
            colour, dash = FEED_COLOURS["GND" if net.pin in (39, 34) else "3.3 V"], ""
        _wire(sheet, net, frame, chosen, colour, dash)
    _ends(sheet, nets, parts, frame)
    for item, spot in spots:
        draw_block(sheet, item.part, spot)
    _rails(sheet, spots, nets, frame, chosen)
    _foot(sheet, parts, board)
    return sheet


def _wire(sheet: Sheet, net: Net, frame: Frame, chosen: Order, colour: str, dash: str) -> None:
    pieces = route(net, frame, chosen)
    name = f"pin {net.pin}"
    width = 3.2 if net.rail else 2.2
    sheet.lines += [Line(name, piece, colour, width, dash) for piece in pieces]
    sheet.dots += [(name, point, colour) for point in joints(pieces)]


def _ends(sheet: Sheet, nets: Sequence[Net], parts: Sequence[Part], frame: Frame) -> None:
    """The labels at both ends of each wire."""
    far = {pin: name for part in parts for pin, name in far_names(part, parts).items()}
    for net in nets:
        x = frame.middle + net.side * (frame.edge + 7)
        text = far.get(net.pin) or ("3.3 V rail" if net.pin in (1, 17) else "GND rail")
        anchor = "end" if net.side < 0 else "start"
        sheet.labels.append(Label(text, (x, net.y - 5), SMALL, anchor))  # type: ignore[arg-type]
        for end in net.ends:
            near = "start" if end.side < 0 else "end"
            x = frame.middle + end.side * (end.away - 6)
            place = Label(f"pin {net.pin}", (x, end.y - 5), SMALL, near)  # type: ignore[arg-type]
            sheet.labels.append(place)


def _header(sheet: Sheet, middle: float, lift: float, board: Board) -> None:
    sheet.box(Box(middle - EDGE, lift - 54, middle + EDGE, lift + 19.5 * ROW + 4), "#f4f4f4", 2.0)
    sheet.labels.append(Label(board.title, (middle, lift - 32), BIG, "middle", True))
    square = 14.0
    for pin in board.pins():
        side = -1 if pin.number % 2 else 1
        y = lift + ((pin.number + 1) // 2 - 1) * ROW
        x = middle + side * (square + 2)
        fill = {"power": "#f6c9b0", "5 V": "#f6c9b0", "ground": "#c8c8c8"}.get(pin.kind, "#ffffff")
        sheet.box(Box(x - square, y - square, x + square, y + square), fill, 1.2)
        sheet.labels.append(Label(str(pin.number), (x, y + 5), PLAIN, "middle", True))
        name_x = middle + side * (2 * square + 8)
        anchor = "end" if side < 0 else "start"
        bold = pin.kind != "signal"
        sheet.labels.append(
            Label(pin.name, (name_x, y + 4), SMALL, anchor, bold)  # type: ignore[arg-type]
        )


def _rails(
    sheet: Sheet,
    spots: Sequence[tuple[Placed, Place]],
    nets: Sequence[Net],
    frame: Frame,
    chosen: Order,
) -> None:
    """The rails themselves: from their track to the last part that hangs on them."""
    for (side, rail), pin in RAIL_PINS.items():
        net = next((net for net in nets if net.pin == pin and net.rail), None)
        if net is None or net.rail is None:
            continue
        x = frame.middle + side * net.rail.away
        start = next(y for (_, y), (bx, _) in route(net, frame, chosen) if bx == x)
        ys = [y for (n, (dx, y), _) in sheet.dots if n == f"{rail} {side}" and dx == x]
        colour = FEED_COLOURS[rail]
        far = max(ys) if start < min(ys) else min(ys)
        sheet.lines.append(Line(f"pin {pin}", ((x, start), (x, far)), colour, 3.6))
        over = -10.0 if start < min(ys) else 18.0
        outer = "end" if side > 0 else "start"
        at = (x + side * 12, start + over - (14 if rail == "GND" and over < 0 else 0))
        sheet.labels.append(
            Label(rail, at, PLAIN, outer, True)  # type: ignore[arg-type]
        )


def _head(sheet: Sheet, title: str, board: Board) -> None:
    sheet.labels.append(Label(title, (MARGIN, 36), 24, "start", True))
    under = (
        "The header seen from above, pin 1 at the top left. A dot joins wires; a crossing does not."
    )
    sheet.labels.append(Label(under, (MARGIN, 60), PLAIN))


def _foot(sheet: Sheet, parts: Sequence[Part], board: Board) -> None:
    """What the colours mean, and what is true of all parts."""
    y = sheet.height - 44
    x = MARGIN
    keys = {
        "3.3 V": (FEED_COLOURS["3.3 V"], ""),
        "GND": (FEED_COLOURS["GND"], ""),
        "SPI": COLOURS["spi"],
        "I2C": COLOURS["i2c"],
        "encoders": COLOURS["encoder"],
        "switches": COLOURS["button"],
        "lights": COLOURS["light"],
    }
    used = {COLOURS[wire.kind] for part in parts for wire in part.wires}
    for name, (colour, dash) in keys.items():
        if name not in FEED_COLOURS and (colour, dash) not in used:
            continue
        sheet.lines.append(Line(f"key {name}", ((x, y - 4), (x + 40, y - 4)), colour, 3.0, dash))
        sheet.labels.append(Label(name, (x + 48, y), PLAIN))
        x += 72 + text_width(name, PLAIN)
    words = "All parts on 3.3 V, none on 5 V. Knobs: 10 kΩ linear."
    for note in sorted({o.note for p in parts for o in p.others if isinstance(o, Sub) and o.note}):
        words += f" Pedal: {note}."
    if board.pull_up:
        words += f" This board has no pull-ups: {board.pull_up} from each switch to 3.3 V."
    sheet.labels.append(Label(words, (MARGIN, sheet.height - 18), PLAIN))

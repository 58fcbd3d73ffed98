"""The drawings and tables of the boxes: made from the profiles, legible, and right."""

import functools
import re
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from device.config import read_profile
from device.control.panel.profile import (
    AnalogProfile,
    ButtonProfile,
    DisplayProfile,
    DistanceProfile,
    EncoderProfile,
    LedProfile,
    MotionProfile,
    PanelProfile,
)
from device.gig.header import GROUND, PHYSICAL, POWER
from hardware.boards import BOARDS
from hardware.compose import lay_out
from hardware.draw import HERE, main, readme, svg, title
from hardware.layout import RAIL_PINS
from hardware.netlist import Feed, Sub, netlist
from hardware.sheet import (
    Box,
    Label,
    Line,
    Sheet,
    labels_upon_another,
    lines_along_another,
    lines_through_parts,
    text_width,
)
from hardware.table import BEGIN, END, put_between

ROOT = Path(__file__).parents[2]
OTHERS = {
    "one knob": PanelProfile(knobs=(AnalogProfile(3),)),
    "one light": PanelProfile(leds=(LedProfile(25, active_low=True),)),
    "two converters of each kind": PanelProfile(
        knobs=(
            *(AnalogProfile(i) for i in range(8)),
            *(AnalogProfile(i, select=1) for i in (0, 5)),
            AnalogProfile(2, chip="ads1115", address=0x4B),
        ),
        pedals=(AnalogProfile(0, chip="ads1115"), AnalogProfile(1, chip="ads1115")),
        motions=(MotionProfile(address=0x69), MotionProfile()),
        distances=(DistanceProfile(),),
    ),
    "a display beside a sensor": PanelProfile(
        displays=(DisplayProfile(), DisplayProfile("sh1106", address=0x3D)),
        distances=(DistanceProfile(),),
    ),
    "every free pin": PanelProfile(
        buttons=tuple(ButtonProfile(pin, active_low=pin % 2 == 0) for pin in (4, 14, 15, 18, 19)),
        leds=tuple(LedProfile(pin) for pin in (20, 21, 16, 26, 7)),
        encoders=(
            EncoderProfile(pin_a=17, pin_b=24, push=6),
            EncoderProfile(pin_a=23, pin_b=27),
            EncoderProfile(event="rotary@5", push=13),
        ),
    ),
}
TITLES = {box: title(board) for box, board in BOARDS.items()}
SHEETS = [
    *((TITLES[box], box) for box in BOARDS),
    *((name, box) for name in OTHERS for box in ("pi4", "jetson-orin-nano")),
]


@functools.cache
def made(name, box):
    """The parts of a box, or of a panel of OTHERS on it, and their sheet."""
    panel = OTHERS.get(name) or read_profile(HERE / box / "profile.toml").panel
    parts = netlist(panel, BOARDS[box])
    return panel, parts, lay_out(name, parts, BOARDS[box])


@pytest.mark.parametrize("box", BOARDS)
def test_the_drawing_and_the_table_are_those_of_the_profile(box):
    assert (HERE / box / "wiring.svg").read_text() == svg(made(TITLES[box], box)[2]), (
        "run make drawings"
    )
    assert (HERE / box / "README.md").read_text() == readme(box), "run make drawings"


@pytest.mark.parametrize("box", BOARDS)
def test_each_box_is_named_after_its_folder_and_keeps_audio_on_a_core(box):
    profile = read_profile(HERE / box / "profile.toml")
    assert profile.name == box
    assert profile.audio.cards[0] == "usb"
    assert profile.audio.cpu > 0


@pytest.mark.parametrize("folder", [path.parent.name for path in HERE.glob("*/profile.toml")])
def test_every_box_has_a_readme_and_all_but_the_desktop_a_board(folder):
    assert (HERE / folder / "README.md").is_file()
    assert folder in BOARDS or not read_profile(HERE / folder / "profile.toml").panel.knobs
    assert f"`{folder}/`" in (HERE / "README.md").read_text()


@pytest.mark.parametrize(("name", "box"), SHEETS)
def test_no_label_lies_upon_another_and_no_wire_upon_a_wire(name, box):
    _, _, sheet = made(name, box)
    assert labels_upon_another(sheet.labels) == []
    assert lines_along_another(sheet.lines) == []
    assert lines_through_parts(sheet) == []
    for label in sheet.labels:
        assert label.box.left >= 0
        assert label.box.right <= sheet.width
        assert 0 <= label.box.top < label.box.bottom <= sheet.height


@pytest.mark.parametrize("box", BOARDS)
def test_letters_can_be_read_on_a4(box):
    sheet = made(TITLES[box], box)[2]
    scale_mm = min(297 / sheet.width, 210 / sheet.height)
    # 5.5 points; newspapers print their smallest so.
    assert min(label.size for label in sheet.labels) * scale_mm >= 1.9


@pytest.mark.parametrize(("name", "box"), SHEETS)
def test_every_pin_of_the_profile_is_on_the_drawing_once(name, box):
    panel, _, sheet = made(name, box)
    gpios = [button.pin for button in panel.buttons] + [led.pin for led in panel.leds]
    for encoder in panel.encoders:
        gpios += [pin for pin in (encoder.pin_a, encoder.pin_b, encoder.push) if pin >= 0]
    texts = Counter(label.text for label in sheet.labels)
    for gpio in gpios:
        place = PHYSICAL[gpio]
        # The pin itself, and what is written at the other end of its wire.
        assert texts[str(place)] >= 1
        assert texts[f"pin {place}"] == 1
        assert any(line.net == f"pin {place}" for line in sheet.lines)
    for number in range(1, 41):
        assert any(label.text == str(number) and label.bold for label in sheet.labels)


@pytest.mark.parametrize(("name", "box"), SHEETS)
def test_no_two_wires_share_a_pin_but_those_of_buses(name, box):
    _, parts, _ = made(name, box)
    board = BOARDS[box]
    bus = {pin for pins in board.i2c.values() for pin in pins}
    bus |= {pin for spi in board.spi.values() for pin in (spi.sclk, spi.miso, spi.mosi)}
    wires = Counter(wire.pin for part in parts for wire in part.wires)
    assert [pin for pin, count in wires.items() if count > 1 and pin not in bus] == []
    assert not {pin for pin in wires if pin in POWER or pin in GROUND}


@pytest.mark.parametrize(("name", "box"), SHEETS)
def test_each_wire_reaches_its_pin_and_its_part(name, box):
    """Followed along its lines, a wire connects the header with as many parts as it has."""
    _, parts, sheet = made(name, box)
    for pin in {wire.pin for part in parts for wire in part.wires}:
        lines = [line for line in sheet.lines if line.net == f"pin {pin}"]
        reached, left = [lines[0]], lines[1:]
        while True:
            more = [line for line in left if any(touch(line, other) for other in reached)]
            if not more:
                break
            reached += more
            left = [line for line in left if line not in more]
        assert left == []
        ends = [point for line in lines for point in line.points]
        touched = {n for n, box in sheet.parts.items() if any(on_edge(p, box) for p in ends)}
        assert {part.name for part in parts if pin in {w.pin for w in part.wires}} <= touched


def touch(line, other):
    """Whether an end of one line lies on the other."""
    return any(on(point, other) for point in line.points) or any(
        on(point, line) for point in other.points
    )


def on(point, line):
    (ax, ay), (bx, by) = line.points
    within = Box(min(ax, bx) - 0.1, min(ay, by) - 0.1, max(ax, bx) + 0.1, max(ay, by) + 0.1)
    return within.left <= point[0] <= within.right and within.top <= point[1] <= within.bottom


def on_edge(point, box):
    x, y = point
    return box.top <= y <= box.bottom and min(abs(x - box.left), abs(x - box.right)) < 0.1


@pytest.mark.parametrize(("name", "box"), SHEETS)
def test_both_rails_are_fed_where_something_hangs_on_them(name, box):
    _, parts, sheet = made(name, box)
    feeds = [other for part in parts for other in part.others if isinstance(other, Feed)]
    for part in parts:
        feeds += [f for other in part.others if isinstance(other, Sub) for f in other.feeds]
    nets = {line.net for line in sheet.lines}
    for rail in {feed.rail for feed in feeds}:
        used = {side for (side, r) in RAIL_PINS if r == rail and f"{rail} {side}" in nets}
        assert used
        for side in used:
            assert f"pin {RAIL_PINS[side, rail]}" in nets


def test_the_drawing_is_xml_in_black_on_white():
    root = ET.fromstring((HERE / "pi4/wiring.svg").read_text())
    assert root.get("width") == "297mm"
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"GPIO17", "knob/8", "470 Ω", "1 kΩ", "distance/1"} <= set(texts)


def test_a_jetson_s_switches_are_pulled_up_and_its_lights_have_transistors():
    parts = {part.name: part for part in made(TITLES["jetson-orin-nano"], "jetson-orin-nano")[1]}
    assert Feed("A, B, push 1", "3.3 V", "1 kΩ each") in parts["encoder/1"].others
    assert Feed("1", "3.3 V", "1 kΩ") in parts["foot/1"].others
    assert [wire.terminal for wire in parts["light/1"].wires] == ["gate"]
    pi = {part.name: part for part in made(TITLES["pi4"], "pi4")[1]}
    assert pi["foot/1"].others == (Feed("2", "GND"),)
    assert [wire.terminal for wire in pi["light/1"].wires] == ["470 Ω"]


def test_addresses_say_where_their_pin_goes():
    parts = made("two converters of each kind", "pi4")[1]
    notes = {part.name: part.note for part in parts}
    assert notes["ADS1115 at 0x48"] == "ADDR to GND"
    assert notes["ADS1115 at 0x4b"] == "ADDR to SCL"
    others = {part.name: part.others for part in parts}
    assert others["motion/1"][0] == Feed("VCC, AD0", "3.3 V")
    assert others["motion/2"][1] == Feed("GND, AD0", "GND")


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        (PanelProfile(spi_bus=3, knobs=(AnalogProfile(0),)), "no SPI 3.0"),
        (PanelProfile(knobs=(AnalogProfile(0, select=2),)), "no SPI 0.2"),
        (PanelProfile(i2c_bus=7, motions=(MotionProfile(),)), "no I2C bus 7"),
        (PanelProfile(leds=(LedProfile(40),)), "no GPIO40"),
        (
            PanelProfile(knobs=(AnalogProfile(0),), leds=(LedProfile(8),)),
            "pin 24 of the Raspberry Pi 4 is wanted by MCP3008 at SPI 0.0 and light/1",
        ),
        (
            PanelProfile(distances=(DistanceProfile(),), buttons=(ButtonProfile(2),)),
            "pin 3 of the Raspberry Pi 4 is wanted by distance/1 and button/1",
        ),
    ],
)
def test_what_the_board_has_not_is_refused(panel, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        netlist(panel, BOARDS["pi4"])


def test_the_program_says_what_it_wrote_and_what_it_cannot(tmp_path, capsys):
    for name in ("profile.toml", "README.md"):
        (tmp_path / "pi5").mkdir(exist_ok=True)
        (tmp_path / "pi5" / name).write_text((HERE / "pi5" / name).read_text())
    assert main(["pi5"], tmp_path) == 0
    assert (tmp_path / "pi5/wiring.svg").read_text() == (HERE / "pi5/wiring.svg").read_text()
    assert main(["pi6"], tmp_path) == 2
    assert "there is no board 'pi6'; there are pi4, pi5" in capsys.readouterr().err
    assert main(["pi4"], tmp_path) == 2
    assert "pi4 cannot be drawn: cannot read the profile" in capsys.readouterr().err
    (tmp_path / "pi5/profile.toml").write_text("[panel]\ni2c_bus = 9\nmotions = [{}]\n")
    assert main(["pi5"], tmp_path) == 2
    assert "no I2C bus 9" in capsys.readouterr().err


def test_a_readme_without_markers_is_refused():
    with pytest.raises(ValueError, match="no place for the table"):
        put_between("# A box\n", "| table |")
    assert put_between(f"a{BEGIN}old{END}b", "new") == f"a{BEGIN}\n\nnew\n\n{END}b"


def test_the_header_has_every_pin_once():
    assert sorted([*PHYSICAL.values(), *POWER, *GROUND]) == list(range(1, 41))
    assert sorted(PHYSICAL) == list(range(28))


def test_the_checks_find_what_they_are_for():
    a, b = Label("pin 11", (0, 10)), Label("pin 13", (20, 12))
    assert labels_upon_another([a, b]) == [("pin 11", "pin 13")]
    assert labels_upon_another([a, Label("pin 13", (0, 30))]) == []
    along = Line("a", ((0, 0), (9, 0)), "#000000"), Line("b", ((5, 1), (20, 1)), "#000000")
    crossing = Line("b", ((5, -9), (5, 9)), "#000000")
    assert lines_along_another(along) == [("a", "b")]
    assert lines_along_another((along[0], crossing)) == []
    sheet = Sheet(lines=[along[0]], parts={"knob": Box(4, -3, 6, 3)})
    assert lines_through_parts(sheet) == [("a", "knob")]
    assert text_width("MWM", 10) > text_width("ill", 10)


def test_every_profile_ships_with_the_package():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, found in shipped["package-data"].items()
        for pattern in found
    ]
    for path in HERE.glob("*/profile.toml"):
        relative = path.relative_to(ROOT)
        assert any(relative.match(pattern) for pattern in patterns), relative

"""Encoders, buttons and lights on pins, real and simulated."""

from types import SimpleNamespace
from typing import ClassVar

import pytest

from device.control.panel.contacts import Contacts
from device.control.panel.evdev_encoder import EV_REL, EVENT, KernelEvents, detents
from device.control.panel.leds import Leds
from device.control.panel.pins import GpioPins
from device.control.panel.profile import ButtonProfile, EncoderProfile, LedProfile, PanelProfile
from tests.device.control.panel.stage import Stage

PANEL = PanelProfile(
    encoders=(
        EncoderProfile(pin_a=17, pin_b=27, push=22, detents=20),
        EncoderProfile(pin_a=5, pin_b=6, detents=24, quarters=2, wrap=True, default=0.0),
        EncoderProfile(event="rotary@b", detents=10),
    ),
    buttons=(
        ButtonProfile(23, name="foot/1", kind="latching"),
        ButtonProfile(24, long_ms=500.0, double_ms=300.0, active_low=False),
    ),
    leds=(LedProfile(25), LedProfile(12, shows=("trouble",), active_low=True)),
)


class Gpio:
    """A module with the names of RPi.GPIO, and a board behind it that a test sets."""

    BCM, IN, OUT, HIGH, LOW, BOTH, PUD_UP, PUD_DOWN = 11, 1, 0, 1, 0, 33, 22, 21

    def __init__(self, busy: tuple[int, ...] = (), edges: bool = True) -> None:
        self.levels: dict[int, int] = {}
        self.watched: dict[int, object] = {}
        self.freed: list[int] = []
        self._busy, self._edges = busy, edges

    def setwarnings(self, on: bool) -> None:
        assert not on

    def setmode(self, mode: int) -> None:
        assert mode == self.BCM

    def setup(self, pin: int, way: int, pull_up_down: int = 20, initial: int | None = None) -> None:
        if pin in self._busy:
            raise RuntimeError("GPIO busy")
        self.levels[pin] = initial if way == self.OUT else int(pull_up_down == self.PUD_UP)

    def input(self, pin: int) -> int:
        return self.levels[pin]

    def output(self, pin: int, level: int) -> None:
        self.levels[pin] = level

    def add_event_detect(self, pin, edge, callback=None, bouncetime=None) -> None:
        if not self._edges:
            raise RuntimeError("Failed to add edge detection")
        self.watched[pin] = callback

    def remove_event_detect(self, pin: int) -> None:
        self.watched.pop(pin, None)

    def cleanup(self, pins: list[int]) -> None:
        self.freed += pins

    def set(self, pin: int, level: int) -> None:
        """The world's side."""
        self.levels[pin] = level
        if pin in self.watched:
            self.watched[pin](pin)


def test_encoders_are_counted_however_they_are_read():
    stage = Stage(PANEL)
    stage.play(0.1)
    assert stage.heard == []
    for name, to in (("encoder/1", 4), ("encoder/2", -5), ("encoder/3", 3)):
        stage.wiring.move(name, to)
    stage.play(0.1)
    assert stage.values == {"encoder/1": 14 / 20, "encoder/2": 19 / 24, "encoder/3": 8 / 10}
    stage.wiring.move("encoder/1", 500)
    stage.wiring.move("encoder/3", -500)
    stage.play(0.1)
    assert stage.said("encoder/1") == [1.0]
    assert stage.said("encoder/3") == [0.0]


def test_buttons_pushes_and_footswitches():
    stage = Stage(PANEL)
    stage.play(0.1)
    for name in ("encoder/1/push", "foot/1", "button/2"):
        stage.wiring.move(name, 1)
    stage.play(0.6)
    assert {s.name: s.value for s in stage.heard} == {
        "encoder/1/push": 1.0,
        "foot/1": 1.0,
        "button/2": 1.0,
        "button/2/long": 1.0,
    }
    for name in ("encoder/1/push", "foot/1", "button/2"):
        stage.wiring.move(name, 0)
    stage.play(0.1)
    assert stage.said("foot/1") == []
    assert stage.said("button/2/long") == stage.said("encoder/1/push") == [0.0]


def test_lights_show_the_state_and_go_out():
    stage = Stage(PANEL)
    stage.leds.show("playing")
    stage.play(0.1)
    assert stage.wiring.board.outputs == {25: True, 12: True}
    stage.leds.show("trouble")
    stage.play(0.004)
    assert stage.wiring.board.outputs == {25: True, 12: False}
    for part in stage.parts:
        part.close()
    assert stage.wiring.board.outputs == {25: False, 12: True}


@pytest.mark.parametrize("edges", [True, False])
def test_pins_through_the_names_of_rpi_gpio(edges):
    gpio = Gpio(edges=edges)
    leds = Leds(lambda: 0.0)
    leds.show("playing")
    contacts = Contacts(
        lambda: GpioPins(gpio),
        {"encoder/1": EncoderProfile(pin_a=17, pin_b=27, detents=20)},
        {"button/1": ButtonProfile(5, debounce_ms=0.0)},
        (LedProfile(25),),
        leds,
    )
    contacts.open()
    assert gpio.levels == {17: 1, 27: 1, 5: 1, 25: 0}
    heard = []
    for i, (pin, level) in enumerate([(17, 0), (27, 0), (17, 1), (27, 1), (5, 0)]):
        gpio.set(pin, level)
        heard += [(s.name, s.value) for s in contacts.read(i * 0.004)]
    assert heard == [("encoder/1", 0.55), ("button/1", 1.0)]
    assert gpio.levels[25] == 1
    contacts.close()
    assert gpio.levels[25] == 0
    assert sorted(gpio.freed) == [5, 17, 25, 27]
    assert not gpio.watched


def held_from_the_start(held, profiles):
    """What buttons say that are down when they are first looked at, and are then let go and
    pressed."""
    gpio = Gpio()
    contacts = Contacts(lambda: GpioPins(gpio), {}, profiles, (), Leds(lambda: 0.0))
    contacts.open()
    for name in held:
        gpio.levels[profiles[name].pin] = 0
    said = [[(s.name, s.value) for s in contacts.read(0.1 * i)] for i in range(3)]
    for level in (1, 1, 0, 0):
        for name in held:
            gpio.levels[profiles[name].pin] = level
        said.append([(s.name, s.value) for s in contacts.read(0.1 * len(said))])
    contacts.close()
    return [signal for signals in said[:3] for signal in signals], [
        signal for signals in said[3:] for signal in signals
    ]


TWO = {"foot/1": ButtonProfile(5), "power": ButtonProfile(6, at_start=True)}


def test_what_is_down_from_the_start_counts_once_it_was_let_go(caplog):
    before, after = held_from_the_start(["foot/1"], TWO)
    assert before == []
    assert after == [("foot/1", 1.0)]
    assert "foot/1: is down from the start: it counts once it was let go" in caplog.text


def test_but_a_button_that_is_for_the_start_counts_then():
    before, _ = held_from_the_start(["power"], TWO)
    assert before == [("power", 1.0)]
    alone, _ = held_from_the_start(["power"], {"power": TWO["power"]})
    assert alone == [("power", 1.0)]


def test_if_all_are_down_it_is_their_wires_and_none_counts():
    """As on a Jetson whose pins were not set up, where everything reads as pressed."""
    before, after = held_from_the_start(["foot/1", "power"], TWO)
    assert before == []
    assert sorted(after) == [("foot/1", 1.0), ("power", 1.0)]


class JetsonGpio(Gpio):
    """As Jetson.GPIO 2.1.13: no pulls, and a pin that is watched can be read no more."""

    JETSON_INFO: ClassVar[dict[str, str]] = {"TYPE": "JETSON_ORIN_NANO"}

    def setup(self, pin: int, way: int, **more: int) -> None:
        assert "pull_up_down" not in more, "it warns that it ignores this"
        super().setup(pin, way, self.PUD_UP, **more)

    def add_event_detect(self, pin, edge, callback=None, bouncetime=None) -> None:
        super().add_event_detect(pin, edge, callback, bouncetime)
        del self.levels[pin]


def test_a_jetson_s_pins_are_polled():
    gpio = JetsonGpio()
    encoders = {"encoder/1": EncoderProfile(pin_a=17, pin_b=27, detents=20)}
    buttons = {"button/1": ButtonProfile(5, debounce_ms=0.0)}
    lights = (LedProfile(25),)
    contacts = Contacts(lambda: GpioPins(gpio), encoders, buttons, lights, Leds(lambda: 0.0))
    contacts.open()
    heard = []
    for i, (pin, level) in enumerate([(17, 0), (27, 0), (17, 1), (27, 1), (5, 0), (5, 1)]):
        gpio.levels[pin] = level
        heard += [(s.name, s.value) for s in contacts.read(i * 0.002)]
    assert heard == [("encoder/1", 0.55), ("button/1", 1.0), ("button/1", 0.0)]
    assert not gpio.watched
    contacts.close()


def test_a_pin_that_something_else_holds_is_left_out(caplog):
    buttons = {"button/1": ButtonProfile(5), "button/2": ButtonProfile(6)}
    leds = Leds(lambda: 0.0)
    contacts = Contacts(lambda: GpioPins(Gpio(busy=(5,))), {}, buttons, (), leds)
    contacts.open()
    assert "button/1: the pins cannot be used: GPIO busy is left out" in caplog.text
    nothing = Contacts(lambda: GpioPins(Gpio(busy=(5, 6))), {}, buttons, (), leds)
    with pytest.raises(OSError, match="GPIO busy"):
        nothing.open()


def test_a_library_that_refuses_its_board_is_an_oserror():
    def refuse(mode: int) -> None:
        raise RuntimeError("This module can only be run on a Raspberry Pi!")

    module = SimpleNamespace(BCM=11, setwarnings=lambda on: None, setmode=refuse)
    with pytest.raises(OSError, match="only be run on a Raspberry Pi"):
        GpioPins(module)


def test_kernel_events_are_found_by_name_and_counted(tmp_path):
    for number, name in enumerate(("Power Button", "rotary@11")):
        folder = tmp_path / f"event{number}/device"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
    with pytest.raises(OSError, match=r"no input device 'rotary@b' \(there are: Power Button, rot"):
        KernelEvents("rotary@b", tmp_path)
    file = tmp_path / "event9"
    step = EVENT.pack(1, 2, EV_REL, 0, 1) + EVENT.pack(1, 2, 0, 0, 0)
    file.write_bytes(step * 3 + EVENT.pack(1, 2, EV_REL, 0, -1) + EVENT.pack(1, 2, 1, 30, 1))
    events = KernelEvents(str(file))
    assert detents(events.read()) == 2
    assert events.read() == b""
    events.close()

"""The display as a part of the panel: drawn if there is anything new, missed once, taken back."""

import asyncio
import logging
import threading

import pytest

from device.config import read_profile
from device.control.panel.absent import Guarded
from device.control.panel.profile import DisplayProfile, PanelProfile
from device.errors import ConfigError
from device.oled.display import DisplayPart, Displays
from device.oled.facts import ADDRESS_S, MESSAGE_S, Facts, own_address
from device.oled.glass import Oled, PngGlass
from device.oled.opening import open_displays
from device.oled.picture import Size, draw
from device.oled.words import Shown
from device.status import Status

Image = pytest.importorskip("PIL.Image", reason="Pillow comes with ondine[oled]")


class Plug:
    """A display on a plug: it counts its pictures, and is gone when it is pulled."""

    def __init__(self):
        self.there, self.pictures, self.closed = True, [], 0

    def open(self):
        if not self.there:
            raise OSError(121, "Remote I/O error")
        return self

    def show(self, picture):
        if not self.there:
            raise OSError(121, "Remote I/O error")
        self.pictures.append(picture)

    def close(self):
        self.closed += 1


@pytest.fixture
def plug():
    return Plug()


def part(plug, look=lambda: Shown("drift")):
    return DisplayPart("the display", Size(), plug.open, look)


def test_only_what_is_new_is_drawn(plug):
    told = ["drift"]
    guarded = Guarded(part(plug, lambda: Shown(told[-1])))
    for look in range(8):
        guarded.turn(look * 0.25)
    assert len(plug.pictures) == 1
    told.append("glass")
    guarded.turn(2.0)
    assert len(plug.pictures) == 2
    guarded.turn(2.1)  # four times a second, no oftener
    assert len(plug.pictures) == 2


def test_one_that_is_pulled_is_said_once_and_drawn_afresh_when_it_is_back(plug, caplog):
    caplog.set_level(logging.WARNING)
    guarded = Guarded(part(plug))
    guarded.turn(0.0)
    plug.there = False
    told = iter(range(1000))
    guarded = Guarded(part(plug, lambda: Shown(str(next(told)))))
    for look in range(80):
        guarded.turn(1.0 + look * 0.25)
    assert [r.getMessage() for r in caplog.records] == [
        "the display does not answer: Remote I/O error. Trying on."
    ]
    plug.there, before = True, len(plug.pictures)
    for look in range(40):
        guarded.turn(30.0 + look * 0.25)
    assert len(plug.pictures) > before + 30
    assert caplog.records[-1].getMessage() == "the display answers again"


def test_one_that_dies_while_it_shows_is_let_go_of(plug):
    told = iter("abc")
    guarded = Guarded(part(plug, lambda: Shown(next(told))))
    guarded.turn(0.0)
    plug.there = False
    guarded.turn(1.0)
    assert not guarded.answers
    assert plug.closed == 1


def test_it_shows_in_a_thread_of_its_own_and_goes_dark_at_the_end(plug):
    shown, threads = threading.Event(), []

    def look():
        threads.append(threading.current_thread().name)
        shown.set()
        return Shown("drift")

    displays = Displays([part(plug, look)])

    async def run():
        displays.start(asyncio.get_running_loop(), lambda readings: None)
        assert await asyncio.to_thread(shown.wait, 5)

    asyncio.run(run())
    displays.close()
    displays.close()
    assert threads[0] == "displays"
    assert plug.closed == 1


def test_without_one_there_is_no_thread():
    displays = Displays([])
    before = threading.active_count()
    displays.start(asyncio.new_event_loop(), lambda readings: None)
    assert threading.active_count() == before
    displays.close()


def test_a_simulated_one_writes_a_picture_that_can_be_looked_at(tmp_path):
    PngGlass(tmp_path / "display.png").show(draw(("drift", "3 Dawn"), Size()))
    with Image.open(tmp_path / "display.png") as picture:
        assert picture.size == (512, 256)
    assert [path.name for path in tmp_path.iterdir()] == ["display.png"]


def test_where_no_bus_is_the_real_one_says_so():
    pytest.importorskip("luma.oled", reason="it comes with ondine[oled]")
    with pytest.raises(OSError, match=r"I2C device not found|No such file"):
        Oled(31, DisplayProfile())


class Stage:
    def __init__(self, folder):
        self.now_s, self.addresses = 100.0, iter(["10.0.0.2", "10.0.0.3", ""])
        self.path = folder / "status"
        self.facts = Facts(
            self.path,
            scene=lambda: "3 Dawn",
            address=lambda: next(self.addresses),
            clock=lambda: self.now_s,
        )


def test_facts_are_those_of_the_status(tmp_path):
    stage = Stage(tmp_path)
    assert stage.facts.look() == Shown(address="10.0.0.2", scene="3 Dawn")
    status = Status(stage.path, create=True)
    status.say("name", "drift")
    status["sample_rate_hz"], status["block_frames"], status["headroom_frames"] = 48_000, 480, 480
    assert stage.facts.look() == Shown("drift", "3 Dawn", "10.0.0.2")
    status["blocks"], status["step_last_s"], status["xruns"] = 9, 0.005, 2
    assert stage.facts.look() == Shown("drift", "3 Dawn", "10.0.0.2", 20.0, 0.5, 2)
    status.say("trouble", "no card")
    assert stage.facts.look().trouble == "no card"


def test_a_sentence_is_shown_for_a_while_and_the_address_looked_up_now_and_then(tmp_path):
    stage = Stage(tmp_path)
    stage.facts.say("Saved.")
    assert stage.facts.look().message == "Saved."
    stage.now_s += MESSAGE_S - 0.1
    assert stage.facts.look().message == "Saved."
    assert stage.facts.look().address == "10.0.0.2"
    stage.now_s += 0.2
    assert stage.facts.look().message == ""
    assert MESSAGE_S == ADDRESS_S
    assert stage.facts.look().address == "10.0.0.3"


def test_the_own_address_is_none_of_this_computer_alone():
    address = own_address()
    assert address == "" or (address.count(".") == 3 and not address.startswith("127."))


def test_a_profile_names_it(tmp_path):
    (tmp_path / "p.toml").write_text('[[panel.displays]]\nkind = "sh1106"\nheight = 32\n')
    panel = read_profile(tmp_path / "p.toml").panel
    assert panel.displays == (DisplayProfile("sh1106", height=32),)
    displays, say = open_displays(panel, tmp_path / "status", lambda: "")
    assert [guarded.name for guarded in displays.guarded] == ["the display at I2C 0x3c"]
    say("Hello.")
    assert open_displays(PanelProfile(), tmp_path / "status", lambda: "")[0].guarded == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('kind = "ssd1305"', "it may be ssd1306, sh1106"),
        ("height = 48", "it may be 32, 64"),
        ("address = 0x29", "outside 60..61"),
        ("width = 300", "outside 64..128"),
        ("hieght = 64", "did you mean height"),
        ("\n[[panel.displays]]", "as panel.displays"),
    ],
)
def test_a_display_that_cannot_be_is_refused(tmp_path, text, problem):
    (tmp_path / "p.toml").write_text(f"[[panel.displays]]\n{text}\n")
    with pytest.raises(ConfigError, match=problem):
        read_profile(tmp_path / "p.toml")

"""A panel: a knob, an encoder, a button and a light, through the devices that a Raspberry Pi has.

    box_panel (guest/panel)      /dev/spidev0.0 ── spidev ────────────┐
      a hand turns and presses   /dev/gpiochip0 ── lgpio, RPi.GPIO ───┴─ control ── sound

The profile is hardware/pi4's own. What hangs on its I2C bus is not there, and is to be missed.
"""

from collections.abc import Iterable
from pathlib import Path

from tests.box import ask
from tests.box.debian import CHECKOUT
from tests.box.finding import Finding, at_most, exactly, holds
from tests.box.listen import Heard, apart_db, level_db
from tests.box.machine import Disks, Machine
from tests.box.started import Started

PROFILE = {
    'cards = ["usb", "hat"]': "cards = []\nheadroom_frames = 512",
    "cpu = 3": "cpu = -1",
}
"""What the box's owner has changed in the Pi's profile: the card, and it has one core."""
REVISION = "c03111"
"""What a Raspberry Pi 4 says of itself in its device tree, which this machine has not."""
HAND = "/sys/devices/platform/box-panel/hand"
LIGHTS = "/sys/devices/platform/box-panel/lights"
MIDDLE, END = 512, 1023
KNOB, ENCODER, BUTTON, GREEN = 0, (17, 27), 23, 25
"""knob/1 by its channel; encoder/1, foot/1 (the next scene) and the music's light by their pins."""
DETENTS, UP, DOWN = 40, 20, 10
FULL_DB = 72.0
"""From one end of output_gain_db to the other."""
LOOK_S = 1.0


def panel(given: Started, folder: Path) -> list[Finding]:
    """Each of them is moved by hand, and what is heard of it is compared with before."""
    disks = Disks(given.image, folder)
    with Machine(disks) as box:
        ask.wait_for_sound(box)
        ask.wait_for_control(box)
        _wire(box)
        _hand(box, (f"adc {channel} {MIDDLE}" for channel in range(8)))
        box.show("systemctl daemon-reload && systemctl restart ondine-control")
        ask.wait_for_control(box)
        box.show("sleep 3")
        green = f"{GREEN} 1" in box.show(f"cat {LIGHTS}").splitlines()
        rest, rest_again = _listened(box), _listened(box)
        box.show("ondine scene save 1 middle")
        _hand(box, (f"adc {KNOB} {count}" for count in range(MIDDLE, END + 1, 7)), 0.01)
        turned = _listened(box)
        box.show("ondine scene save 2 end")
        _hand(box, [f"pin {BUTTON} 0"])
        box.show("sleep 0.2")
        _hand(box, [f"pin {BUTTON} open"])
        box.show("sleep 2")
        recalled = _listened(box)
        box.show("ondine control learn output_gain_db")
        # Up to its end, past where the level stands, so that it is picked up; then into the range.
        _turn(box, UP)
        _turn(box, -DOWN)
        loud = _listened(box)
        _turn(box, -DOWN)
        quiet = _listened(box)
        log = box.show("journalctl -b -u ondine-control --no-pager -o cat")
        told = ask.status(box)
    disks.remove()
    still_db = apart_db(rest, rest_again)
    fell_db, wanted_db = level_db(loud) - level_db(quiet), FULL_DB * DOWN / DETENTS
    absent = sorted(
        line.partition(" does not")[0] for line in log.splitlines() if "answer:" in line
    )
    return [
        holds("the light of the music", "on" if green else "off", green, "on"),
        at_most("nothing moved: the spectrum differs by", still_db, 3.0, "dB"),
        _far("knob/1 turned: it differs by", apart_db(rest, turned), still_db),
        at_most("foot/1 pressed, the other scene is back: by", apart_db(rest, recalled), 3.0, "dB"),
        holds(
            f"encoder/1 turned down {DOWN} of {DETENTS}: the level falls by",
            f"{fell_db:.1f} dB",
            abs(fell_db - wanted_db) < 1.0,
            f"{wanted_db:.0f} dB ± 1",
        ),
        exactly("parts that are missed, each once", len(absent), len(set(absent))),
        holds("which", ", ".join(absent), len(absent) == 3, "what is on I2C"),
        exactly("tracebacks in the log", log.count("Traceback"), 0),
        exactly("late blocks", int(told["late_blocks"]), 0),
    ]


def _wire(box: Machine) -> None:
    """A Raspberry Pi's panel instead of none, and its profile, as its owner would."""
    profile = (CHECKOUT / "hardware/pi4/profile.toml").read_text()
    for before, after in PROFILE.items():
        assert before in profile, f"the Pi's profile has no {before!r}"
        profile = profile.replace(before, after)
    box.show("modprobe box_panel && udevadm settle")
    box.write("/etc/ondine/profile.toml", profile.encode())
    place = "/etc/systemd/system/ondine-control.service.d"
    box.show(f"mkdir -p {place}")
    box.write(
        f"{place}/box.conf", f"[Service]\nEnvironment=RPI_LGPIO_REVISION={REVISION}\n".encode()
    )


def _hand(box: Machine, moves: Iterable[str], pause_s: float = 0.0) -> None:
    """Do these one after the other, with the pause after each."""
    pause = f"; sleep {pause_s:g}" if pause_s else ""
    box.show("; ".join(f"echo {move} > {HAND}{pause}" for move in moves))


def _turn(box: Machine, detents: int) -> None:
    """Turn the encoder, 4 changes of its pins for each detent, 5 ms apart."""
    first, second = ENCODER if detents > 0 else ENCODER[::-1]
    one = [f"pin {first} 0", f"pin {second} 0", f"pin {first} open", f"pin {second} open"]
    for _ in range(abs(detents)):
        _hand(box, one, 0.005)


def _listened(box: Machine) -> Heard:
    """What is heard for a while from now on."""
    box.show(f"sleep {LOOK_S + 0.5:g}")
    heard = ask.heard(box)
    ends_s = heard.at_s(len(heard.samples))
    return heard.between(ends_s - LOOK_S, ends_s)


def _far(what: str, seen_db: float, still_db: float) -> Finding:
    return holds(what, f"{seen_db:.2f} dB", seen_db > 3.0 * max(still_db, 1.0), "three times that")

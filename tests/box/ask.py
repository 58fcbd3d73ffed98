"""What is asked of a box while it plays, in its own terms."""

import json
import struct
from typing import Any

from tests.box.listen import Heard, heard_of
from tests.box.machine import Machine

OSC = "/ondine/param/"
PYTHON = "/opt/ondine/current/bin/python"


def wait_for_sound(box: Machine) -> float:
    """Wait for the audio service's first block; the box's time then."""
    # It waits for the start that is under way, and does nothing else.
    box.show("systemctl start ondine-audio")
    return since_boot(box, "ondine-audio.service", "ActiveEnter")


def wait_for_control(box: Machine) -> float:
    """Wait until it can be steered; the box's time then."""
    box.show("systemctl start ondine-control")
    return since_boot(box, "ondine-control.service", "ActiveEnter")


def since_boot(box: Machine, unit: str, what: str = "ActiveEnter") -> float:
    """When a unit last became active ("ActiveEnter") or began to ("InactiveExit"), in seconds."""
    told = box.show(f"systemctl show -P {what}TimestampMonotonic {unit}")
    return int(told) / 1e6


def status(box: Machine) -> dict[str, Any]:
    """`ondine status --json`."""
    told: dict[str, Any] = json.loads(box.show("ondine status --json"))
    return told


def move(box: Machine, parameter: str, value: float) -> None:
    """Move a parameter, as a phone would: by OSC. Values of whole halves only."""
    address = f"{OSC}{parameter}\0"
    address += "\0" * (-len(address) % 4)
    packet = address.encode() + b",f\0\0" + struct.pack(">f", value)
    octets = "".join(f"\\{byte:03o}" for byte in packet)
    # Opened and written in one: one datagram.
    box.show(f"bash -c \"printf '{octets}' > /dev/udp/127.0.0.1/9000\"")


def heard(box: Machine) -> Heard:
    """All that the listener has heard since the box was started."""
    place = "/proc/asound/Loopback/pcm1c/sub0/status"
    began_s = float(box.show(f"sed -n 's/^trigger_time: //p' {place}"))
    return heard_of(box.fetch("/run/box/heard.raw"), began_s)


def pid(box: Machine, unit: str) -> int:
    """The process of a service; 0 if it has none."""
    return int(box.show(f"systemctl show -P MainPID {unit}"))


def wait_for_control_or_card(box: Machine) -> None:
    """Wait until audio waits for a card: it has its part, and nothing to play on."""
    box.show("until [ -e /run/ondine/status ]; do sleep 0.2; done; sleep 2")


def wait_for_blocks(box: Machine) -> float:
    """Wait until blocks are made (again); the box's time then."""
    look = f"{PYTHON} -P /usr/lib/box/blocks"
    return float(box.show(look))

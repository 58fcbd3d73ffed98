"""A box without any network at all."""

from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly
from tests.box.machine import Disks, Machine
from tests.box.scenarios.sound import FIRST_SAMPLE_S
from tests.box.started import Started


def network(given: Started, folder: Path) -> list[Finding]:
    """No card, no cable: it sounds as soon as ever, and control waits for nothing."""
    disks = Disks(given.image, folder)
    with Machine(disks, network=False) as box:
        ask.wait_for_sound(box)
        control_s = ask.wait_for_control(box)
        onset_s = ask.heard(box).onset_s()
        nics = box.show("ls /sys/class/net").split()
    disks.remove()
    return [
        exactly("network interfaces", nics, ["lo"]),
        at_most("kernel to first sample", 99.0 if onset_s is None else onset_s, FIRST_SAMPLE_S),
        at_most("kernel to control", control_s, FIRST_SAMPLE_S + 2.0),
    ]

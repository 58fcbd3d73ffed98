"""A USB sound card: missing at the start, plugged in, pulled out, plugged in again."""

import wave
from pathlib import Path

import numpy as np

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly, holds
from tests.box.machine import Disks, Machine
from tests.box.started import Started

FOUND_S = 5.0


def cards(given: Started, folder: Path) -> list[Finding]:
    """It waits for a card, plays on it, and plays on it again."""
    disks = Disks(given.image, folder)
    recording = folder / "usb.wav"
    devices = ["-device", "qemu-xhci,id=usb", "-audiodev", f"wav,id=ear,path={recording}"]
    with Machine(disks, aloop=False, devices=devices) as box:
        ask.wait_for_control_or_card(box)
        waits = box.show("systemctl show -P SubState ondine-audio")
        times_s = []
        for _ in range(2):
            box.qmp("device_add", driver="usb-audio", id="card", audiodev="ear")
            plugged_s = float(box.show("cut -d' ' -f1 /proc/uptime"))
            times_s.append(ask.wait_for_blocks(box) - plugged_s)
            box.show("sleep 2")
            process = ask.pid(box, "ondine-audio")
            box.qmp("device_del", id="card")
            box.show("sleep 2")
        told = ask.status(box)
        same = ask.pid(box, "ondine-audio") == process
    with wave.open(str(recording)) as file:
        played = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    disks.remove()
    return [
        exactly("without a card, audio is", waits, "start"),
        at_most("plugged in, until blocks are made", times_s[0], FOUND_S),
        at_most("plugged in again, until blocks are made", times_s[1], FOUND_S),
        holds("the same process all along", str(same), same),
        exactly("cards lost", int(told["cards_lost"]), 2),
        holds("the card was played on", f"{len(played)} samples", len(played) > 0, "> 0"),
    ]

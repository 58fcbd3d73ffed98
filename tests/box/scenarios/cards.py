"""A USB sound card: missing at the start, plugged in, pulled out, plugged in again.

qemu's card has no input. So this box plays an instrument that listens to nobody: a tiny decoder,
whose sound is a sine that OSC turns up. What the card was given is what qemu writes down.
"""

from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly, holds
from tests.box.listen import Heard, heard_of_wav
from tests.box.machine import Disks, Machine
from tests.box.started import Started
from tests.box.stick import MODELS, USB
from tests.bundles import save, tiny_decoder

FOUND_S = 5.0
DEAF, SINE_HZ = "deaf", 750
PLAYS_IT = f"[Service]\\nExecStart=\\nExecStart=/opt/ondine/current/bin/ondine play {DEAF}\\n"
LEFT = "/run/ondine/status /run/ondine/part.json"
"""Of the performance before: audio would take up its part again, and be given another then."""
DROP_IN = "/run/systemd/system/ondine-control.service.d"


def cards(given: Started, folder: Path) -> list[Finding]:
    """It waits for a card, plays on it, and plays on it again."""
    disks = Disks(given.image, folder)
    recording = folder / "usb.wav"
    bundle = save(tiny_decoder(), folder / f"{DEAF}.ondine").read_bytes()
    devices = [*USB, "-audiodev", f"wav,id=ear,path={recording},out.frequency=48000"]
    with Machine(disks, aloop=False, devices=devices) as box:
        box.write(f"{MODELS}/{DEAF}.ondine", bundle)
        box.show(f"mkdir -p {DROP_IN}; printf '{PLAYS_IT}' > {DROP_IN}/box.conf")
        box.show(f"systemctl daemon-reload; systemctl stop ondine.target; rm {LEFT}")
        box.show("systemctl start --no-block ondine.target")
        ask.wait_for_control_or_card(box)
        waits, process = ask.status(box), ask.pid(box, "ondine-audio")
        times_s, played = [], []
        for _ in range(2):
            box.qmp("device_add", driver="usb-audio", id="card", audiodev="ear", bus="usb.0")
            plugged_s = box.do("true").at_s
            times_s.append(ask.wait_for_blocks(box) - plugged_s)
            ask.move(box, "latent_bias_0", 0.5)
            box.show("sleep 3")
            box.qmp("device_del", id="card")
            box.show("sleep 2")
            played.append(heard_of_wav(recording.read_bytes()))
        told = ask.status(box)
        same = ask.pid(box, "ondine-audio") == process
    disks.remove()
    return [
        holds("without a card", str(waits["plays"]), "Plug it in" in waits["plays"], "a sentence"),
        at_most("plugged in, until blocks are made", times_s[0], FOUND_S),
        at_most("plugged in again, until blocks are made", times_s[1], FOUND_S),
        *(_whole(which, sound) for which, sound in zip(("first", "again"), played, strict=True)),
        exactly("the same process all along", same, True),
        # The second has not been played on since, so nobody has counted it yet.
        exactly("cards lost, counted when one is back", int(told["cards_lost"]), 1),
    ]


def _whole(which: str, sound: Heard) -> Finding:
    """Two seconds of the sine, from its middle."""
    ends_s = sound.at_s(len(sound.samples)) - 0.5
    sine = sound.between(ends_s - 2.0, ends_s)
    seen = f"{sine.seconds:.1f} s, peak {sine.peak():.2f}, {sine.breaks(SINE_HZ)} breaks"
    ok = sine.seconds > 1.9 and sine.peak() > 0.05 and not sine.breaks(SINE_HZ)
    return holds(f"the sine on the card, {which}", seen, ok, "no breaks")

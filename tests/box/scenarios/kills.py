"""The two processes are killed, one after the other."""

from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly, holds
from tests.box.machine import Disks, Machine
from tests.box.started import Started

AUDIO, CONTROL = "ondine-audio.service", "ondine-control.service"
SOUND_AGAIN_S = 3.0
"""On a processor of 10⁹ instructions a second. Less than a second on two x86 cores."""
CONTROL_AGAIN_S = 6.0


def kills(given: Started, folder: Path) -> list[Finding]:
    """After audio's death it sounds again; control's is not heard."""
    disks = Disks(given.image, folder)
    with Machine(disks) as box:
        ask.wait_for_sound(box)
        ask.wait_for_control(box)
        first = ask.pid(box, AUDIO), ask.pid(box, CONTROL)

        box.show(f"systemctl kill -s KILL {CONTROL}")
        killed_s = box.do("sleep 1").at_s - 1.0
        control_s = ask.wait_for_control(box)
        box.show("sleep 1")
        heard = ask.heard(box)
        alone = heard.between(killed_s, heard.at_s(len(heard.samples)))
        second = ask.pid(box, AUDIO), ask.pid(box, CONTROL)

        killed_audio_s = box.do(f"systemctl kill -s KILL {AUDIO}").at_s
        box.show("sleep 1")
        ask.wait_for_sound(box)
        box.show("sleep 2")
        heard = ask.heard(box)
        told = ask.status(box)
        after = heard.between(killed_audio_s - 0.5, heard.at_s(len(heard.samples)))
        third = ask.pid(box, AUDIO), ask.pid(box, CONTROL)
    disks.remove()
    longest_s = max((long_s for _, long_s in after.gaps()), default=0.0)
    silent_still = after.between(after.at_s(len(after.samples)) - 0.5, 1e9).peak() == 0.0
    return [
        exactly("gaps while control was killed", len(alone.gaps()), 0),
        exactly("audio is the same process then", second[0] == first[0], True),
        holds("control is another", str(second[1] != first[1]), second[1] not in (0, first[1])),
        at_most("control's death until it steers again", control_s - killed_s, CONTROL_AGAIN_S),
        holds("audio killed: it was heard", f"{longest_s > 0.0}", longest_s > 0.0),
        at_most("audio's death until it sounds again", longest_s, SOUND_AGAIN_S),
        holds("it sounds at the end", str(not silent_still), not silent_still),
        exactly("control is the same process then", third[1] == second[1], True),
        exactly("what plays", told["plays"], "the instrument plays"),
    ]

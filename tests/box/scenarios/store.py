"""What is kept was damaged: scenes, the note of the last one, what was measured; and a setting."""

from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, exactly, holds
from tests.box.machine import Disks, Machine
from tests.box.started import Started

GARBAGE = "head -c 3000 /dev/urandom"


def store(given: Started, folder: Path) -> list[Finding]:
    """All of /var/lib/ondine becomes noise, the profile gets a slip, and the box is started."""
    disks = Disks(given.image, folder)
    with Machine(disks) as box:
        ask.wait_for_control(box)
        box.show("ondine scene save 1 kept")
        names = box.show("find /var/lib/ondine -type f").split()
        box.show(f"for f in {' '.join(names)}; do {GARBAGE} > $f; done")
        box.show("echo 'a_slip = 1' >> /etc/ondine/profile.toml; sync")
    with Machine(disks) as box:
        ask.wait_for_sound(box)
        ask.wait_for_control(box)
        box.show("sleep 1")
        onset_s, told = ask.heard(box).onset_s(), ask.status(box)
        log = box.show("journalctl -b -u ondine-control --no-pager")
        aside = box.show("find /var/lib/ondine -name '*.damaged'").split()
    disks.remove()
    return [
        holds("files damaged", str(len(names)), len(names) > 1, "> 1"),
        holds("it sounds", str(onset_s is not None), onset_s is not None),
        exactly("what plays", told["plays"], "the instrument plays"),
        holds("damaged scenes are set aside", str(len(aside)), len(aside) >= 1, "≥ 1"),
        holds("the slip is told", str("a_slip" in log), "a_slip" in log),
        exactly("tracebacks in its log", log.count("Traceback"), 0),
    ]

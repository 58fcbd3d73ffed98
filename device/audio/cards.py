"""The sound cards of this machine, by name and by kind, as the kernel lists them.

Numbers are never used: a card that was unplugged comes back under any of them, by the same name.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["usb", "hat", "hdmi", "onboard"]
PROC = Path("/proc/asound")
NODES = Path("/dev/snd")

_ONBOARD = ("bcm2835", "hda-", "sof-", "tegra", "ich", "dummy", "loopback")
"""How the drivers of soldered converters (and of the kernel's pretended ones) are called."""

_LINE = re.compile(r"^ *(\d+) \[.{15}\]: (.*?) - (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Card:
    """A card: ALSA's short name, a readable one, what it can do, and how it is attached.

    `kind` is "usb", "hdmi", "onboard" (soldered to the board), or "hat": anything else on the
    board's own sound bus.
    """

    name: str
    title: str
    captures: bool
    plays: bool
    kind: Kind = "onboard"


def list_cards(proc: Path = PROC) -> list[Card]:
    """Every sound card that the kernel knows, in its order; `proc` is where it tells of them."""
    try:
        listing = (proc / "cards").read_text()
    except OSError:
        return []  # No sound in this kernel at all.
    cards = []
    for number, driver, title in _LINE.findall(listing):
        home = proc / f"card{number}"
        try:
            name = (home / "id").read_text().strip()
        except OSError:
            continue  # It was unplugged this instant.
        captures, plays = any(home.glob("pcm*c")), any(home.glob("pcm*p"))
        cards.append(Card(name, title.strip(), captures, plays, _kind(home, driver, title)))
    return cards


def stirs(nodes: Path = NODES) -> tuple[tuple[str, int, int], ...]:
    """What is another whenever a card comes or goes, or may be opened by others than before.

    A new card is the kernel's alone at first; a moment later udev gives it to its group.
    """
    try:
        return tuple((n.name, n.stat().st_mode, n.stat().st_gid) for n in sorted(nodes.iterdir()))
    except OSError:
        return ()  # No card yet, or one that went this instant.


def device_of(card: str) -> str:
    """ALSA's device for a card: `hw:` by name, for nothing may resample or mix behind our back.

    A name that is no card's is taken to be an ALSA device already, such as `plughw:CARD=Box`.
    """
    return f"hw:CARD={card}" if card in {c.name for c in list_cards()} else card


def _kind(home: Path, driver: str, title: str) -> Kind:
    if (home / "usbid").exists():
        return "usb"
    outputs = [_read(info) for info in home.glob("pcm*p/info")]
    # A graphics card's driver is called as a soldered converter's is; its outputs tell.
    if "hdmi" in f"{driver} {title}".lower() or (outputs and all("HDMI" in o for o in outputs)):
        return "hdmi"
    return "onboard" if driver.lower().startswith(_ONBOARD) else "hat"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""

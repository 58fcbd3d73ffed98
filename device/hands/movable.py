"""Which signals a player can mean by moving something, and how far it has to go.

touched   a panel's controls, MIDI controllers      learned as they are moved
streams   other apps' signals                       only if asked for: a hand before a camera
                                                    moves all the time
neither   notes, clocks, energy, a face that is     never
          found, how long a button is held
"""

import re
from collections.abc import Mapping

from device.control.midi.learn import STEPPED, Needed, learnable
from device.control.panel.profile import PanelProfile, named

SMOOTH = Needed(0.1)
STREAM = Needed(0.3)
"""A hand that aims at one thing moves everything else a little."""

_BY_THEMSELVES = re.compile(r"midi/.*|(.*/)?(found|score|energy|long|double|push)")


class Movable:
    """What can be moved on a box with this panel."""

    def __init__(self, panel: PanelProfile) -> None:
        self.panel = _of_panel(panel)
        """The panel's controls and how far they have to go, by the names of their signals."""

    def touched(self, name: str) -> bool:
        """Whether a hand has to reach for it before it moves."""
        return name in self.panel or learnable(name)

    def allowed(self, name: str) -> bool:
        """Whether it can be learned at all."""
        return self.touched(name) or not _BY_THEMSELVES.fullmatch(name)

    def needed(self, name: str) -> Needed:
        """How far it has to go."""
        return self.panel.get(name) or (STEPPED if learnable(name) else STREAM)


def _of_panel(panel: PanelProfile) -> Mapping[str, Needed]:
    encoders = named(panel.encoders, "encoder")
    motions = named(panel.motions, "motion")
    stepped = [
        *encoders,
        *(f"{n}/push" for n, e in zip(encoders, panel.encoders, strict=True) if e.push >= 0),
        *named(panel.buttons, "button"),
    ]
    smooth = [
        *named(panel.knobs, "knob"),
        *named(panel.pedals, "pedal"),
        *named(panel.distances, "distance"),
        *(f"{name}/{turn}" for name in motions for turn in ("pitch", "roll")),
    ]
    return {**dict.fromkeys(stepped, STEPPED), **dict.fromkeys(smooth, SMOOTH)}

"""Fittings: what a box has besides its hands, so far as it is there: drums, sticks, a power button,
a small display.

None of them is needed to play; each brings a source, and most bring acts.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from device.config import Profile
from device.control.desk import Desk
from device.control.midi.source import MidiSource
from device.control.osc_reply import Answer
from device.control.signal import Hear
from device.control.source import Source, Take
from device.errors import ControlError
from device.mapping.disk import Folder
from device.oled.opening import open_displays
from device.paths import RunFolder, engines_folder
from device.play.acts import ActSpec, Do
from device.play.keeping import Keeping
from device.play.playing import Playing
from device.play.wish import Play
from device.power.opening import open_power
from device.provider import Provider
from device.sticks.opening import open_sticks

if TYPE_CHECKING:
    from device.pads.board import Board  # with the drum engine, which few play
    from device.play.rehearsing import Rehearsing


class Fittings:
    """`sources` to be started with the others; `hear` signals as they come; `show` sentences."""

    def __init__(
        self,
        wish: Play,
        profile: Profile,
        folder: RunFolder,
        desk: Desk,
        keeping: Keeping,
        midi: MidiSource | None,
        *,
        take: Take,
        leaving: Callable[[bool], None],
        taken: Callable[[], None],
        title: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        """`leaving` tells the panel's lights whether it is being switched off; `taken` is called
        when instruments came from a stick; `title` names the scene that is on."""
        self._sticks = open_sticks(say, taken=taken)
        self._power = open_power(
            folder,
            desk,
            take,
            pending=lambda: keeping.writing or self._sticks.busy,
            light=leaving,
            say=say,
        )
        displays, self.show = open_displays(profile.panel, folder.status, title)
        self.hear: Hear = self._power.hear
        self._pads = _pads(folder, midi, say) if wish.drums or profile.drums.on else None
        self.sources: list[Source] = [self._sticks, self._power, displays]
        if self._pads is not None:
            self.sources.append(self._pads)

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        pads = self._pads.acts() if self._pads is not None else {}
        return {**self._sticks.acts(), **self._power.acts(), **pads}

    def quiet(self) -> None:
        """Silence from whatever sounds beside the instrument."""
        # Without an audio process no pad sounds: a panic is not refused for that.
        with contextlib.suppress(ControlError):
            if self._pads is not None:
                self._pads.quiet()

    @property
    def questions(self) -> dict[str, Callable[[], Sequence[Answer]]]:
        """Addresses that are answered, and by what."""
        return self._pads.questions if self._pads is not None else {}


def _pads(folder: RunFolder, midi: MidiSource | None, say: Callable[[str], None]) -> "Board":
    from device.pads.board import Board
    from device.pads.kits import kits_folder

    pads = Board(folder.path, Folder(kits_folder()), say=say)
    if midi is not None:
        midi.listeners.append(pads.note)
    return pads


def open_rehearsing(
    profile: Profile, playing: Callable[[], Playing], say: Callable[[str], None]
) -> "Rehearsing | None":
    """What tries instruments on a graphics card, where the profile asks for one."""
    engine = profile.engine
    if engine.provider == "cpu":
        return None
    from device.play.rehearsing import Rehearsing

    provider = Provider(engine.provider, engine.fp16, engines_folder())
    return Rehearsing(provider, playing, say)

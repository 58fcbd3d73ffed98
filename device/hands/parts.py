"""All that learns about controls, and how it hangs together.

    signals as they come ─► known names, learning ─► another patch ─► hands, and patch.json
    frames of landmarks  ─► reducing ─► the apps' port, and reductions.json
    status               ─► lights

Made before the sources are, which ask it for what is stored, and bound once there are hands.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from device.control.dialect_server import DialectServer
from device.control.midi.source import MidiSource
from device.control.osc_reply import Answer
from device.control.panel.profile import PanelProfile
from device.control.reduction import Reduction
from device.control.signal import Hear
from device.control.source import Source, Take
from device.hands.learning import ControlLearning
from device.hands.lights import Lights, Show
from device.hands.midi_answers import MidiState
from device.hands.movable import Movable
from device.hands.own_file import OwnFile
from device.hands.patch_file import own_patch_file
from device.hands.patching import patch_file
from device.hands.reducing import FILE, MAX_BYTES, Reducing
from device.hands.repatch import Repatch
from device.hands.settings import ControlSettings
from device.mapping.conditioning import Conditioning
from device.mapping.disk import Folder
from device.mapping.patch import Patch
from device.play.acts import ActSpec, Do


class Wired(Protocol):
    """What is needed of `device.hands.hands.Hands`."""

    patch: Patch
    raw_listeners: list[Hear]

    @property
    def specs(self) -> Mapping[str, object]:
        """Everything that can be moved, by id."""

    def learn_range(self, name: str) -> None:
        """Begin to learn the range of a control."""

    def range_learned(self, name: str) -> Conditioning:
        """End it."""


class Stored:
    """What this player has stored: the patch and the reductions. `given`: --patch was."""

    def __init__(
        self,
        *,
        given: bool,
        say: Callable[[str], None],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Reads the reductions; the patch is read by `patch.read`, unless it was given."""
        path = patch_file(environment)
        self.apps: DialectServer | None = None
        """The port that is told of other reductions, once there is one."""
        self.patch = own_patch_file(path, say, given=given)
        file = OwnFile(Folder(path.parent), FILE, "your reductions", MAX_BYTES)
        self.reducing = Reducing(file, reduce_by=self._reduce_by, say=say)
        self.reducing.read()

    def _reduce_by(self, reductions: Sequence[Reduction]) -> None:
        if self.apps is not None:
            self.apps.reduce_by(reductions)


class ControlParts:
    """A source, and the acts and answers of everything about controls."""

    name = "controls"

    def __init__(
        self,
        stored: Stored,
        hands: Wired,
        panel: PanelProfile,
        *,
        change: Callable[[Patch], None],
        changed: Callable[[], None],
        midi: MidiSource | None,
        status: Path,
        show: Show | None,
        say: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        """`change` plays another patch, `changed` is told once one was learned. `show` is that of
        the panel's lights, None without a panel; `clock` is that of the control loop."""

        def store(patch: Patch) -> None:
            stored.patch.keep(patch)
            changed()

        def targets() -> Collection[str]:
            return hands.specs

        movable = Movable(panel)
        repatch = Repatch(movable.panel, patch=lambda: hands.patch, change=change, store=store)
        self._learning = ControlLearning(movable, repatch, targets=targets, say=say)
        self._settings = ControlSettings(
            movable, repatch, learn_range=hands.learn_range, range_learned=hands.range_learned
        )
        self._reducing, self._midi = stored.reducing, MidiState(midi, clock)
        self._lights = Lights(status, show) if show is not None else None
        self._sources: list[Source] = [stored.patch, *([self._lights] if self._lights else [])]
        hands.raw_listeners += [repatch.hear, self._learning.hear]

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to store and to shine."""
        for source in self._sources:
            source.start(loop, take)

    def close(self) -> None:
        """Store what is not stored yet; the lights go out."""
        for source in self._sources:
            source.close()

    def kept(self) -> None:
        """A take was kept: the lights tell."""
        if self._lights is not None:
            self._lights.kept()

    def leaving(self, leaving: bool) -> None:
        """The box is being switched off, or is not any more: the lights tell."""
        if self._lights is not None:
            self._lights.leaving(leaving)

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {
            **self._learning.acts(),
            **self._settings.acts(),
            **self._reducing.acts(),
            **self._midi.acts(),
        }

    @property
    def questions(self) -> dict[str, Callable[[], Sequence[Answer]]]:
        """Addresses that are answered, and by what."""
        return {
            "/ondine/control": lambda: [*self._learning.answers(), *self._settings.answers()],
            "/ondine/reduce": self._reducing.answers,
            "/ondine/midi": self._midi.answers,
        }

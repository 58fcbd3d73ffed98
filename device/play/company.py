"""What runs the audio process, and what that asks of control: a parent, or a service manager.

             started by      at control's end      after its death
AsChild      control         it ends too           control starts another     a desktop
AsUnit       systemd         it plays on           systemd does               a box

A service that has a part begins at once, while control still reads its own libraries: so this file
reads those that speak with a running process only when there is one to speak with.
"""

import contextlib
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from device.config import Profile
from device.part import lay, part_of
from device.paths import RunFolder
from device.play.launch import arguments
from device.play.opening import Opening
from device.play.playing import Playing
from device.play.wish import Play

if TYPE_CHECKING:
    from device.control.source import Source
    from device.play.adopted import Adopted
    from device.play.child import Audio, FreshAudio


class Company(Protocol):
    """Who runs the audio process."""

    for_ever: bool
    """Whether a sound that cannot begin is tried again: nobody is there to do so."""

    def wished(self, wish: Play) -> Play:
        """The wish, as it is meant here."""

    def begin(self, opening: Opening, start: Path | None) -> None:
        """What is played at first, with what `start` holds. A service may begin with it at once."""

    def clear(self) -> None:
        """Nothing that plays is taken over: make room."""

    def audio(self, again: bool) -> "FreshAudio":
        """An audio process that is yet to start; `again`: it has played before."""

    def found(self, running: "Adopted | None") -> "Audio | None":
        """One that plays already."""

    def plays(self, now: Playing) -> None:
        """Another instrument has come in."""

    def sources(self) -> "list[Source]":
        """What has to be started with the others."""

    def ended(self) -> None:
        """The performance ended in good order."""


class AsChild:
    """Control starts audio, and ends it."""

    for_ever = False

    def __init__(self, folder: RunFolder, profile: Profile) -> None:
        self._folder, self._profile = folder, profile

    def wished(self, wish: Play) -> Play:
        """The wish as it is."""
        return wish

    def begin(self, opening: Opening, start: Path | None) -> None:
        """It will be started with that."""
        self._playing, self._resumed, self._start = opening.playing, opening.resumed, start

    def clear(self) -> None:
        """End what was left behind."""
        from device.play.adopted import stop_stale

        stop_stale(self._folder)

    def audio(self, again: bool) -> "FreshAudio":
        """A child that is yet to start; one that has played waits for its card."""
        from device.play.child import AudioChild

        options = arguments(
            self._playing,
            self._folder,
            self._profile,
            patient=again or self._resumed,
            start=None if again else self._start,
        )
        return AudioChild(self._folder, options)

    def found(self, running: "Adopted | None") -> "Audio | None":
        """One that an earlier control process has started."""
        return running

    def plays(self, now: Playing) -> None:
        """It was told already."""
        self._playing = now

    def sources(self) -> "list[Source]":
        """None."""
        return []

    def ended(self) -> None:
        """Nothing plays that another control process could find."""
        self._folder.playing.unlink(missing_ok=True)


class AsUnit:
    """systemd starts audio with the part that control lays, and watches over both."""

    for_ever = True

    def __init__(self, folder: RunFolder, profile: Profile) -> None:
        self._folder, self._profile = folder, profile

    def wished(self, wish: Play) -> Play:
        """A box that was just plugged in: its cards are waited for, not done without."""
        if wish.card or wish.input or wish.output:
            return wish
        return dataclasses.replace(wish, card=",".join(self._profile.audio.cards) or "any")

    def begin(self, opening: Opening, start: Path | None) -> None:
        """Lay it out, unless it plays; then there is no hurry any more."""
        self._playing, self._start = opening.playing, start
        if opening.audio is None:
            self._lay(start)
        # The unit lets control go first while the machine starts. Next it is others' turn: the
        # sound waits for its card, and so for whoever finds devices.
        if os.getpriority(os.PRIO_PROCESS, 0) < 0:
            os.setpriority(os.PRIO_PROCESS, 0, 0)

    def clear(self) -> None:
        """Whatever runs is systemd's, and takes the next part."""

    def audio(self, again: bool) -> "FreshAudio":
        """The service, which is to take a part."""
        from device.play.unit import AudioUnit

        return AudioUnit(self._folder, self._options(None if again else self._start))

    def found(self, running: "Adopted | None") -> "Audio | None":
        """The service, which plays."""
        if running is None:
            return None
        from device.play.unit import AudioUnit

        return AudioUnit(self._folder, self._options(), found=running)

    def plays(self, now: Playing) -> None:
        """Lay it out, should the service die before it is told anything else."""
        self._playing = now
        self._lay()

    def sources(self) -> "list[Source]":
        """Control's own pulse to systemd."""
        from device.notify import notify_of
        from device.play.pulse import Pulse

        return [Pulse(notify_of(), f"Playing {self._playing.name}.")]

    def ended(self) -> None:
        """The sound goes on, and the next control process finds it."""

    def _lay(self, start: Path | None = None) -> None:
        # What cannot be written is said by whoever waits for it to be played.
        with contextlib.suppress(OSError):
            lay(self._folder, part_of(self._options(start)))

    def _options(self, start: Path | None = None) -> list[str]:
        return arguments(self._playing, self._folder, self._profile, start=start)


def is_unit(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether audio is a service of its own here: `$ONDINE_AUDIO` says "unit" on a box."""
    return environment.get("ONDINE_AUDIO") == "unit"


def company(folder: RunFolder, profile: Profile) -> Company:
    """Who runs the audio process here."""
    return (AsUnit if is_unit() else AsChild)(folder, profile)

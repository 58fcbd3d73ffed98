"""What runs the audio process, and what that asks of control: a parent, or a service manager.

             started by      at control's end      after its death
AsChild      control         it ends too           control starts another     a desktop
AsUnit       systemd         it plays on           systemd does               a box
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from device.config import Profile
from device.control.source import Source
from device.notify import notify_of
from device.part import lay, part_of
from device.paths import RunFolder
from device.play.adopted import Adopted, stop_stale
from device.play.child import Audio, AudioChild, FreshAudio
from device.play.launch import arguments
from device.play.playing import Playing
from device.play.pulse import Pulse
from device.play.unit import AudioUnit, is_unit, on_a_box
from device.play.wish import Play


class Company(Protocol):
    """Who runs the audio process."""

    def wished(self, wish: Play) -> Play:
        """The wish, as it is meant here."""

    def clear(self) -> None:
        """Nothing that plays is taken over: make room."""

    def begin(self, playing: Callable[[], Playing], *, resumed: bool, start: Path | None) -> None:
        """`playing` tells what is to be played from now on; at first with what `start` holds."""

    def audio(self, again: bool) -> FreshAudio:
        """An audio process that is yet to start; `again`: it has played before."""

    def found(self, running: Adopted | None) -> Audio | None:
        """One that plays already."""

    def plays(self, now: Playing) -> None:
        """Another instrument has come in."""

    def sources(self) -> list[Source]:
        """What has to be started with the others."""

    def ended(self) -> None:
        """The performance ended in good order."""


class AsChild:
    """Control starts audio, and ends it."""

    def __init__(self, folder: RunFolder, profile: Profile) -> None:
        self._folder, self._profile = folder, profile

    def wished(self, wish: Play) -> Play:
        """The wish as it is."""
        return wish

    def clear(self) -> None:
        """End what was left behind."""
        stop_stale(self._folder)

    def begin(self, playing: Callable[[], Playing], *, resumed: bool, start: Path | None) -> None:
        """`playing` tells what is to be played from now on."""
        self._playing, self._resumed, self._start = playing, resumed, start

    def audio(self, again: bool) -> FreshAudio:
        """A child that is yet to start; one that has played waits for its card."""
        options = arguments(
            self._playing(),
            self._folder,
            self._profile,
            patient=again or self._resumed,
            start=None if again else self._start,
        )
        return AudioChild(self._folder, options)

    def found(self, running: Adopted | None) -> Audio | None:
        """One that an earlier control process has started."""
        return running

    def plays(self, now: Playing) -> None:
        """It was told already."""

    def sources(self) -> list[Source]:
        """None."""
        return []

    def ended(self) -> None:
        """Nothing plays that another control process could find."""
        self._folder.playing.unlink(missing_ok=True)


class AsUnit:
    """systemd starts audio with the part that control lays, and watches over both."""

    def __init__(self, folder: RunFolder, profile: Profile) -> None:
        self._folder, self._profile = folder, profile

    def wished(self, wish: Play) -> Play:
        """Cards are waited for, not done without."""
        return on_a_box(wish, self._profile)

    def clear(self) -> None:
        """Whatever runs is systemd's, and takes the next part."""

    def begin(self, playing: Callable[[], Playing], *, resumed: bool, start: Path | None) -> None:
        """`playing` tells what is to be played from now on."""
        self._playing, self._start = playing, start

    def audio(self, again: bool) -> FreshAudio:
        """The service, which is to take a part."""
        return AudioUnit(self._folder, self._options(None if again else self._start))

    def found(self, running: Adopted | None) -> Audio | None:
        """The service, which plays."""
        if running is None:
            return None
        return AudioUnit(self._folder, self._options(), found=running)

    def plays(self, now: Playing) -> None:
        """Lay it out, should the service die before it is told anything else."""
        with contextlib.suppress(OSError):
            lay(self._folder, part_of(arguments(now, self._folder, self._profile)))

    def sources(self) -> list[Source]:
        """Control's own pulse to systemd."""
        return [Pulse(notify_of(), f"Playing {self._playing().name}.")]

    def ended(self) -> None:
        """The sound goes on, and the next control process finds it."""

    def _options(self, start: Path | None = None) -> list[str]:
        return arguments(self._playing(), self._folder, self._profile, start=start)


def company(folder: RunFolder, profile: Profile) -> Company:
    """Who runs the audio process here: `$ONDINE_AUDIO` says "unit" on a box."""
    return (AsUnit if is_unit() else AsChild)(folder, profile)

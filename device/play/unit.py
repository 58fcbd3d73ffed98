"""The audio process where it is a service: it is told what to play, and never started or stopped.

    AudioChild   control starts it, and ends it     a desktop
    AudioUnit    systemd does; control lays a part  a box, where `$ONDINE_AUDIO` is "unit"

Control may end for whatever reason: the sound goes on, and the control process that comes after it
finds it. If audio dies, systemd has started it again before control hears of it.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from device.errors import AudioError
from device.part import end_file, last_end_file, lay, part_of, read_part, read_taken
from device.paths import RunFolder
from device.play.adopted import Adopted, find_running
from device.play.child import START_S, End
from device.status import Status

_LOOK_S = 0.02
_TOLD_S = 0.5
"""How long systemd may take to write down how a process ended."""
_LEFT = End(0, "left playing", blamed=False)
_DOINGS = ("core-dump", "oom-kill", "watchdog", "exit-code")
"""Results of systemd.exec(5) that may be the doing of what was played."""
_OUTSIDE = ("KILL", "TERM", "INT", "HUP")
"""Signals that somebody else sent."""


class AudioUnit:
    """The audio service, seen from control. `found`: it plays already, and goes on."""

    def __init__(
        self, folder: RunFolder, arguments: Sequence[str], found: Adopted | None = None
    ) -> None:
        """`arguments` are those of the audio process."""
        self._folder, self._part, self._running = folder, part_of(arguments), found
        self._serial = _serial_of(arguments)
        self._left = asyncio.Event()
        self._failed: End | None = None

    async def start(self) -> str:
        """Lay the part and wait until it is played, or a card is waited for.

        Raises:
            AudioError: if the service does not start, or died of this part.
        """
        try:
            if read_part(self._folder) != self._part:
                lay(self._folder, self._part)
        except OSError as error:
            raise self._fail(f"cannot write to {self._folder.path} ({error.strerror})") from None
        loop = asyncio.get_running_loop()
        ends_s, taken_before = loop.time() + START_S, None
        while True:
            running = await asyncio.to_thread(find_running, self._folder)
            taken = read_taken(self._folder)
            if running is not None:
                if self._is_ours(taken.token):
                    self._running = running
                    return "playing"
                await running.stop()  # it plays something else; systemd starts it again
            if taken.token == self._part.token:
                before, taken_before = taken_before, taken.count
                # Taken twice since we look: the first has died.
                if before is not None and taken.count > before and (end := self._last_end()).blamed:
                    raise self._fail(end.sentence, blamed=True)
            if loop.time() > ends_s:
                raise self._fail(
                    f"the audio service did not start within {START_S:.0f} s; "
                    "`journalctl -u ondine-audio` says why"
                )
            await asyncio.sleep(_LOOK_S)

    async def ended(self) -> End:
        """Wait for its end, or until it is left to itself."""
        if self._failed is not None:
            return self._failed
        if self._running is None:
            return End(1, "the audio service does not play", blamed=False)
        running = asyncio.ensure_future(self._running.ended())
        left = asyncio.create_task(self._left.wait())
        await asyncio.wait({running, left}, return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        if not running.done():
            return _LEFT
        end = running.result()
        # A box plays for ever: whatever its end was, it is to sound again.
        return await self._told() or dataclasses.replace(end, code=end.code or 1)

    def kill(self, why: str) -> None:
        """End it at once: systemd starts it again."""
        if self._running is not None:
            self._running.kill(why)

    async def stop(self) -> None:
        """Leave it to itself: whoever stops the service stops the sound."""
        self._left.set()

    def _last_end(self) -> End:
        told = read_end(end_file(self._folder)) or read_end(last_end_file(self._folder))
        return told or End(1, "the audio service died as it started")

    def _is_ours(self, token: str) -> bool:
        if token != self._part.token:
            return False
        try:
            serial = int(Status(self._folder.status)["serial"])
        except AudioError:
            return False
        # 0: no block yet; below: it still rises out of silence. Another: it was loaded since.
        return serial <= 0 or serial == self._serial or self._serial is None

    def _fail(self, sentence: str, *, blamed: bool = False) -> AudioError:
        self._failed = End(1, sentence, blamed=blamed)
        return AudioError(sentence)

    async def _told(self) -> End | None:
        """What systemd said of the end; None if it said nothing in time."""
        for _ in range(round(_TOLD_S / _LOOK_S)):
            if end := read_end(end_file(self._folder)):
                return end
            await asyncio.sleep(_LOOK_S)
        return None


def read_end(path: Path) -> End | None:
    """How the service's process ended, as `systemd/units/ondine-audio.service` wrote it down."""
    told: list[str] = []
    with contextlib.suppress(OSError):
        told = path.read_text(errors="replace")[:256].split()
    if len(told) != 3:
        return None
    result, code, status = told
    outside = result == "signal" and status in _OUTSIDE
    blamed = result in _DOINGS or (result == "signal" and not outside)
    if result == "watchdog":
        sentence = "the audio process hung: no block for a while"
    elif result == "oom-kill":
        sentence = "the audio process was ended because memory ran out"
    elif result == "success":
        sentence = "the audio service was stopped"
    elif code == "exited":
        sentence = f"the audio process ended with status {status}"
    else:
        sentence = f"the audio process was killed by SIG{status}"
    return End(1, sentence, blamed=blamed)


def _serial_of(arguments: Sequence[str]) -> int | None:
    given = list(arguments)
    try:
        return int(given[given.index("--serial") + 1])
    except (ValueError, IndexError):
        return None

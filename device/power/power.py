"""The power of a box while it plays: off, on again, or back to the first day, always by a fade.

    box/shutdown ─► leaving light ─► fade, 1 s ─► what is being written ─► the wish ─► systemd
    box/restart  ─┘                                                                   ends us all
    the button, held from power-on ─► set aside ─► as box/restart

If systemd does not see to the wish, the wish is taken back and the sound comes back.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from device.control.signal import Signal
from device.control.source import Take
from device.errors import ControlError
from device.play.acts import ActSpec, Do
from device.power.acts import RESTART, SHUTDOWN
from device.power.hold import HELD_S, WITHIN_S, Hold, heard
from device.power.wishes import What, Wishes
from device.words import sentence

BUTTON = "power"
"""The name that a profile gives the button."""
FADE_S = 1.0
STEPS = 40
PENDING_S = 30.0
"""A long take on a slow card is written in less."""
SEEN_S = 10.0
"""Within this systemd has seen the wish."""
_LOOK_S = 0.25
_DOWN, _UP = 0.5, 0.25
_BEGUN = "begun"
"""A file of the run folder, which is gone with the power."""
_SAYS = {"poweroff": "Switching off.", "reboot": "Starting again."}


class Power:
    """A source, and the acts; give `hear` the panel's raw signals.

    `gain_db` tells the output gain and `set_gain_db` sets it; `least_db` is silence. `pending` says
    whether something is still being written, `light` switches the leaving light, `first_day` sets
    aside what the player made and says so, `spared` is called when a start has passed without that.
    `box` is false where the computer is not ours alone.
    """

    name = "power"

    def __init__(
        self,
        folder: Path,
        *,
        box: bool,
        gain_db: Callable[[], float],
        set_gain_db: Callable[[float], None],
        least_db: float,
        pending: Callable[[], bool],
        light: Callable[[bool], None],
        first_day: Callable[[], str],
        spared: Callable[[], None] = lambda: None,
        say: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder, self._wishes, self._box = folder, Wishes(folder), box
        self._gain_db, self._set_gain_db, self._least_db = gain_db, set_gain_db, least_db
        self._pending, self._light = pending, light
        self._first_day, self._spared = first_day, spared
        self._say, self._sleep = say, sleep
        self._hold: Hold | None = None
        self._leaving = False
        self._watching: asyncio.Task[None] | None = None

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {SHUTDOWN: self.shutdown, RESTART: self.restart}

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to listen to the button: if the power has only just come, it may be held."""
        begun = self._folder / _BEGUN
        if self._box and not begun.exists():
            with contextlib.suppress(OSError):
                begun.touch()
                self._hold = Hold(loop.time())
                self._watching = loop.create_task(self._watch())

    def close(self) -> None:
        """Listen no more."""
        if self._watching is not None:
            self._watching.cancel()

    def hear(self, signals: Sequence[Signal]) -> None:
        """Raw signals of the panel, of which one is the button's."""
        for signal in signals:
            if self._hold is not None and signal.name == BUTTON:
                if signal.value > _DOWN:
                    self._hold = heard(self._hold, True, signal.when_s)
                elif signal.value < _UP:
                    self._hold = heard(self._hold, False, signal.when_s)

    async def shutdown(self) -> str:
        """Switch the box off.

        Raises:
            ControlError: if this is no box, or it does not come to pass.
        """
        if self._hold is not None and self._hold.counts:
            return ""  # it is held for something else
        return await self._leave("poweroff")

    async def restart(self) -> str:
        """Start the box again.

        Raises:
            ControlError: if this is no box, or it does not come to pass.
        """
        return await self._leave("reboot")

    async def reset(self) -> str:
        """Back to the first day, and start again.

        Raises:
            ControlError: if something cannot be set aside; then it plays on.
        """
        self._say(sentence(await asyncio.to_thread(self._first_day)))
        return await self._leave("reboot")

    async def _leave(self, what: What) -> str:
        if not self._box:
            raise ControlError(
                "this computer is more than an instrument; switch it off as you always do"
            )
        if self._leaving:
            return _SAYS[what]
        self._leaving, before_db = True, self._gain_db()
        self._light(True)
        self._say(_SAYS[what])
        try:
            await self._fade(before_db)
            await self._until(lambda: not self._pending(), PENDING_S)
            self._wishes.leave(what)
            if not await self._until(lambda: not self._wishes.waits(what), SEEN_S):
                raise ControlError(
                    f"nobody has seen to it within {SEEN_S:.0f} s, so it plays on. Nothing is lost "
                    f"if you unplug it. `systemctl status ondine-{what}.path` says more"
                )
        except ControlError:
            self._wishes.take_back(what)
            self._light(False)
            self._set_gain_db(before_db)
            self._leaving = False
            raise
        return ""

    async def _fade(self, from_db: float) -> None:
        """Evenly in decibels: that is how a fade is heard as even."""
        for step in range(1, STEPS + 1):
            self._set_gain_db(from_db + (self._least_db - from_db) * step / STEPS)
            await self._sleep(FADE_S / STEPS)

    async def _until(self, done: Callable[[], bool], limit_s: float) -> bool:
        for _ in range(round(limit_s / _LOOK_S)):
            if done():
                return True
            await self._sleep(_LOOK_S)
        return done()

    async def _watch(self) -> None:
        """Until the button was held for long enough, or is a button like others."""
        loop, told = asyncio.get_running_loop(), False
        while self._hold is not None and not self._hold.over:
            if self._hold.held(loop.time()):
                self._hold = None
                try:
                    await self.reset()
                except ControlError as error:
                    self._say(sentence(error))
                    self._light(False)
                return
            if self._hold.counts and not told:
                told = True
                self._light(True)
                self._say(f"Held for {HELD_S:.0f} s, this button sets everything aside.")
            elif not self._hold.counts and loop.time() - self._hold.began_s > WITHIN_S:
                break
            await self._sleep(_LOOK_S)
        self._hold = None
        self._light(False)
        self._spared()

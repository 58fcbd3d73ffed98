"""A performance: audio is started, sources steer it, and it is watched until it is over."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

from device.child import AudioChild
from device.control.source import Source, Take
from device.display import latency_ms, summary
from device.errors import AudioError
from device.screen import Screen
from device.status import Status

RESTARTS = 3
"""Of an audio process that died while it played; then the instrument gives up, and says so."""


class Performance:
    """From the first block to the last. `again`: whether audio that died is started again."""

    def __init__(
        self,
        child: AudioChild,
        sources: Sequence[Source],
        take: Take,
        status: Path,
        screen: Screen,
        *,
        name: str,
        seconds: float | None = None,
        again: bool = True,
    ) -> None:
        self._child, self._sources, self._take = child, sources, take
        self._status, self._screen, self._name = status, screen, name
        self._seconds, self._again = seconds, again
        self._enough = asyncio.Event()

    async def run(self) -> None:
        """Play until the input ends, the time is over, or a signal says that it is enough.

        Raises:
            AudioError: with audio's own sentence, if it cannot play or dies too often.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._enough.set)
        try:
            await self._start()
            for source in self._sources:
                source.start(loop, self._take)
            if self._seconds is not None:
                loop.call_later(self._seconds, self._enough.set)
            status = Status(self._status)
            self._screen.say(
                f"Playing {self._name}, {latency_ms(status):.1f} ms from in to out. Ctrl-C stops."
            )
            with self._screen.live(loop, status):
                await self._until_over()
            self._screen.say(summary(status))
        finally:
            for source in self._sources:
                source.close()
            await self._child.stop()

    async def _start(self) -> None:
        """Start audio, unless the player has had enough before it plays."""
        starting = asyncio.create_task(self._child.start())
        enough = asyncio.create_task(self._enough.wait())
        await asyncio.wait({starting, enough}, return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        if not starting.done():
            starting.cancel()
            raise KeyboardInterrupt
        starting.result()

    async def _until_over(self) -> None:
        """Until stopped or until the input ends; an audio process that dies is started again."""
        enough = asyncio.create_task(self._enough.wait())
        restarts = 0
        while True:
            ended = asyncio.create_task(self._child.ended())
            await asyncio.wait({ended, enough}, return_when=asyncio.FIRST_COMPLETED)
            if enough.done():
                await self._child.stop()
                await ended
                return
            if ended.result() == 0:
                enough.cancel()
                return
            restarts += 1
            if restarts > RESTARTS or not self._again:
                enough.cancel()
                raise AudioError(f"{self._child.sentence}; the sound has stopped")
            self._screen.say(
                f"Sound stopped: {self._child.sentence}. Starting it again ({restarts} of "
                f"{RESTARTS})."
            )
            await self._start()
            self._screen.say("Playing again.")

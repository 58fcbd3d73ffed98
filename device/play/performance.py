"""A performance: audio is started or taken over, sources steer it, and it is kept going.

    start / take over ──► plays ──► it ends by itself, or the player has had enough ──► over
                            ▲ │
                            │ └─ dies, hangs: said, and started again at once, for ever
                            └─────────────────┘

Only a recording is not begun again: it would lie over what was kept so far.
"""

import asyncio
import gc
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from device.control.source import Source, Take
from device.errors import AudioError
from device.play.child import Audio, End, FreshAudio
from device.play.heart import Heart
from device.play.patience import Patience
from device.play.swap import Swap
from device.show.display import latency_ms, summary
from device.show.screen import Screen
from device.status import Status

LOOK_S = 0.25


class Performance:
    """From the first block to the last.

    `child` makes an audio process for what `swap` says is playing (told whether it has played
    before); `found` is one that plays already. `first` is the one source that is started before
    audio is. `again`: whether audio that died is started again; `for_ever`: also if it could not
    begin. `begun` is called once it plays.
    """

    def __init__(
        self,
        child: Callable[[bool], FreshAudio],
        swap: Swap,
        sources: Sequence[Source],
        take: Take,
        status: Path,
        screen: Screen,
        *,
        first: Source,
        found: Audio | None = None,
        begun: Callable[[], None],
        seconds: float | None = None,
        again: bool = True,
        for_ever: bool = False,
    ) -> None:
        self._child, self._swap = child, swap
        self._sources, self._take = sources, take
        self._status, self._screen = status, screen
        self._audio = found
        self._first, self._begun, self._seconds = first, begun, seconds
        self._again, self._for_ever = again, for_ever
        self._enough = asyncio.Event()
        self._patience = Patience()
        self._since_s = 0.0

    def stop(self) -> None:
        """It is enough."""
        self._enough.set()

    async def run(self) -> None:
        """Play until the input ends, the time is over, or a signal says that it is enough.

        Raises:
            AudioError: with audio's own sentence, if it cannot begin and is not tried for ever.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        try:
            self._since_s = loop.time()
            self._first.start(loop, self._take)
            if self._audio is not None:
                self._screen.say("Playing on: found the sound still running.")
            elif not await self._begins():
                return
            self._since_s = loop.time()
            self._begun()
            for source in self._sources:
                source.start(loop, self._take)
            # All of this stays; to look through it again and again would hold up hands.
            gc.collect()
            gc.freeze()
            if self._seconds is not None:
                loop.call_later(self._seconds, self.stop)
            status = Status(self._status)
            self._screen.say(
                f"Playing {self._swap.playing.name}, {latency_ms(status):.1f} ms from in to out. "
                "Ctrl-C stops."
            )
            with self._screen.live(loop, status):
                await self._until_over()
            self._screen.say(summary(status))
        finally:
            for source in (*self._sources, self._first):
                source.close()
            if self._audio is not None:
                await self._audio.stop()

    async def _begins(self) -> bool:
        """Start audio for the first time; False if the player has had enough before it plays.

        Raises:
            AudioError: if it cannot begin, and is not tried for ever.
        """
        try:
            await self._start()
        except AudioError as error:
            if not self._for_ever:
                raise
            assert self._audio is not None
            self._screen.say(f"It cannot play: {str(error).rstrip('. ')}. Trying on.")
            return await self._start_again(await self._audio.ended())
        return True

    async def _start(self, again: bool = False) -> None:
        """Start audio, unless the player has had enough before it plays."""
        self._audio = child = self._child(again)
        starting = asyncio.create_task(child.start())
        enough = asyncio.create_task(self._enough.wait())
        await asyncio.wait({starting, enough}, return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        if not starting.done():
            starting.cancel()
            raise KeyboardInterrupt
        starting.result()

    async def _until_over(self) -> None:
        """Until stopped or until the input ends."""
        enough = asyncio.create_task(self._enough.wait())
        try:
            while True:
                assert self._audio is not None
                ended = asyncio.create_task(self._audio.ended())
                watching = asyncio.create_task(self._until_it_hangs(self._audio))
                await asyncio.wait({ended, enough}, return_when=asyncio.FIRST_COMPLETED)
                watching.cancel()
                if enough.done():
                    await self._audio.stop()
                    await ended
                    return
                end = ended.result()
                if end.code == 0:
                    return
                if not self._again:
                    raise AudioError(f"{end.sentence}; the sound has stopped")
                self._screen.say(f"Sound stopped: {end.sentence}. Starting it again.")
                if not await self._start_again(end):
                    return
                self._screen.say("Playing again.")
        finally:
            enough.cancel()

    async def _start_again(self, end: End) -> bool:
        """Until it plays; False if the player has had enough before that."""
        loop = asyncio.get_running_loop()
        said = end.sentence
        while True:
            ran_s = loop.time() - self._since_s
            again = self._patience.died(loop.time(), ran_s, blamed=end.blamed)
            if again.another and self._swap.fall_back():
                self._patience.forgive()
                name = self._swap.playing.name
                self._screen.say(f"It died too often: {name}, which is built in, plays instead.")
            if again.wait_s and await self._enough_within(again.wait_s):
                return False
            self._since_s = loop.time()
            try:
                await self._start(again=True)
            except KeyboardInterrupt:
                return False
            except AudioError:
                assert self._audio is not None
                end = await self._audio.ended()
                if end.sentence != said:
                    self._screen.say(f"It cannot play: {end.sentence}. Trying on.")
                    said = end.sentence
            else:
                self._since_s = loop.time()
                return True

    async def _enough_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._enough.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _until_it_hangs(self, audio: Audio) -> None:
        """Kill it if its heart stops: a death is mended, and a process that hangs is not."""
        status, heart = Status(self._status), Heart(LOOK_S)
        while not heart.stopped(status["heartbeat_s"]):
            await asyncio.sleep(LOOK_S)
        audio.kill("the audio process hung: no block for a while")

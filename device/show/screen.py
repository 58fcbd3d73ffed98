"""The terminal as a player sees it: sentences, and a live line under them while it plays."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live

from device.show.display import line
from device.status import Status
from device.words import printable

FRAMES_PER_S = 10.0


class Screen:
    """Sentences on standard output; the live line only where that is a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print one sentence, above the live line if there is one."""
        self._console.print(printable(sentence), markup=False, highlight=False)

    @contextlib.contextmanager
    def live(self, loop: asyncio.AbstractEventLoop, status: Status) -> Iterator[None]:
        """Draw the live line on `loop`, and say what is logged meanwhile."""
        handler = _Says(self)
        logger = logging.getLogger("ondine")
        logger.addHandler(handler)
        timer: list[asyncio.TimerHandle] = []
        try:
            if not self._console.is_terminal:
                yield
                return
            with Live(console=self._console, auto_refresh=False, transient=True) as picture:

                def draw() -> None:
                    picture.update(line(status), refresh=True)
                    timer[:] = [loop.call_later(1.0 / FRAMES_PER_S, draw)]

                draw()
                try:
                    yield
                finally:
                    timer[0].cancel()
        finally:
            logger.removeHandler(handler)


class _Says(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.say(record.getMessage())

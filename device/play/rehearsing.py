"""Rehearsing: what plays is tried on the graphics card that the profile asks for, while it plays.

    another instrument ─► tried before? ──yes──► nothing
                              │ no
                              └─► said, tried in a process of its own (minutes), said again

It goes on sounding from the processor meanwhile; what was found counts when it is loaded again.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from device.admission.prepared import Found, place, read_found
from device.control.source import Take
from device.play.playing import Playing
from device.provider import WORDS, Provider

LIMIT_S = 3600.0
"""A large model's engines are built in less."""
COMMAND = (sys.executable, "-P", "-m", "device.admission.rehearsal")


class Rehearsing:
    """A source; call `look` whenever another instrument plays."""

    name = "rehearsing"

    def __init__(
        self,
        provider: Provider,
        playing: Callable[[], Playing],
        say: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        """`provider` is what the profile asks for, with the folder that all engines are in."""
        self._provider, self._playing, self._say = provider, playing, say
        self._command = command
        self._task: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Look at what plays."""
        if self._provider.name != "cpu":
            self._task = loop.create_task(self._rehearse_until_known())

    def look(self) -> None:
        """Another instrument plays. One at a time is tried: the one that then plays is next."""
        if self._task is not None and self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._rehearse_until_known())

    def close(self) -> None:
        """Try no more; what is being tried is ended."""
        if self._task is not None:
            self._task.cancel()

    async def _rehearse_until_known(self) -> None:
        tried: set[Path] = set()
        while (folder := self._place(playing := self._playing())) not in tried:
            tried.add(folder)
            if await asyncio.to_thread(read_found, folder) is None:
                words = WORDS[self._provider.name]
                self._say(
                    f"{playing.name} is being tried with {words}. The first time takes minutes; "
                    "it plays on meanwhile."
                )
                error = await self._rehearse(playing)
                self._say(_outcome(playing.name, read_found(folder), self._provider, error))

    def _place(self, playing: Playing) -> Path:
        return place(playing.manifest, self._provider, playing.precision)

    async def _rehearse(self, playing: Playing) -> str:
        """One rehearsal, to its end; returns what it complained of."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            str(playing.bundle),
            self._provider.name,
            str(self._provider.engines),
            "--precision",
            playing.precision,
            *(["--fp16"] if self._provider.fp16 else []),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), LIMIT_S)
        except TimeoutError:
            return f"it was not done within {LIMIT_S / 60:.0f} minutes"
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines and process.returncode else ""


def _outcome(name: str, found: Found | None, asked: Provider, error: str) -> str:
    words = WORDS[asked.name]
    if found is None:
        why = f" ({error})" if error else ""
        return f"{name} could not be tried with {words}{why}. The processor goes on playing it."
    if found.name == "cpu":
        return f"The processor goes on playing {name}: {found.say}."
    because = f" ({found.say})" if found.say else ""
    return (
        f"{name} is ready for {WORDS[found.name]}{because}: {found.step_ms:.1f} ms for "
        f"{found.block_ms:.1f} ms of sound. Load it again, and it is played so."
    )

"""The rack: pads as the audio process has them, with whoever renders onto them.

    kit ─► (what changed) ─► place, or render in a thread ─► bank ─► the loop
    hits ───────────────────────────────────────────────────► queue ─┘

Without an audio process there is no bank; what is laid then is laid again once there is one.
"""

from collections.abc import Callable
from pathlib import Path

from device.errors import AudioError, ControlError
from device.pads.bank import Bank
from device.pads.generator import Generator
from device.pads.hits import Hits
from device.pads.kit import Kit, Pad
from device.pads.rendering import Renderer, place


class Rack:
    """Bank, queue and renderer; `folder` is where audio keeps its shared memory."""

    def __init__(self, folder: Path, said: Callable[[str], None]) -> None:
        """`said` hears, in the renderer's thread, sentences about what could not be rendered."""
        self._folder, self._said = folder, said
        self._bank: Bank | None = None
        self._hits: Hits | None = None
        self._renderer: Renderer | None = None

    def look(self) -> bool:
        """Whether there is another bank than before, with nothing laid on it yet."""
        if self._bank is not None and not self._bank.replaced:
            return False
        self._bank = self._hits = None
        self.close()
        try:
            bank = Bank(self._folder / "pads")
            self._hits = Hits(self._folder / "hits")
        except AudioError:
            return False
        self._bank = bank
        return True

    def strike(self, number: int, velocity: float, when_s: float) -> None:
        """Strike a pad 0..15, or ALL to silence them, as at `when_s`.

        Raises:
            ControlError: if no audio process plays pads.
        """
        if self._hits is None:
            raise ControlError("no pads are there to be struck: is the sound running?")
        self._hits.hit(number, velocity, when_s)

    def follow(self, was: Kit, now: Kit, engine: Generator | None) -> None:
        """Lay what differs; without an engine only what needs no rendering."""
        for number, (a, b) in enumerate(zip(was.pads, now.pads, strict=True)):
            if a == b:
                continue
            if _sound(a) == _sound(b) and self._bank is not None:
                place(self._bank, number, b)
            elif engine is not None:
                self.lay(number, b, engine)

    def lay(self, number: int, pad: Pad, engine: Generator) -> None:
        """Lay one pad; its sound comes when it is rendered."""
        if self._bank is None:
            return
        if pad.empty:
            place(self._bank, number, pad)
            return
        if self._renderer is None:
            self._renderer = Renderer(self._bank, engine, self._said)
        self._renderer.ask(number, pad)

    def rendered(self, timeout_s: float) -> bool:
        """Wait until the pads sound as they should; False if it takes longer."""
        return self._renderer is None or self._renderer.done(timeout_s)

    def close(self) -> None:
        """Render no more; calling it twice is allowed."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def _sound(pad: Pad) -> tuple[object, ...]:
    """What of a pad has to be rendered."""
    return (pad.latents, pad.seed, pad.file, pad.start, pad.frames, pad.pitch, pad.empty)

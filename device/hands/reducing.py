"""PCA of a player's own movements: capture, learn, and other numbers come out of a hand or a face.

    reduce/begin hand/left ─► the player moves ─► reduce/learn hand/left 3
        ─► hand/left/pca_1 … pca_3 come with every frame from then on, and are stored

They stand beside the usual reductions, in `reductions.json` beside the patch, where a player may
write others; a usual one whose signals are called the same gives way.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from device.control.capture import Capture
from device.control.osc_reply import Answer
from device.control.pca import MOST_COMPONENTS, Pca, learn
from device.control.reduction import USUAL, Reduction, from_json, to_json
from device.errors import ControlError
from device.hands.acts import BEGIN, REDUCE, UNLEARN
from device.hands.own_file import OwnFile
from device.play.acts import ActSpec, Do
from device.words import nearest, printable

FILE = "reductions.json"
MAX_BYTES = 8 << 20
"""Eight components of a face mesh with z are 300 kB."""
MOST_REDUCTIONS = 64
MOST_NAMES = 64
USUAL_COMPONENTS = 2

ReduceBy = Callable[[Sequence[Reduction]], None]
"""That of `device.control.dialect_server.DialectServer`."""


class Reducing:
    """This player's reductions: `see` takes every frame, `reduce_by` gets what to reduce by."""

    def __init__(self, file: OwnFile, *, reduce_by: ReduceBy, say: Callable[[str], None]) -> None:
        """Nothing is read yet. `file` may have up to `MAX_BYTES`."""
        self._file, self._reduce_by, self._say = file, reduce_by, say
        self._own: tuple[Reduction, ...] = ()
        self._seen: dict[str, tuple[int, ...]] = {}
        """The shapes of frames by name."""
        self._capture: Capture | None = None
        self._captured = 0
        self._busy = False
        self._writable = True

    @property
    def reductions(self) -> tuple[Reduction, ...]:
        """The usual ones, and this player's own."""
        names = {name for reduction in self._own for name in reduction.signals}
        usual = (reduction for reduction in USUAL if names.isdisjoint(reduction.signals))
        return (*usual, *self._own)

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {BEGIN: self.begin, REDUCE: self.learn, UNLEARN: self.forget}

    def read(self) -> None:
        """Take those that are stored; if they cannot be used, say so and set them aside."""
        try:
            data = self._file.read()
        except ControlError as error:
            self._writable = False
            self._say(f"Playing without your reductions: {error}.")
            return
        if data is None:
            return
        try:
            self._own = _decoded(data)
        except ControlError as error:
            said = f"Your reductions cannot be used: {str(error).rstrip('. ')}."
            try:
                self._say(f"{said} They were set aside as {self._file.set_aside()}.")
            except ControlError as why:
                self._writable = False
                self._say(f"{said} {why}.")

    def see(self, name: str, frame: NDArray[np.float64]) -> None:
        """A whole frame `[points, axes]` came."""
        if name in self._seen or len(self._seen) < MOST_NAMES:
            self._seen[name] = frame.shape
        if self._capture is not None and name == self._capture.name:
            self._capture.see(name, frame)
            self._captured += 1

    def begin(self, name: str) -> str:
        """Begin to capture, anew if it was begun before; returns what the player has to do.

        Raises:
            ControlError: if no app sends such frames.
        """
        usual = dict.fromkeys(reduction.of for reduction in USUAL)
        if name not in self._seen and name not in usual:
            shown = printable(name)[:64]
            near = nearest(shown, [*self._seen, *usual])
            raise ControlError(f"no frames called {shown!r} have come{near}")
        if self._busy:
            raise ControlError("something is being learned just now; try again in a moment")
        self._capture, self._captured = Capture(name), 0
        return f"Move {name} in all the ways you will play it, then: reduce/learn {name}"

    async def learn(self, name: str, components: float = USUAL_COMPONENTS) -> str:
        """Learn from what was captured, and reduce by it from the next frame on.

        Raises:
            ControlError: if nothing was captured, it moved in fewer ways (it is captured on then),
                or it cannot be stored; what was learned is played all the same then.
        """
        if not (float(components).is_integer() and 1 <= components <= MOST_COMPONENTS):
            raise ControlError(
                f"{components:g} components were asked for; 1 to {MOST_COMPONENTS} can be"
            )
        capture = self._capture
        if capture is None or capture.name != name:
            shown = printable(name)[:64]
            raise ControlError(f"nothing of {shown!r} was captured; begin with reduce/begin")
        if not self._captured:
            raise ControlError(f"no frame of {name} has come since reduce/begin; is its app on?")
        others = tuple(each for each in self._own if not _is_learned(each, name))
        if len(others) >= MOST_REDUCTIONS:
            raise ControlError(f"there are {len(others)} reductions already; forget one first")
        with self._alone():
            self._capture = None  # so that it does not change under the hands of the other thread
            try:
                pca = await asyncio.to_thread(_learned_from, capture, int(components))
            except ControlError:
                self._capture = capture
                raise
            new = Reduction(name, pca)
            await self._hold((*others, new))
        return f"{name} is {', '.join(new.signals)} now, and as before."

    async def forget(self, name: str) -> str:
        """Take away what was learned of a frame.

        Raises:
            ControlError: if nothing was, or it cannot be stored; it is gone all the same then.
        """
        kept = tuple(each for each in self._own if not _is_learned(each, name))
        if len(kept) == len(self._own):
            shown = printable(name)[:64]
            near = nearest(shown, [each.of for each in self._own if _is_learned(each, each.of)])
            raise ControlError(f"nothing was learned of {shown!r}{near}")
        with self._alone():
            await self._hold(kept)
        return f"What was learned of {name} is forgotten."

    def answers(self) -> list[Answer]:
        """For `/ondine/reduce`: each `frame` that came, what is `capturing`, the player's `own`."""
        name = self._capture.name if self._capture else ""
        told: list[Answer] = [
            ("/ondine/reduce/frame", [frame, *shape]) for frame, shape in self._seen.items()
        ]
        told.append(("/ondine/reduce/capturing", [name, self._captured if name else 0]))
        own = [("/ondine/reduce/own", [r.of, r.by.kind, *r.signals]) for r in self._own]
        return [*told, *own]

    async def _hold(self, own: tuple[Reduction, ...]) -> None:
        self._own = own
        self._reduce_by(self.reductions)
        if not self._writable:
            raise ControlError("it is played, but not stored: your reductions could not be read")
        await asyncio.to_thread(self._store, own)

    def _store(self, own: tuple[Reduction, ...]) -> None:
        self._file.put(json.dumps(to_json(own)).encode() + b"\n")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if self._busy:
            raise ControlError("something is being learned just now; try again in a moment")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False


def _learned_from(capture: Capture, components: int) -> Pca:
    return learn(capture.frames, components)


def _is_learned(reduction: Reduction, name: str) -> bool:
    return reduction.of == name and isinstance(reduction.by, Pca)


def _decoded(data: bytes) -> tuple[Reduction, ...]:
    """Reductions out of their file; raises ControlError with what is wrong with them."""
    if len(data) > MAX_BYTES:
        raise ControlError(f"they have more than {MAX_BYTES >> 20} MiB")
    try:
        raw = json.loads(data)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise ControlError(f"they are not readable JSON ({error})") from None
    if isinstance(raw, list) and len(raw) > MOST_REDUCTIONS:
        raise ControlError(f"there are {len(raw)} reductions; {MOST_REDUCTIONS} are allowed")
    reductions = from_json(raw)
    names = [name for reduction in reductions for name in reduction.signals]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ControlError(f"two reductions make a signal {twice}; give one another name")
    return reductions

"""The stagehand: a thread that does what the loop must not. It loads, tells, and clears away.

"load" from control ──► read, fit, warm ──► orders.next ──► the deck fades to it
Changed from the deck ──► what plays, into the status' texts
Retired from the deck ──► freed here, where that costs the loop nothing
"""

import gc
import threading

from device.audio.cost import Budget
from device.audio.deck import Changed, Deck, Retired
from device.audio.fit import Shape, fit
from device.audio.loader import (
    Load,
    Settings,
    begin_as_told,
    make_track,
    open_engine,
    refuse_latency,
)
from device.audio.memory import Remember, Remembered, write_remembered
from device.audio.orders import Orders
from device.audio.realtime import step_behind
from device.audio.start import read_start
from device.audio.track import Track
from device.audio.trouble import Trouble
from device.errors import AudioError, OndineError
from device.rung import Rung
from device.status import Status


class Stagehand:
    """Serves one deck until it is closed."""

    def __init__(
        self,
        deck: Deck,
        orders: Orders,
        status: Status,
        shape: Shape,
        settings: Settings,
        *,
        latency_frames: int,
        budget: Budget,
        spare: Load | None,
        trouble: Trouble,
    ) -> None:
        """`latency_frames` is promised; `spare` is the built-in instrument, to be laid ready.

        `trouble` hears of every change of rung.
        """
        self._deck, self._orders, self._status = deck, orders, status
        self._shape, self._settings = shape, settings
        self._latency, self._budget = latency_frames, budget
        self._spare, self._trouble = spare, trouble
        self._thread = threading.Thread(target=self._run, name="stagehand", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Serve no longer. What is being loaded is not waited for."""
        self._orders.told.put(None)
        self._thread.join(0.2)

    def _run(self) -> None:
        step_behind()
        self._lay_spare()
        while (told := self._orders.told.get()) is not None:
            if isinstance(told, Load):
                self._load(told)
            elif isinstance(told, Remember):
                self._lay_out(told)
            elif isinstance(told, Remembered):
                write_remembered(told)
                self._status["remembered"] = told.wish.ticket
            elif isinstance(told, Changed):
                self._announce(told)
            elif isinstance(told, Retired):
                told.track.free()
                del told
                # What is collected is little: everything from before the music is frozen.
                gc.collect()

    def _load(self, load: Load) -> None:
        try:
            self._orders.next = self._loaded(load)
        except OndineError as error:
            self._refuse(load, str(error))
        except Exception as error:  # A player is owed a sentence, whatever it was.
            self._refuse(load, f"{load.bundle.name} failed: {type(error).__name__}: {error}")

    def _refuse(self, load: Load, sentence: str) -> None:
        self._status.say("load_error", sentence)
        self._status["refused"] = load.serial

    def _loaded(self, load: Load) -> Track:
        engine = open_engine(load, self._settings, gently=True)
        name, shape = engine.manifest.name, self._shape
        if engine.channels_in and not shape.channels_in:
            raise AudioError(
                f"{name} listens, and this stream was started without an input. Start with {name}"
            )
        needed = fit(engine, shape).delay_frames
        if needed > self._latency and load.latency == "keep":
            raise refuse_latency(name, needed, self._latency, shape)
        latency = self._latency if load.latency == "keep" else needed
        track = make_track(engine, load, Rung.MODEL, shape, latency)
        if not self._budget.carries(track.cost):
            worst_ms, mean_ms = 1000.0 * track.cost.worst_s, 1000.0 * track.cost.mean_s
            block_ms, headroom_ms = 1000.0 * self._budget.block_s, 1000.0 * self._budget.headroom_s
            raise AudioError(
                f"{name} takes {mean_ms:.1f} ms for every {block_ms:.1f} ms of sound, up to "
                f"{worst_ms:.1f} ms at once with {headroom_ms:.1f} ms queued: too much for this "
                "machine. A larger headroom helps where only the second is"
            )
        if load.start is not None:
            begin_as_told(track, read_start(load.start))
            load.start.unlink(missing_ok=True)  # it lies in memory
        self._latency = latency
        return track

    def _lay_out(self, wish: Remember) -> None:
        """Arrays for what the model remembers: the loop only has to copy into them."""
        engine = self._deck.playing()
        self._orders.remember = Remembered(wish, engine, engine.caches() if engine else None)

    def _lay_spare(self) -> None:
        """Load the built-in instrument, to be fallen back to. It is no loss if it cannot be had."""
        if self._spare is None:
            return
        try:
            engine = open_engine(self._spare, self._settings, gently=True)
            track = make_track(engine, self._spare, Rung.DEFAULT, self._shape, self._latency)
        except OndineError as error:
            self._trouble.of_ladder(f"the built-in instrument cannot be fallen back to: {error}")
            return
        if self._budget.carries(track.cost):
            self._deck.put(track)

    def _announce(self, changed: Changed) -> None:
        status, track, reason = self._status, changed.track, changed.reason
        status.say("bundle", track.path)
        status.say("name", track.name)
        status.say("computed_by", track.computed_by)
        status["precision_bits"] = 8 if track.precision == "int8" else 32
        self._trouble.of_ladder(f"{reason}: {changed.rung.sentence}" if reason else "")

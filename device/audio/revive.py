"""A stream that outlives its card.

Cards are pulled out, suspended, reset by a spark, and stand still. Whoever plays through `Revive`
meets none of that: a card that fails is closed and looked for, for ever, and when it is back (under
any number, for it is opened by name) the sound goes on at the distance it had.

    read    … OK  OK ──────── one read that takes long ────────  GAP  OK  OK …
    card      plays   fails   close, open, open, open …  is back
    say               "Box stopped working (No such device). …"  ""

The first try is made at once, for most faults end with opening the card afresh; the next ones come
further and further apart, up to a second, and at once when something stirs among the cards. A card
that opens and fails again before it has played is not back: the tries go on as they were.
"""

import contextlib
from collections.abc import Callable
from typing import Protocol

import numpy as np

from device.audio.clock import Clock
from device.audio.stream import Flow, Stream
from device.errors import AudioError

LONGEST_WAIT_S = 1.0
"""Between two tries, at most."""
FIRST_WAIT_S = 0.05
ALIVE_S = 0.25
_LOOK_S = 0.05
"""How often it is asked whether to stop, while waiting."""


class Open(Protocol):
    """Opens the card that is to be played on now, by name: the best of those that are there."""

    def __call__(self) -> Stream:
        """Raises AudioError if there is none, or it does not grant what is needed."""


class Revive:
    """A `Stream` over streams that fail."""

    def __init__(
        self,
        open: Open,
        clock: Clock,
        *,
        say: Callable[[str], None],
        alive: Callable[[], None],
        stopping: Callable[[], bool],
        stirs: Callable[[], object] = lambda: None,
        patient: bool = False,
    ) -> None:
        """Open the first card; a `patient` stream waits for it, and says why.

        `say` is told why there is no sound, and '' when there is again. `alive` is called every
        `ALIVE_S` while there is no card. `stopping` ends the wait. What `stirs` tells of the cards
        is looked at meanwhile: once that is another, the next try comes at once.

        Raises:
            AudioError: if there is no card, or (patient) it was told to stop before one came.
        """
        self._open, self._clock = open, clock
        self._say, self._alive, self._stopping = say, alive, stopping
        self._stirs = stirs
        self.xruns = 0
        self.cards_lost = 0
        """How often a card that played was lost."""
        self._said = ""
        self._wait_s = 0.0
        self._left_before = 0
        """Xruns of the cards that were lost."""
        self._played = False
        """Whether this card has given a block since it was opened."""
        self._stream: Stream | None = None
        if not patient:
            self._stream = open()
        elif not self._found(self._fits_alone):
            raise AudioError("told to stop before a sound card came")
        assert self._stream is not None
        self.sample_rate_hz = self._stream.sample_rate_hz
        self.channels_in = self._stream.channels_in
        self.channels_out = self._stream.channels_out
        self.block_frames = self._stream.block_frames
        self.headroom_frames = self._stream.headroom_frames

    @property
    def card(self) -> str:
        """The name of the card that plays, or '' while there is none."""
        return getattr(self._stream, "card", "")

    def start(self) -> None:
        """Begin. A card that fails now is looked for with the first read."""
        try:
            if self._stream is not None:
                self._stream.start()
        except AudioError as error:
            self._lose(error)

    def read(self, into: np.ndarray) -> Flow:
        """The next block. Waits for the card if it is lost: then GAP; or END if told to stop."""
        while True:
            if self._stream is None and not self._found(self._fits):
                return Flow.END
            assert self._stream is not None
            try:
                flow = self._stream.read(into)
            except AudioError as error:
                self._lose(error)
                continue
            if not self._played:
                self._played, self._wait_s = True, 0.0
                self._tell("")
            self.xruns = self._left_before + self._stream.xruns
            return flow

    def write(self, block: np.ndarray) -> Flow:
        """Queue a block. GAP if the card fails: the next read looks for it."""
        if self._stream is None:
            return Flow.GAP
        try:
            flow = self._stream.write(block)
        except AudioError as error:
            self._lose(error)
            return Flow.GAP
        self.xruns = self._left_before + self._stream.xruns
        return flow

    def left_s(self) -> float:
        """Seconds until what is queued has been played; 0.0 without a card."""
        stream = self._stream
        return stream.left_s() if stream is not None else 0.0

    def close(self) -> None:
        """Let what is queued play out, then let go of the card. May be called twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _lose(self, error: AudioError) -> None:
        stream, self._stream = self._stream, None
        assert stream is not None
        self.cards_lost += self._played
        self._played = False
        self._tell(f"{_sentence(error)} Looking for it.")
        self._left_before += stream.xruns
        self._close_quietly(stream)

    def _found(self, fits: Callable[[Stream], str]) -> bool:
        """Try to open a card until there is one that fits; False if told to stop."""
        while not self._pause(self._wait_s):
            self._wait_s = min(LONGEST_WAIT_S, max(FIRST_WAIT_S, 2.0 * self._wait_s))
            try:
                stream = self._open()
            except AudioError as error:
                self._tell(f"{_sentence(error)} Looking on.")
                continue
            if misfit := fits(stream):
                self._close_quietly(stream)
                self._tell(misfit)
                continue
            try:
                stream.start()
            except AudioError as error:
                self._close_quietly(stream)
                self._tell(f"{_sentence(error)} Looking on.")
                continue
            self._stream = stream
            return True
        return False

    def _fits_alone(self, stream: Stream) -> str:
        return ""

    def _fits(self, stream: Stream) -> str:
        """'' if the stream is of the shape that is played, or a sentence."""
        for name, unit in _SHAPE.items():
            granted, needed = getattr(stream, name), getattr(self, name)
            if granted != needed:
                return (
                    f"{getattr(stream, 'card', 'The card')} grants {granted} {unit}, and "
                    f"{needed} are played. Plug in the card that was there. Looking on."
                )
        return ""

    def _pause(self, seconds: float) -> bool:
        """Let so much time pass, or until cards stir, and show that this process lives; True if
        told to stop."""
        until_s = self._clock.now() + seconds
        alive_s, before = 0.0, self._stirs()
        while not self._stopping():
            now_s = self._clock.now()
            if now_s >= alive_s:
                self._alive()
                alive_s = now_s + ALIVE_S
            if now_s >= until_s or self._stirs() != before:
                return False
            self._clock.wait_until(min(until_s, now_s + _LOOK_S))
        return True

    def _tell(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self._say(sentence)

    @staticmethod
    def _close_quietly(stream: Stream) -> None:
        # It is gone, which is why it is closed.
        with contextlib.suppress(AudioError):
            stream.close()


def _sentence(error: AudioError) -> str:
    text = str(error)
    return text if text.endswith((".", "?")) else f"{text}."


_SHAPE = {
    "sample_rate_hz": "Hz",
    "block_frames": "frames of block",
    "headroom_frames": "frames of headroom",
    "channels_in": "channels of input",
    "channels_out": "channels of output",
}

"""The watch: a second thread that keeps time while a step is late.

A step cannot be cut off, and without its block the card would run empty. So the watch looks at the
queue whenever it may be nearly empty; if the step is not done by then, the watch takes the stream
over, and the loop finds it taken when the step comes back:

    loop     read k │ step k ──────────────────────────── too late │ waits │ read k+3 │ step …
    watch           │           takes over │ tail │ read k+1 │ silence │ gives back
    sound    … out k-2 │ out k-1 │ tail ╲___________________________ │ ╱ out k+3 …

The tail is the last block played backwards under a fade, so that the sound ends without a click
where nobody could know that it would. If the step stays away for `DRY_AFTER_S`, the dry input fades
in; if for `GIVE_UP_S`, the process ends, to be started again by whoever watches it.

Who has the stream is one lock that is only ever tried, never waited for: the loop opens it before a
step, and whoever closes it again writes that block.
"""

import os
import sys
import threading

import numpy as np

from device.audio import realtime
from device.audio.clock import Clock
from device.audio.cover import DRY_AFTER_S, Cover
from device.audio.orders import Orders
from device.audio.stream import Flow, Stream
from device.audio.tape import Tape
from device.errors import AudioError
from device.status import Status

GIVE_UP_S = 10.0
HUNG = 3
"""The exit status of a process whose step did not come back."""
_MARGIN_S = 0.001
"""How much is left in the queue when the watch takes over: time to wake and to write. Of a short
headroom it is an eighth."""


class Watch:
    """Covers late steps of one stream. Start it once the loop's thread is in its posture."""

    def __init__(
        self,
        stream: Stream,
        clock: Clock,
        orders: Orders,
        status: Status,
        delay_frames: int = 0,
        tape: Tape | None = None,
    ) -> None:
        """Counts into `status`; `delay_frames` is of the dry input, beyond block and headroom."""
        self._stream, self._clock, self._orders, self._tape = stream, clock, orders, tape
        block_s = stream.block_frames / stream.sample_rate_hz
        headroom_s = stream.headroom_frames / stream.sample_rate_hz
        self._block_s = block_s
        self._margin_s = min(_MARGIN_S, headroom_s / 8.0)
        self._cover = Cover(stream, delay_frames)
        self._audio_in = np.zeros((stream.channels_in, stream.block_frames), np.float32)
        self._turn = threading.Lock()
        self._turn.acquire()
        self._wanted = False
        self._given = threading.Semaphore(0)
        self._fault: AudioError | None = None
        self._closed = False
        self._loop = 0
        self._demoted = False
        self._since_s = 0.0
        self._status, self._covered = status, 0
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch the caller's thread, from one step of priority above it."""
        self._loop = threading.get_native_id()
        self._thread.start()

    def close(self) -> None:
        """Watch no longer."""
        self._closed = True
        if self._thread.ident is not None:
            self._thread.join(1.0)

    def open(self) -> None:
        """The loop: a step begins, and may be covered from now on."""
        self._turn.release()

    def shut(self) -> bool:
        """The loop: the step is done. True if its block is still wanted."""
        return self._turn.acquire(blocking=False)

    def played(self, block: np.ndarray) -> None:
        """The loop: `block` [channels_out, block] was written; its end is kept for a tail."""
        self._cover.keep(block)

    def give_back(self) -> None:
        """The loop, after `shut` was False: wait until the stream is in step and the loop's again.

        Raises:
            AudioError: what the stream raised meanwhile.
        """
        self._wanted = True
        self._given.acquire()
        if self._demoted:
            self._demoted = False
            realtime.take_priority()
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _run(self) -> None:
        # Above the loop: where both are kept to one core, an equal would not interrupt it.
        if os.sched_getscheduler(0) == os.SCHED_FIFO:
            realtime.take_priority(realtime.WATCH_PRIORITY)
        while not self._closed:
            left_s = self._stream.left_s()
            ahead_s = left_s - self._margin_s
            if ahead_s <= 0.0:
                if self._turn.acquire(blocking=False):
                    self._take_over()
                    continue
                # No step is under way: nothing runs, or the loop was woken late and will find out.
                ahead_s = self._block_s
            self._clock.wait_until(self._clock.now() + max(ahead_s, self._margin_s / 4.0))

    def _take_over(self) -> None:
        """Play in the loop's place until it wants the stream back."""
        self._since_s = self._clock.now()
        try:
            self._cover.begin()
            while True:
                self._cover.next(self._audio_in)
                self._stream.write(self._cover.block)
                self._covered += 1
                self._status["covered_blocks"] = self._covered
                if self._tape is not None:
                    self._tape.put(self._cover.block, self._clock.now())
                if self._wanted or self._stream.read(self._audio_in) is Flow.END:
                    break
                self._give_up_if_hung()
        except AudioError as error:
            self._fault = error
        while not self._wanted:
            self._give_up_if_hung()
            self._clock.wait_until(self._clock.now() + self._block_s)
        self._wanted = False
        self._given.release()

    def _give_up_if_hung(self) -> None:
        away_s = self._clock.now() - self._since_s
        if away_s >= DRY_AFTER_S and not self._demoted:
            # The kernel stops every real-time thread of a core on which one has run for a second,
            # the watch with it: a step that computes for so long has to be another's neighbour.
            self._demoted = True
            realtime.step_back(self._loop)
        if away_s < (GIVE_UP_S if not self._orders.stop else self._block_s + 1.0):
            return
        # The loop's thread cannot be ended, and Python would wait for it. By now all is silent.
        print(f"a step has not come back for {away_s:.0f} s", file=sys.stderr, flush=True)
        os._exit(HUNG)

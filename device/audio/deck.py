"""The deck: what the loop plays. One track plays; another may be faded to; below lies the ladder.

    swap                     old ─────────╲         the new one hears before it is heard, as long
                             new  ······· ╱────     as it is late; then both for FADE_S

    swap, if this machine    old ──╲                the dry input carries from one to the other
    cannot carry both        dry   ╱────────╲
                             new    ······· ╱────

    trouble                  bad ▁▁▁▁   ╱── next rung: the bad one is silent already
                                       ╱

The sum of a fade's gains is 1 at every frame, and each track is limited by itself, so a fade never
exceeds the ceiling. How late a track is stays as it was promised: tracks are padded when they are
loaded (`fit.py`); only one that was let in as `free`, or a rung of last resort, changes it.
"""

import numpy as np

from device.audio.cost import Budget
from device.audio.fit import Shape
from device.audio.ladder import Ladder, Move
from device.audio.memory import Remembered
from device.audio.orders import Orders
from device.audio.player import Player
from device.audio.track import Track
from device.engine.bypass import Bypass
from device.engine.engine import Engine
from device.engine.mute import Mute
from device.rung import Rung

FADE_S = 0.05


class Changed:
    """What the deck tells: the track that plays now, and why if it is not the one asked for."""

    def __init__(self, track: Track, reason: str) -> None:
        # Its rung now: the track of one that was swapped away moves down a rung.
        self.track, self.rung, self.reason = track, track.rung, reason


class Retired:
    """A track that the deck has let go of: to be freed where that takes nobody's time."""

    def __init__(self, track: Track) -> None:
        self.track = track


class Deck:
    """A `Player` that holds players. Its thread is the loop's; others speak to it by `Orders`."""

    def __init__(
        self, shape: Shape, orders: Orders, *, budget: Budget, latency_frames: int
    ) -> None:
        """An empty deck, which is mute: `start` a track on it.

        `budget` is what there is to play in; the dry input is `latency_frames` late.
        """
        self.sample_rate_hz, self.block_frames = shape.sample_rate_hz, shape.block_frames
        self.channels_in, self.channels_out = shape.channels_in, shape.channels_out
        self.peak_in = self.peak_out = 0.0
        self.limited = self.repaired = False
        self.swaps = 0
        self._orders, self._budget = orders, budget
        block_s = shape.block_frames / shape.sample_rate_hz
        self._ladder = Ladder(block_s)
        sizes = (shape.sample_rate_hz, shape.block_frames, shape.channels_in, shape.channels_out)
        self._bypass = Bypass(*sizes, latency_frames)
        mute = Track(Mute(*sizes), Rung.MUTE, "silence")
        # A list, which another thread may lay a spare on while this one looks.
        self._tracks: list[Track | None] = [None] * len(Rung)
        self._mute = self._tracks[Rung.MUTE] = mute
        if shape.channels_in:
            self._tracks[Rung.DRY] = Track(self._bypass, Rung.DRY, "dry input")
        self._now = self._to = mute
        self._after: Track | None = None
        """Where a fade through the dry input goes on to."""
        self._reason = ""
        blocks = max(1, round(FADE_S / block_s))
        way = np.arange(1, blocks * shape.block_frames + 1) / (blocks * shape.block_frames)
        rise = (0.5 - 0.5 * np.cos(np.pi * way)).astype(np.float32)
        self._rise_gains = rise.reshape(blocks, shape.block_frames)
        self._fall_gains = 1.0 - self._rise_gains
        self._at = self._lead = 0
        self._other = np.zeros((shape.channels_out, shape.block_frames), np.float32)

    @property
    def delay_frames(self) -> int:
        """How late what plays is, or is being faded to: beyond block and headroom."""
        return (self._after or self._to).player.delay_frames

    @property
    def padding_frames(self) -> int:
        """How much of that is not the instrument's own."""
        return getattr(self._now.player, "padding_frames", 0)

    @property
    def rung(self) -> Rung:
        """The rung that plays."""
        return self._now.rung

    @property
    def serial(self) -> int:
        """The load that plays."""
        return self._now.serial

    def put(self, track: Track) -> None:
        """Lay a track on its rung, before the loop begins or to be fallen back to."""
        self._tracks[track.rung] = track

    def start(self, track: Track, reason: str = "", *, rise: bool = False) -> None:
        """Lay the first track down, before the loop begins: it plays from the first block.

        `reason` says why it is another than was asked for. With `rise` it comes out of silence, as
        after a swap: a microphone may be open already, and the first sound shall not be a bang.
        """
        self.put(track)
        self._reason = reason
        if rise:
            self._fade_to(track)
            return
        self._now = self._to = track
        self._orders.told.put(Changed(track, reason))

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One block, float32 [channels_in, block] to [channels_out, block]."""
        late, self._orders.late = self._orders.late, False
        if self._to is self._now:
            self._choose(late, params)
        now, to = self._now, self._to
        now.process(audio_in, audio_out, params)
        self._note(now.player)
        if to is not now:
            to.process(audio_in, self._other, params)
            if self._lead:
                self._lead -= 1
            else:
                self._note(to.player)
                self._mix(audio_out)
        if self._bypass not in (now.player, to.player):
            self._bypass.listen(audio_in)

    def reset(self) -> None:
        """The instrument's memory starts afresh."""
        self._now.player.reset()

    def _choose(self, late: bool, params: np.ndarray) -> None:
        """Begin whatever change is due: a new instrument, or another rung."""
        orders, now, above = self._orders, self._now, self._above()
        move = self._ladder.block(late or self.repaired, above is not None)
        if orders.shed:
            orders.shed = False
            self._drop(Rung.LAST, Rung.DEFAULT)
        if orders.remember is not None:
            wish, orders.remember = orders.remember, None
            self._remember(wish)
        if orders.next is not None:
            track, orders.next = orders.next, None
            self._take_in(track, params)
        elif move is Move.DOWN and now.rung is not Rung.MUTE:
            why = "comes too late" if late else "gives no sound that can be played"
            self._reason = f"{now.name} {why}"
            self._fall()
        elif move is Move.UP and above is not None:
            self._ladder.went_up()
            above.player.reset()
            self._begin(above)
        elif now.rung is Rung.MODEL and self._ladder.trusted:
            self._drop(Rung.LAST)

    def _remember(self, wanted: Remembered) -> None:
        """Copy what the instrument remembers. If another has come in since, there is nothing."""
        engine = self._now.engine
        fits = engine is not None and engine is wanted.engine and self._now.rung is Rung.MODEL
        if engine is not None and fits and wanted.caches is not None:
            engine.remember(wanted.caches)
        else:
            wanted = Remembered(wanted.wish, None, None)
        self._orders.told.put(wanted)

    def playing(self) -> Engine | None:
        """The engine that plays the music now; None on a lower rung."""
        now = self._now
        return now.engine if now.rung is Rung.MODEL else None

    def _take_in(self, track: Track, params: np.ndarray) -> None:
        """Swap to a new instrument; the one that plays is kept until the new one is trusted."""
        old = self._tracks[Rung.MODEL]
        if old is not None and old is self._now:
            old.keep(params)
            self._drop(Rung.LAST)
            old.rung = Rung.LAST
            self._tracks[Rung.LAST] = old
        else:
            self._drop(Rung.MODEL)
        self._tracks[Rung.MODEL] = track
        self._reason = ""
        self.swaps += 1
        self._ladder.renew()
        self._begin(track)

    def _begin(self, track: Track) -> None:
        """Fade to `track`, through the dry input if the two cost too much at once."""
        between = self._tracks[Rung.DRY] or self._mute
        both = self._budget.carries(self._now.cost + track.cost)
        through = not both and between not in (self._now, track)
        self._after = track if through else None
        self._fade_to(between if through else track)

    def _fade_to(self, track: Track) -> None:
        """Begin to play `track` unheard: what it makes first is what it heard before it was there.

        The bypass has been listening all the while.
        """
        self._to, self._at = track, 0
        late = track.player.delay_frames if track.player is not self._bypass else 0
        self._lead = -(-late // self.block_frames)

    def _fall(self) -> None:
        """To the next rung down. The one that failed is silent already: the next just rises."""
        below = self._below()
        self._ladder.went_down()
        if below.player is not self._bypass:
            below.player.reset()
        self._now, self._after = self._mute, None
        self._fade_to(below)
        if self._now is below:
            self._orders.told.put(Changed(below, self._reason))

    def _mix(self, audio_out: np.ndarray) -> None:
        """Mix the other track in; at the end of the way it is the one that plays."""
        np.multiply(audio_out, self._fall_gains[self._at], out=audio_out)
        np.multiply(self._other, self._rise_gains[self._at], out=self._other)
        np.add(audio_out, self._other, out=audio_out)
        self._at += 1
        if self._at < len(self._rise_gains):
            return
        left, self._now, self._at = self._now, self._to, 0
        if self._tracks[left.rung] is not left:
            self._orders.told.put(Retired(left))
        if self._after is not None:
            after, self._after = self._after, None
            self._fade_to(after)
            return
        if self._now.rung is Rung.MODEL:
            self._reason = ""
        self._orders.told.put(Changed(self._now, self._reason))

    def _note(self, player: Player) -> None:
        self.peak_in, self.peak_out = player.peak_in, player.peak_out
        self.limited, self.repaired = player.limited, player.repaired

    def _below(self) -> Track:
        """The next track down the ladder; silence is the last."""
        below = self._tracks[self._now.rung + 1 :]
        return next(track for track in below if track is not None)

    def _above(self) -> Track | None:
        """The next track up the ladder, if there is one."""
        for rung in range(self._now.rung - 1, -1, -1):
            if (track := self._tracks[rung]) is not None:
                return track
        return None

    def _drop(self, *rungs: Rung) -> None:
        """Let go of what lies on these rungs; what plays, once it has been left."""
        for rung in rungs:
            track = self._tracks[rung]
            if track is not None and track is not self._now:
                self._tracks[rung] = None
                self._orders.told.put(Retired(track))

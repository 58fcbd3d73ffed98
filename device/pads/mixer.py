"""The mixer: hits in, pads out. It lies beside the instrument and is mixed with what that plays.

    hits ─► pace: which frame ─► voices ─┬─ + ─► output gain ─┐
    bank ─► what they sound like ────────┘                    + ─► limiter ─► out
    instrument (the deck, whatever rung) ─────────────────────┘

Pads need no model while they play: whatever becomes of the instrument, they go on. A hit is heard
one block and `SLACK_S` after it was made, plus the headroom, at its own frame. Pitch was rendered
into the sounds, so that a voice is a copy: nothing here computes samples anew, or allocates.
"""

import math

import numpy as np

from device.audio.clock import Clock
from device.audio.fit import Shape
from device.engine.limiter import Limiter
from device.engine.smoothing import Glide
from device.pads.bank import PADS, Bank
from device.pads.hits import ALL, Hits
from device.pads.pace import Pace
from device.pads.voice import Fades, Voice
from device.params import FIXED

VOICES = 24
"""That sound at once; a hit beyond lets the oldest fall."""
_SPARE = 8
"""More, for those that fall."""
_GAIN, _CEILING = FIXED["output_gain_db"], FIXED["limiter_ceiling_db"]


class Mixer:
    """Mixes pads into blocks; its thread is the loop's."""

    def __init__(self, shape: Shape, bank: Bank, hits: Hits, clock: Clock, speed: float = 1.0):
        """The bank must be of the stream's rate. `speed` is that of the process's clock."""
        self._bank, self._hits, self._clock, self._speed = bank, hits, clock, speed
        self._block = shape.block_frames
        self._pace = Pace(shape.sample_rate_hz, shape.block_frames)
        self._fades = Fades(shape.sample_rate_hz)
        self._voices = tuple(Voice() for _ in range(VOICES + _SPARE))
        self._mix = np.zeros((min(shape.channels_out, 2), shape.block_frames), np.float32)
        self._scratch = np.zeros(2 * shape.block_frames, np.float32)
        self._gain = Glide(1, shape.block_frames, 1.0 / shape.sample_rate_hz)
        self._target = np.ones(1)
        self._limiter = Limiter(shape.channels_out, shape.block_frames, shape.sample_rate_hz)
        rows = bank.rows
        self._version, self._seen, self._frames = rows["version"], rows["seen"], rows["frames"]
        self._level, self._pan, self._choke = rows["gain"], rows["pan"], rows["choke"]
        self._news = np.zeros(PADS, bool)
        self._count = 0
        self.hits = 0
        """Hits that were heard so far."""
        self.peak, self.limited = 0.0, False
        """Of the block last mixed into; the peak is 0 where nothing was."""

    def add(self, audio_out: np.ndarray, params: np.ndarray) -> bool:
        """Mix the pads into `audio_out` [channels_out, block]; False if it was left as it was."""
        self._pace.block(self._clock.now())
        np.not_equal(self._version, self._seen, out=self._news)
        news = bool(self._news.any())
        if news:
            self._cross_over()
        self._strike()
        sounding = self._sound(audio_out, params)
        if news:
            self._answer()
        self._bank.beat()
        return sounding

    def reset(self) -> None:
        """All pads are silent at once."""
        for voice in self._voices:
            voice.sounding = False
        self._gain.reset()
        self._limiter.reset()

    def _strike(self) -> None:
        """Take the hits that fall into this block."""
        hits = self._hits
        while hits.peek():
            frame = self._pace.frame(hits.when_s * self._speed)
            if frame >= self._block:
                return
            hits.take()
            self._hit(hits.pad, hits.velocity, frame)

    def _hit(self, pad: int, velocity: float, frame: int) -> None:
        if pad == ALL or (0 <= pad < PADS and velocity <= 0.0):
            for voice in self._voices:
                if voice.sounding and pad in (ALL, voice.pad):
                    voice.fall(frame)
            return
        if not 0 <= pad < PADS or not velocity <= 1.0 or self._version.item(pad) == 0:
            return
        if group := self._choke.item(pad):
            for voice in self._voices:
                if voice.sounding and self._choke.item(voice.pad) == group:
                    voice.fall(frame)
        voice = self._free(frame)
        version = self._version.item(pad)
        voice.sounding, voice.pad, voice.version = True, pad, version
        voice.place = version & 1
        voice.at, voice.end = 0, min(self._frames.item(pad, version & 1), self._bank.frames)
        voice.begins, voice.rises, voice.falls = frame, -1, -1
        # A key struck half as hard is 12 dB softer, about as on a piano.
        gain = velocity * velocity * self._level.item(pad)
        angle = 0.25 * math.pi * (1.0 + self._pan.item(pad))
        voice.left, voice.right = (
            _safe(gain * _ROOT * math.cos(angle)),
            _safe(gain * _ROOT * math.sin(angle)),
        )
        self._count += 1
        voice.age = self._count
        self.hits += 1

    def _free(self, frame: int) -> Voice:
        """A voice for a hit; lets the oldest fall if too many sound."""
        free: Voice | None = None
        oldest: Voice | None = None
        lowest: Voice = self._voices[0]
        sounding = 0
        for voice in self._voices:
            if not voice.sounding:
                free = voice
            elif voice.falls < 0:
                sounding += 1
                if oldest is None or voice.age < oldest.age:
                    oldest = voice
            elif voice.falls > lowest.falls:
                lowest = voice
        if sounding >= VOICES and oldest is not None:
            oldest.fall(frame)
        # Only a storm of hits within a few milliseconds takes one that has not fallen all the way.
        return free or lowest

    def _cross_over(self) -> None:
        """Pads have new sounds: let those that sound go over to them, from where they are."""
        for voice in self._voices:
            if not voice.sounding or voice.falls >= 0:
                continue
            version = self._version.item(voice.pad)
            if version == voice.version:
                continue
            at, left, right, pad = voice.at, voice.left, voice.right, voice.pad
            voice.fall(0)
            end = min(self._frames.item(pad, version & 1), self._bank.frames)
            new = next((other for other in self._voices if not other.sounding), None)
            if new is None or at >= end:
                continue
            new.sounding, new.pad, new.version, new.place = True, pad, version, version & 1
            new.at, new.end, new.left, new.right = at, end, left, right
            new.begins, new.rises, new.falls, new.age = 0, 0, -1, voice.age

    def _answer(self) -> None:
        """Tell which new sounds alone are heard: the places of the old ones are free again."""
        for pad in range(PADS):
            if not self._news.item(pad):
                continue
            version = self._version.item(pad)
            for voice in self._voices:
                if voice.sounding and voice.pad == pad and voice.version != version:
                    break
            else:
                self._seen[pad] = version

    def _sound(self, audio_out: np.ndarray, params: np.ndarray) -> bool:
        mix, any_sounds = self._mix, False
        for voice in self._voices:
            if voice.sounding:
                if not any_sounds:
                    mix.fill(0.0)
                    any_sounds = True
                sound = self._bank.sound[voice.pad, voice.place]
                voice.add(sound, self._fades, self._scratch, mix)
        gain_db = params.item(_GAIN.slot)
        if gain_db == gain_db:
            self._target[0] = 10.0 ** (_GAIN.clamp(gain_db) / 20.0)
        self._gain.move(self._target)
        if any_sounds:
            for channel, part in zip(audio_out, mix, strict=False):
                np.multiply(part, self._gain.values[0], out=part)
                np.add(channel, part, out=channel)
        ceiling_db = params.item(_CEILING.slot)
        ceiling = 10.0 ** (_CEILING.clamp(ceiling_db) / 20.0) if ceiling_db == ceiling_db else 1.0
        if not any_sounds and not self.limited:
            self.peak = 0.0
            return False
        self.peak, self.limited = self._limiter.process(audio_out, ceiling)
        return True


def _safe(gain: float) -> float:
    """A gain from shared memory: finite, and of sane size."""
    return min(max(gain, 0.0), 16.0) if gain == gain else 0.0


_ROOT = math.sqrt(2.0)
"""In the middle both sides play at the sound's own level."""

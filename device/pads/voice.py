"""A voice: one hit that sounds. It rises only where it takes over from another sound's middle."""

import numpy as np

FADE_S = 0.004


class Fades:
    """Gains [frames] of a raised cosine, up and down: their sum is 1."""

    def __init__(self, sample_rate_hz: int) -> None:
        count = max(1, round(FADE_S * sample_rate_hz))
        way = (np.arange(count) + 1.0) / (count + 1.0)
        self.rise = (0.5 - 0.5 * np.cos(np.pi * way)).astype(np.float32)
        self.fall = (1.0 - self.rise).astype(np.float32)
        self.frames = count


class Voice:
    """Plain fields, which the mixer sets; `sounding` says whether the others mean anything."""

    def __init__(self) -> None:
        self.sounding = False
        self.pad = self.version = 0
        self.place = 0
        self.at = self.end = 0
        """The next frame of the sound, and how many it has."""
        self.left = self.right = 0.0
        self.begins = 0
        """The frame of the coming block where it begins."""
        self.rises = -1
        """How far its rise has come, in frames; -1: it does not rise."""
        self.falls = -1
        """How far its fall has come; -1: it does not fall."""
        self.falls_from = 0
        """The frame of the coming block where its fall begins or goes on."""
        self.age = 0

    def add(self, sound: np.ndarray, fades: Fades, scratch: np.ndarray, mix: np.ndarray) -> None:
        """Add the coming block of `sound` [frames] to `mix` [1 or 2, block]; moves on."""
        block = mix.shape[1]
        begin = self.begins
        count = min(block - begin, self.end - self.at)
        if self.falls >= 0:
            count = min(count, self.falls_from + fades.frames - self.falls - begin)
        if count <= 0:
            self.sounding = self.at < self.end and self.falls < 0
            self.begins = 0
            return
        part, piece = sound[self.at : self.at + count], scratch[:count]
        np.copyto(piece, part)
        if self.rises >= 0:
            rising = min(count, fades.frames - self.rises)
            risen = piece[:rising]
            np.multiply(risen, fades.rise[self.rises : self.rises + rising], out=risen)
            self.rises = self.rises + rising if self.rises + rising < fades.frames else -1
        if self.falls >= 0:
            first = max(self.falls_from - begin, 0)
            fallen = piece[first:]
            np.multiply(fallen, fades.fall[self.falls : self.falls + len(fallen)], out=fallen)
            self.falls += len(fallen)
            self.falls_from = 0
        self.at += count
        self.begins = 0
        self.sounding = self.at < self.end and self.falls < fades.frames
        into = mix[:, begin : begin + count]
        if len(mix) == 1:
            np.multiply(piece, 0.5 * (self.left + self.right), out=piece)
            np.add(into[0], piece, out=into[0])
            return
        other = scratch[block : block + count]
        np.multiply(piece, self.left, out=other)
        np.add(into[0], other, out=into[0])
        np.multiply(piece, self.right, out=other)
        np.add(into[1], other, out=into[1])

    def fall(self, frame: int) -> None:
        """Let it fall silent from this frame of the coming block on."""
        if self.falls < 0:
            self.falls, self.falls_from = 0, max(frame, self.begins)

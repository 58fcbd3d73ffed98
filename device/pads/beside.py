"""Beside: the deck with pads next to it, as one player for the loop."""

import numpy as np

from device.audio.deck import Deck
from device.pads.mixer import Mixer
from device.rung import Rung


class Beside:
    """A `Player`: what the deck plays and what the pads play, within the ceiling."""

    def __init__(self, deck: Deck, mixer: Mixer) -> None:
        self._deck, self._mixer = deck, mixer
        self.sample_rate_hz, self.block_frames = deck.sample_rate_hz, deck.block_frames
        self.channels_in, self.channels_out = deck.channels_in, deck.channels_out
        self.peak_out, self.limited = 0.0, False

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One block, float32 [channels_in, block] to [channels_out, block]."""
        deck, mixer = self._deck, self._mixer
        deck.process(audio_in, audio_out, params)
        if mixer.add(audio_out, params):
            self.peak_out, self.limited = mixer.peak, mixer.limited or deck.limited
        else:
            self.peak_out, self.limited = deck.peak_out, deck.limited

    def reset(self) -> None:
        """The instrument's memory starts afresh, and the pads are silent."""
        self._deck.reset()
        self._mixer.reset()

    @property
    def peak_in(self) -> float:
        """Of the block last heard."""
        return self._deck.peak_in

    @property
    def repaired(self) -> bool:
        """Whether the instrument's last block had to be muted."""
        return self._deck.repaired

    @property
    def delay_frames(self) -> int:
        """The instrument's; the pads have none."""
        return self._deck.delay_frames

    @property
    def padding_frames(self) -> int:
        """The deck's."""
        return self._deck.padding_frames

    @property
    def rung(self) -> Rung:
        """The deck's."""
        return self._deck.rung

    @property
    def serial(self) -> int:
        """The deck's."""
        return self._deck.serial

    @property
    def swaps(self) -> int:
        """The deck's."""
        return self._deck.swaps

"""Sounds to play into the box where there is no card: a sound file, a tone, silence.

A file is read, brought to the engine's rate and channels whole, before the stream starts, so that
the loop never meets a file. soundfile and soxr are only imported when there is a file to read.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.audio.pcm import map_channels
from device.errors import AudioError

MAX_FILE_S = 1200
"""Twenty minutes: the whole file lies in memory."""
TONE_AMPLITUDE = 0.25


@dataclass(frozen=True)
class Sound:
    """`audio`: float32 [channels, frames]; `endless` sounds begin again where they end."""

    audio: np.ndarray
    endless: bool = False

    def fill(self, into: np.ndarray, start: int) -> None:
        """Copy the frames from `start` on to `into` [channels, frames], silence past the end."""
        length, wanted = self.audio.shape[1], into.shape[1]
        if self.endless:
            start %= length
        done = 0
        while done < wanted and start < length:
            count = min(wanted - done, length - start)
            into[:, done : done + count] = self.audio[:, start : start + count]
            done += count
            start = 0 if self.endless else start + count
        into[:, done:] = 0.0


def parse_sound(text: str, channels: int, sample_rate_hz: int) -> Sound:
    """`silence`, `tone`, `tone:HZ` or the path of a sound file.

    Raises:
        AudioError: if it is none of them.
    """
    if text == "silence":
        return silence(channels)
    name, _, frequency = text.partition(":")
    if name != "tone":
        return load_sound(Path(text), channels, sample_rate_hz)
    if not (frequency or "440").isdecimal():
        raise AudioError(f"{text} is no tone: give a whole number of Hz, such as tone:440")
    return tone(channels, sample_rate_hz, int(frequency or "440"))


def silence(channels: int) -> Sound:
    """Endless silence."""
    return Sound(np.zeros((channels, 4096), np.float32), endless=True)


def tone(channels: int, sample_rate_hz: int, frequency_hz: int = 440) -> Sound:
    """An endless sine at -12 dB. A whole number of Hz, so that one second of it closes on itself.

    Raises:
        AudioError: if the frequency is not between 1 Hz and half the sample rate.
    """
    if not 1 <= frequency_hz < sample_rate_hz / 2:
        raise AudioError(
            f"a tone of {frequency_hz} Hz cannot be made; 1 to {sample_rate_hz // 2 - 1} Hz can"
        )
    phase = 2.0 * np.pi * frequency_hz * np.arange(sample_rate_hz) / sample_rate_hz
    sine = (TONE_AMPLITUDE * np.sin(phase)).astype(np.float32)
    return Sound(np.tile(sine, (channels, 1)), endless=True)


def load_sound(path: Path, channels: int, sample_rate_hz: int) -> Sound:
    """Read a sound file as [channels, frames] at `sample_rate_hz`, resampled by soxr at need.

    A file cut short plays as far as it goes.

    Raises:
        AudioError: if it is missing, is no sound file, is empty, too long, or holds NaN or Inf.
    """
    import soundfile

    if not path.is_file():
        raise AudioError(f"there is no sound file {path}. Check the path.")
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz = file.samplerate
            if file.frames > MAX_FILE_S * rate_hz:
                raise AudioError(
                    f"{path} lasts {file.frames / rate_hz / 60:.0f} minutes; "
                    f"at most {MAX_FILE_S // 60} can be played. Cut it shorter."
                )
            frames = file.read(dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        if isinstance(error, AudioError):
            raise
        raise AudioError(
            f"{path} cannot be read as sound ({error}). WAV, FLAC and Ogg can; export it again."
        ) from None
    if not len(frames):
        raise AudioError(f"{path} holds no sound. Export it again.")
    if not np.isfinite(frames).all():
        raise AudioError(f"{path} holds values that are no numbers (NaN or Inf). Export it again.")
    if rate_hz != sample_rate_hz:
        import soxr

        frames = soxr.resample(frames, rate_hz, sample_rate_hz, quality="VHQ")
    audio = np.zeros((channels, len(frames)), np.float32)
    map_channels(np.ascontiguousarray(frames.T), audio)
    return Sound(audio)

"""The picture of a demonstration: what was heard, what was played, and what was moved meanwhile.

title
in   ▒▒░▒▒▒░░            the input's spectrogram, if there is one        │ scale
out  ▒▒▓▒▒▒▓▒▒▓▓▒        the output's; a thin line where a part begins   │ in dB
0    2    4    6 s
latent_bias_0  ──╱──╲__  a lane for every parameter that moves
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.demos import RATE_HZ
from models.demos.colours import colours
from models.demos.shown import Lane, Shown
from models.demos.spectrum import HIGH_HZ, LOW_HZ, spectrogram_db

LOW_DB, HIGH_DB = -90.0, -12.0
WIDTH = 1440
_LEFT, _RIGHT, _TOP = 176, 140, 92
_IN, _OUT, _LANE, _GAP = 150, 380, 26, 12
_PAPER, _INK, _FAINT, _LINE = (255, 255, 255), (30, 34, 40), (120, 126, 134), (31, 111, 139)
_TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_TICKS_DB = (-80, -60, -40, -20)
_COLOURS = colours(256)
_TEXT, _SMALL, _TITLE = (ImageFont.load_default(size) for size in (15, 13, 24))


def picture(shown: Shown) -> Image.Image:
    """Draw one demonstration; WIDTH points wide, as tall as it needs."""
    seconds = shown.played.shape[1] / RATE_HZ
    panels = [("plays", shown.played.mean(axis=0), _OUT)]
    if shown.heard is not None:
        panels.insert(0, ("hears", shown.heard, _IN))
    tall = _TOP + sum(height + _GAP for _, _, height in panels) + 40
    tall += len(shown.lanes) * _LANE + 16
    image = Image.new("RGB", (WIDTH, tall), _PAPER)
    canvas = ImageDraw.Draw(image)
    canvas.text((12, 36), shown.name, font=_TITLE, fill=_INK, anchor="ls")
    top = _TOP
    for word, sound, height in panels:
        _panel(image, canvas, word, sound, top, height)
        top += height + _GAP
    _scale(image, canvas, top - _GAP - _OUT)
    bottom = top - _GAP
    _seconds(canvas, seconds, bottom)
    top += 40
    for lane in shown.lanes:
        _lane(canvas, lane, seconds, top)
        top += _LANE
    _parts(canvas, shown, seconds, bottom, top)
    return image


def _across(at_s: float, seconds: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * at_s / seconds


def _panel(
    image: Image.Image,
    canvas: ImageDraw.ImageDraw,
    word: str,
    sound: np.ndarray,
    top: int,
    height: int,
) -> None:
    """A spectrogram with its frequencies on the left."""
    levels = spectrogram_db(sound, RATE_HZ, height, WIDTH - _LEFT - _RIGHT)
    shares = np.clip((levels[::-1] - LOW_DB) / (HIGH_DB - LOW_DB), 0.0, 1.0)
    image.paste(Image.fromarray(_COLOURS[np.round(255 * shares).astype(int)]), (_LEFT, top))
    canvas.text((12, top + height / 2), word, font=_TEXT, fill=_INK, anchor="lm")
    for hz in _TICKS_HZ[:: 1 if height > 200 else 3]:
        y = top + height * (1.0 - np.log(hz / LOW_HZ) / np.log(HIGH_HZ / LOW_HZ))
        words = f"{hz} Hz" if hz < 1000 else f"{hz // 1000} kHz"
        canvas.line((_LEFT - 6, y, _LEFT - 1, y), fill=_INK)
        canvas.text((_LEFT - 10, y), words, font=_SMALL, fill=_INK, anchor="rm")


def _scale(image: Image.Image, canvas: ImageDraw.ImageDraw, top: int) -> None:
    """Which colour is which level, beside the output."""
    left = WIDTH - _RIGHT + 18
    ramp = np.repeat(_COLOURS[np.linspace(255, 0, _OUT).astype(int)][:, None], 16, axis=1)
    image.paste(Image.fromarray(ramp), (left, top))
    for db in _TICKS_DB:
        y = top + _OUT * (HIGH_DB - db) / (HIGH_DB - LOW_DB)
        canvas.line((left + 16, y, left + 21, y), fill=_INK)
        canvas.text((left + 25, y), f"{db} dB", font=_SMALL, fill=_INK, anchor="lm")


def _seconds(canvas: ImageDraw.ImageDraw, seconds: float, top: int) -> None:
    """The axis of time below the output."""
    for at_s in range(int(seconds) + 1):
        x = _across(at_s, seconds)
        canvas.line((x, top, x, top + (6 if at_s % 2 == 0 else 3)), fill=_INK)
        if at_s % 2 == 0:
            canvas.text((x, top + 9), f"{at_s} s", font=_SMALL, fill=_INK, anchor="ma")


def _lane(canvas: ImageDraw.ImageDraw, lane: Lane, seconds: float, top: int) -> None:
    """One lane: its name on the left, its line or strokes, and the ends of its range."""
    foot, height = top + _LANE - 6, _LANE - 11
    canvas.text((_LEFT - 10, foot - height / 2), lane.label, font=_SMALL, fill=_INK, anchor="rm")
    canvas.line((_LEFT, foot + 2, WIDTH - _RIGHT, foot + 2), fill=(226, 229, 232))
    across = [_across(float(at_s), seconds) for at_s in lane.times_s]
    heights = [foot - height * float(share) for share in lane.heights]
    if lane.strikes:
        for x, y in zip(across, heights, strict=True):
            canvas.line((x, foot, x, y), fill=_LINE, width=3)
    else:
        canvas.line(list(zip(across, heights, strict=True)), fill=_LINE, width=2)
        right = WIDTH - _RIGHT + 8
        canvas.text((right, foot - height / 2), lane.range, font=_SMALL, fill=_FAINT, anchor="lm")


def _parts(
    canvas: ImageDraw.ImageDraw, shown: Shown, seconds: float, panels_foot: int, foot: int
) -> None:
    """What happens in each part, above it, and a line where it begins."""
    for row, part in enumerate(shown.parts):
        x = _across(part.at_s, seconds)
        if part.at_s > 0.0:
            canvas.line((x, _TOP - 14, x, panels_foot), fill=(235, 235, 235))
            canvas.line((x, panels_foot + 28, x, foot), fill=(205, 209, 213))
        y = _TOP - 8 - 18 * ((len(shown.parts) - 1 - row) % 2)
        canvas.text((x + 3, y), part.about, font=_TEXT, fill=_INK, anchor="ls")

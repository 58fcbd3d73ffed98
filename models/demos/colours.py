"""Colours for levels: equal steps of level are equal steps of lightness, to the eye.

Made in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020), whose L says
how light a colour looks. L rises in a straight line; the hue goes from blue over red to yellow, so
that those who see few hues, and printers without any, lose nothing. The chroma is taken back where
a screen has no such colour.
"""

import numpy as np

_DARK, _LIGHT = 0.14, 0.97
_HUES_DEG = (285.0, 465.0)
_CHROMA = 0.18
_TO_CONES = np.array([[1.0, 0.3963377774, 0.2158037573],
                      [1.0, -0.1055613458, -0.0638541728],
                      [1.0, -0.0894841775, -1.2914855480]])  # fmt: skip
_TO_LIGHT = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                      [-1.2684380046, 2.6097574011, -0.3413193965],
                      [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip


def colours(count: int) -> np.ndarray:
    """`count` colours from dark to light, uint8 [count, 3] in sRGB."""
    way = np.linspace(0.0, 1.0, count)
    lightness = _DARK + (_LIGHT - _DARK) * way
    hue = np.radians(np.interp(way, (0.0, 1.0), _HUES_DEG))
    chroma = _CHROMA * np.sin(np.pi * (0.08 + 0.84 * way))
    fits = np.zeros(count)
    # Halving, for every colour at once: the largest chroma that a screen can show.
    for step in 0.5 ** np.arange(12):
        wider = fits + step
        light = _light(lightness, chroma * wider, hue)
        fits = np.where(((light >= 0.0) & (light <= 1.0)).all(axis=1) & (wider <= 1.0), wider, fits)
    light = np.clip(_light(lightness, chroma * fits, hue), 0.0, 1.0)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255.0 * shown), np.uint8)


def _light(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Linear sRGB [count, 3] of colours in Oklab; outside 0..1 where a screen has none."""
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    return np.asarray((lab @ _TO_CONES.T) ** 3 @ _TO_LIGHT.T)

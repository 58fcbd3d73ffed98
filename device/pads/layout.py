"""How a shot is written down in numbers: the layout that the drum engine's network speaks.

    body      one sine that may fall: level (dB) and pitch (octaves over 20 Hz) at 48 times
    modes     8 sines that stay: place within their octave band, level (dB), decay (log10 seconds)
    noise     24 bands of noise: level (dB) at 48 times

The same as `models/drums/grid.py`, which belongs to training and not on the box; a test compares.
"""

import numpy as np

SAMPLE_RATE = 48_000
FRAMES = 96_000
TIMES, MODES, BANDS = 48, 8, 24
LATENTS, CLOUDS = 16, 6
FLOOR_DB = -80.0
CLASSES = ("kick", "snare", "hat", "tom", "clap", "cymbal", "perc")

TIME_S = 2.0 * (np.arange(TIMES) / (TIMES - 1)) ** 2.5
BAND_EDGES_HZ = np.geomspace(90.0, 20_000.0, BANDS + 1)
MODE_EDGES_HZ = np.geomspace(250.0, 12_000.0, MODES + 1)
BASE_HZ = 20.0
LOW_PLACES = 48
LOW_HZ = np.geomspace(30.0, 2_000.0, LOW_PLACES)

BODY_DB = slice(0, TIMES)
BODY_OCTAVES = slice(TIMES, 2 * TIMES)
MODE_PLACE = slice(2 * TIMES, 2 * TIMES + MODES)
MODE_DB = slice(MODE_PLACE.stop, MODE_PLACE.stop + MODES)
MODE_DECAY = slice(MODE_DB.stop, MODE_DB.stop + MODES)
NOISE_DB = slice(MODE_DECAY.stop, MODE_DECAY.stop + BANDS * TIMES)
SIZE = NOISE_DB.stop
FEATURES = BANDS * TIMES + LOW_PLACES

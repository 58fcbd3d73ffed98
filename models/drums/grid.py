"""How a shot is written down in numbers: the layout that analysis, network and synthesis share.

    body      one sine that may fall: level (dB) and pitch (octaves over 20 Hz) at 48 times
    modes     8 sines that stay: pitch within its own octave band, level (dB), decay (log seconds)
    noise     24 bands of noise: level (dB) at 48 times

Spectral modelling (Serra and Smith 1990) with a drum's parts in it. The times lie dense at the
attack, where a drum is told from another: 2 s * (k / 47)^2.5, so 0.1 ms, 0.7 ms, 2 ms, ...

`device/pads/shot.py` holds the same layout for the box, which has none of this; a test compares.
"""

import numpy as np

SAMPLE_RATE = 48000
FRAMES = 96000
TIMES = 48
MODES = 8
BANDS = 24
FLOOR_DB = -80.0

TIME_S = 2.0 * (np.arange(TIMES) / (TIMES - 1)) ** 2.5
BAND_EDGES_HZ = np.geomspace(90.0, 20000.0, BANDS + 1)
MODE_EDGES_HZ = np.geomspace(250.0, 12000.0, MODES + 1)

BODY_DB = slice(0, TIMES)
BODY_OCTAVES = slice(TIMES, 2 * TIMES)
MODE_PLACE = slice(2 * TIMES, 2 * TIMES + MODES)  # 0..1 between the mode's edges, logarithmic
MODE_DB = slice(MODE_PLACE.stop, MODE_PLACE.stop + MODES)
MODE_DECAY = slice(MODE_DB.stop, MODE_DB.stop + MODES)  # log10 of seconds to 1/e
NOISE_DB = slice(MODE_DECAY.stop, MODE_DECAY.stop + BANDS * TIMES)  # [band, time]
SIZE = NOISE_DB.stop
BASE_HZ = 20.0
"""Of the body's octaves."""

LOW_PLACES = 48
LOW_HZ = np.geomspace(30.0, 2000.0, LOW_PLACES)
FEATURES = BANDS * TIMES + LOW_PLACES
"""What the encoder is given: band levels at the times, and a fine spectrum of the lows."""

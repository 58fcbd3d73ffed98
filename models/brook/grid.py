"""Where brook's partials live: 160 places on the frequency axis, closer together at the bottom.

Neighbours stand 10 Hz plus 2 % apart, so the first partials of a low note and the first dozen of
any note have a place each, and above that the ear itself no longer tells them apart. A partial may
bend away from the middle of its place by three quarters of the way to the next one: places
overlap, and whatever glides is handed from one to the next.
"""

import numpy as np

PARTIALS = 160
LOWEST_HZ = 55.0
GAP_HZ = 10.0
GAP_SHARE = 0.02
REACH = 0.75  # of the gap: how far a partial may bend
HISSING = 96  # partials from the lowest that can also be noisy: up to 3.2 kHz


def centres_hz() -> np.ndarray:
    """The middle of each place [160] in Hz, 55 to 12 400."""
    offset = GAP_HZ / GAP_SHARE
    grown: np.ndarray = (LOWEST_HZ + offset) * (1 + GAP_SHARE) ** np.arange(PARTIALS) - offset
    return grown


def gaps_hz() -> np.ndarray:
    """The distance [160] in Hz from each middle to the next."""
    return GAP_HZ + GAP_SHARE * centres_hz()

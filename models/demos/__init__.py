"""Demonstrations of the shipped instruments: `make demos`, or `python -m models.demos brook`.

    scripts/NAME.json ─┬─► render (the engine that plays on stage) ─► NAME.wav ─► measures
    inputs.py ─► input ┘                                          └─► NAME.png

The scripts are timelines as anybody writes them for `ondine render` and `ondine play`; that of the
drums is a beat, with the acts of pads. Belongs to a checkout, not to a box: it draws with Pillow.
"""

NAMES = ("drift", "brook", "reed", "eddy", "hail")
"""The instruments, in the order in which they are shown."""
RATE_HZ = 48_000
"""Of all of them, and so of everything here."""

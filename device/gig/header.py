"""The 40-pin header: which of its pins is which of the processor's numbers.

The Raspberry Pi 4 and 5 have the same header; NVIDIA gave the Jetson developer kits one of the same
places and numbers (`JETSON_ORIN_NX_PIN_DEFS` of Jetson.GPIO 2.1.13).
"""

PHYSICAL = {
    2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16, 24: 18, 10: 19,
    9: 21, 25: 22, 11: 23, 8: 24, 7: 26, 0: 27, 1: 28, 5: 29, 6: 31, 12: 32, 13: 33, 19: 35,
    16: 36, 26: 37, 20: 38, 21: 40,
}  # fmt: skip
"""The processor's number of a pin (GPIO17 is 17) → its place on the header (11)."""

POWER = {1: "3.3 V", 17: "3.3 V", 2: "5 V", 4: "5 V"}
GROUND = (6, 9, 14, 20, 25, 30, 34, 39)


def place(pin: int) -> str:
    """Words for where a pin is: "GPIO17 (pin 11)"."""
    return f"GPIO{pin} (pin {PHYSICAL[pin]})" if pin in PHYSICAL else f"GPIO{pin}"

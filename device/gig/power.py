"""Power and heat, as far as the board tells: a weak supply makes the best model stutter."""

import subprocess
from collections.abc import Iterator

from device.board import temperature_c, throttling
from device.gig.finding import Finding
from device.gig.ground import Ground

HOT_C = 75.0
"""A Raspberry Pi slows down from 80 °C, and a stage is warmer than a rehearsal room."""


def power(ground: Ground) -> Iterator[Finding]:
    """Findings of throttling and temperature; none of what the board does not tell."""
    silent = False
    try:
        answer = ground.ask_firmware()
    except FileNotFoundError:
        answer = ""  # No Raspberry Pi.
    except (OSError, subprocess.SubprocessError):
        answer, silent = "", True
    found = throttling(ground.root, lambda: answer)
    if found is None:
        if silent or answer:
            yield Finding(
                "power",
                "worry",
                "vcgencmd does not answer, so a weak supply would go unnoticed. Put this user "
                "into the group video.",
            )
    elif found.now:
        yield Finding(
            "power",
            "worry",
            f"now: {', '.join(found.now)}. Use a better supply or cooling: blocks are late.",
        )
    elif found.since_start:
        yield Finding(
            "power",
            "worry",
            f"since it started: {', '.join(found.since_start)}. Use a better supply or cooling, "
            "and start the box again to see whether it helped.",
        )
    else:
        yield Finding("power", "fine", "no throttling since it started")
    celsius = temperature_c(ground.root)
    if celsius is not None:
        hot = celsius >= HOT_C
        advice = ": it will slow down soon. Give it air." if hot else ""
        yield Finding("heat", "worry" if hot else "fine", f"{celsius:.0f} °C{advice}")

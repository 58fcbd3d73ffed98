"""Lights: what each state of the box looks like, as a function of time.

starting    ▔▔▔▔▁▁▁▁▔▔▔▔▁▁▁▁    slow and even, once a second
playing     ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔    steady
recording   ▔▔▔▔▔▔▔▁▔▔▔▔▔▔▔▁    steady, with a wink every second
rung        ▔▁▔▁▁▁▁▁▔▁▔▁▁▁▁▁    as many flashes as rungs below the music, then a pause
trouble     ▔▁▔▁▔▁▔▁▔▁▔▁▔▁▔▁    fast, five times a second
leaving     ▔▔▔▔▔▔▔▔▁▁▁▁▁▁▁▁    very slow, every two seconds: the box is being switched off
"""

from collections.abc import Callable
from typing import Literal

State = Literal["off", "starting", "playing", "recording", "rung", "trouble", "leaving"]

_FLASH_S = 0.15
_PAUSE_S = 0.85


def lit(state: State, time_s: float, rung: int = 1) -> bool:
    """Whether a light is on, `time_s` after its state began; `rung` is how often it flashes."""
    match state:
        case "off":
            return False
        case "starting":
            return time_s % 1.0 < 0.5
        case "playing":
            return True
        case "recording":
            return time_s % 1.0 < 0.9
        case "rung":
            rung = max(rung, 1)
            into_s = time_s % (2 * _FLASH_S * rung + _PAUSE_S)
            return into_s < 2 * _FLASH_S * rung and into_s % (2 * _FLASH_S) < _FLASH_S
        case "trouble":
            return time_s % 0.2 < 0.1
        case "leaving":
            return time_s % 2.0 < 1.0


class Leds:
    """What the lights of a panel show; told in any thread, looked at by the thread that polls."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._shown: tuple[State, int, float] = ("off", 1, 0.0)

    def show(self, state: State, rung: int = 1) -> None:
        """Show a state from now on. `rung` is how far below the music the sound is, 1..4."""
        if (state, rung) != self._shown[:2]:
            self._shown = state, rung, self._clock()

    def lit(self, shows: tuple[str, ...], now_s: float) -> bool:
        """Whether a light that shows these states (none named: all) is on."""
        state, rung, since_s = self._shown
        # The light that tells that the box begins tells that it ends.
        named = "starting" if state == "leaving" else state
        return (not shows or named in shows) and lit(state, now_s - since_s, rung)

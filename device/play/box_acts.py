"""The few acts that are of no part in particular: what a stage needs a button for.

Over OSC they have had addresses of their own from the beginning (device/control/osc.py).
"""

from collections.abc import Callable

from device.play.acts import ActSpec, Argument, Do
from device.play.orders import Orders

PANIC = ActSpec("panic", "Mute, by a short fade.")
DEFAULTS = ActSpec("defaults", "Every parameter of the instrument back to its default.")
RESET = ActSpec("reset", "The model forgets what it heard.")
KEEP = ActSpec("keep", "Keep the last minutes as a take.")
LOAD = ActSpec("load", "Bring another instrument in.", (Argument("name"),))

BOX_ACTS = (PANIC, DEFAULTS, RESET, KEEP, LOAD)


def box_acts(
    orders: Callable[[], Orders],
    *,
    panic: Callable[[], None],
    defaults: Callable[[], None],
    reset: Callable[[], object],
) -> dict[ActSpec, Do]:
    """What these acts do. `orders` is asked when one is done: it is made of the acts itself."""

    def told(sentence: str, act: Callable[[], object]) -> Do:
        def do() -> str:
            act()
            return sentence

        return do

    return {
        PANIC: told("Muted. The output gain, or a scene, brings the sound back.", panic),
        DEFAULTS: told("Every parameter is at its default.", defaults),
        RESET: told("The model begins afresh.", reset),
        # These tell the screen themselves.
        KEEP: told("", lambda: orders().begin("keep")),
        LOAD: lambda name: told("", lambda: orders().load_named(str(name)))(),
    }

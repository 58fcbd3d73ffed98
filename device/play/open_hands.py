"""Opening what a player's hands are on: the panel, MIDI, and the port of other apps."""

import time
from collections.abc import Callable

from device.config import Profile
from device.control.desk import Desk
from device.control.dialect_server import DialectServer
from device.control.midi.source import MidiSource
from device.control.panel.keyboard import Keyboard
from device.control.panel.profile import AnalogProfile, PanelProfile
from device.control.panel.simulate import SimulatedWiring
from device.control.panel.source import PanelSource
from device.control.source import Reading, Source, Take
from device.errors import ControlError
from device.play.hands import Hands, SignalSource
from device.play.patching import choose_patch
from device.play.wish import Play

SIMULATED_KNOBS = 8
"""Of a panel that is simulated where the profile describes none."""


def open_hands(
    wish: Play, profile: Profile, desk: Desk, take: Take, say: Callable[[str], None]
) -> tuple[Hands, list[Source]]:
    """The hands, and what else has to be started with them: the keys of a simulated panel.

    Raises:
        ControlError: if the patch or the script of a simulated panel cannot be used.
    """
    panel = profile.panel
    wiring, keys = None, list[Source]()
    if wish.simulate is not None:
        panel = panel if _any(panel) else _eight_knobs()
        script = wish.simulate if wish.simulate.name else None
        wiring = SimulatedWiring(panel, time.monotonic, script)
        if script is None:
            keys.append(Keyboard(wiring, say))
    sources: list[SignalSource] = []
    if _any(panel):
        sources.append(PanelSource(panel, wiring))
    hands: list[Hands] = []

    def panic(why: str) -> None:
        """As /ondine/panic: the output to its lowest."""
        say(f"MIDI says {why}: the output is at its lowest.")
        gain = desk.specs["output_gain_db"]
        hands[0].take([Reading(gain.id, gain.minimum, False, "midi panic", time.monotonic())])

    if profile.midi.ports:
        sources.append(
            MidiSource(
                profile.midi,
                scene=lambda number: say(f"MIDI asks for scene {number + 1}: there are none yet."),
                panic=panic,
                say=say,
            )
        )
    sources += _apps(wish, profile, say)
    patch = choose_patch(wish.patch, panel, desk.specs)
    hands.append(Hands(patch, desk.specs, sources, take=take, values=desk.values, say=say))
    return hands[0], keys


def _apps(wish: Play, profile: Profile, say: Callable[[str], None]) -> list[SignalSource]:
    """The port for other apps, if one is asked for and can be had."""
    port = profile.apps.port if wish.apps_port is None else wish.apps_port
    if port < 0:
        return []
    try:
        server = DialectServer(wish.apps_host or profile.apps.host, port)
    except ControlError as error:
        say(f"Playing without other apps: {error}.")
        return []
    say(f"Other apps on {server.host} port {server.port}: Wekinator's inputs, hands, faces.")
    return [server]


def _any(panel: PanelProfile) -> bool:
    lists = (panel.knobs, panel.pedals, panel.encoders, panel.buttons)
    return any((*lists, panel.distances, panel.motions, panel.leds))


def _eight_knobs() -> PanelProfile:
    return PanelProfile(knobs=tuple(AnalogProfile(channel=i) for i in range(SIMULATED_KNOBS)))

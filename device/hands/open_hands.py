"""Opening what a player's hands are on: the panel, MIDI, and the port of other apps."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from device.config import Profile
from device.control.dialect_receiver import Obey
from device.control.dialect_server import DialectServer
from device.control.guests import guests_of
from device.control.midi.source import MidiSource
from device.control.panel.keyboard import Keyboard
from device.control.panel.profile import AnalogProfile, PanelProfile, named
from device.control.panel.simulate import SimulatedWiring
from device.control.panel.source import PanelSource
from device.control.source import Source, Take
from device.errors import ControlError
from device.hands.hands import Hands, SignalSource
from device.hands.parts import Stored
from device.hands.patching import read_patch, usual_patch
from device.params import ParamSpec
from device.play.wish import Play

SIMULATED_KNOBS = 8
"""Of a panel that is simulated where the profile describes none."""


@dataclass(frozen=True)
class Opened:
    """The hands, and what they are on; None for what is not there."""

    hands: Hands
    panel: PanelProfile
    keys: Sequence[Source]
    """The keys of a simulated panel, to be started with the hands."""
    panel_source: PanelSource | None
    midi: MidiSource | None


def open_hands(
    wish: Play,
    profile: Profile,
    stored: Stored,
    *,
    specs: Callable[[], Mapping[str, ParamSpec]],
    values: Callable[[], Mapping[str, float]],
    take: Take,
    press: Callable[[str], None],
    obey: Obey,
    say: Callable[[str], None],
) -> Opened:
    """The hands on everything that there is, by the patch that is asked for, stored, or usual.

    `press` is given the act of a button, or of a keyboard's program change; `obey` what other
    programs command.

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
    panel_source = PanelSource(panel, wiring) if _any(panel) else None
    if panel_source is not None:
        sources.append(panel_source)
    midi = None
    if profile.midi.ports:
        midi = MidiSource(
            profile.midi,
            scene=lambda number: press(f"scene/recall {number}"),
            panic=lambda why: press("panic"),
            say=say,
        )
        sources.append(midi)
    sources += _apps(wish, profile, stored, obey, say)
    if wish.patch is not None:
        patch = read_patch(wish.patch, specs())
    else:
        patch = stored.patch.read(specs()) or usual_patch(panel, specs())
    hands = Hands(
        patch,
        specs(),
        sources,
        take=take,
        values=values,
        say=say,
        press=press,
        buttons=named(panel.buttons, "button"),
    )
    return Opened(hands, panel, keys, panel_source, midi)


def _apps(
    wish: Play, profile: Profile, stored: Stored, obey: Obey, say: Callable[[str], None]
) -> list[SignalSource]:
    """The port for other apps, if one is asked for and can be had."""
    port = profile.apps.port if wish.apps_port is None else wish.apps_port
    if port < 0:
        return []
    try:
        server = DialectServer(
            wish.apps_host or profile.apps.host,
            port,
            obey=obey,
            see=stored.reducing.see,
            reductions=stored.reducing.reductions,
            guests=guests_of(profile.osc.allow),
        )
    except ControlError as error:
        say(f"Playing without other apps: {error}.")
        return []
    stored.apps = server
    say(f"Other apps on {server.host} port {server.port}: Wekinator's inputs, hands, faces.")
    return [server]


def _any(panel: PanelProfile) -> bool:
    lists = (panel.knobs, panel.pedals, panel.encoders, panel.buttons)
    return any((*lists, panel.distances, panel.motions, panel.leds))


def _eight_knobs() -> PanelProfile:
    return PanelProfile(knobs=tuple(AnalogProfile(channel=i) for i in range(SIMULATED_KNOBS)))

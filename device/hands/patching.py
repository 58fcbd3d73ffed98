"""Which patch is played: the one asked for, this user's own, or one that suits the panel."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from device.control.panel.profile import PanelProfile, named
from device.errors import ControlError
from device.mapping.conditioning import Conditioning
from device.mapping.patch import MAX_BYTES, Patch, decode_mapping
from device.mapping.routes import Route
from device.mapping.voices import voice_routes
from device.params import ParamSpec

OWN = ("dry_wet", "noise_amount", "input_gain_db", "output_gain_db")
"""What a panel moves besides the latents, which come first."""
PRESSES = (
    {"": "scene/next", "/long": "scene/save"},
    {"": "map/pair", "/long": "map/toggle"},
    {"": "map/random", "/long": "map/undo"},
    {"": "scene/previous", "/long": "panic"},
)
"""What the first momentary buttons of a panel do, pressed and held, in the order of the profile."""
POWER = {"power/long": "box/shutdown"}
"""A button that the profile names so is for nothing else; see `device.power`."""
WAYS = ("pitch", "roll")
"""Of a motion sensor, those in which a pose can be held."""
WHEEL, VOLUME = "midi/cc/1", "midi/cc/7"


def patch_file(environment: Mapping[str, str] = os.environ) -> Path:
    """This user's own patch."""
    config = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "ondine/patch.json"


def read_patch(path: Path, specs: Iterable[str]) -> Patch:
    """A patch from its file.

    Raises:
        ControlError: if it cannot be read, or is none, with everything that is wrong with it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ControlError(f"cannot read the patch {path}: {error.strerror}") from None
    try:
        return decode_mapping(data, specs)
    except ControlError as error:
        raise ControlError(f"the patch {path} cannot be used: {error}") from None


def usual_inputs(panel: PanelProfile) -> tuple[str, ...]:
    """What a learned map goes by if nobody says: sensors and pedals, else the first two knobs."""
    motions = [f"{name}/{way}" for name in named(panel.motions, "motion") for way in WAYS]
    sensors = [*named(panel.pedals, "pedal"), *named(panel.distances, "distance"), *motions]
    return tuple(sensors or named(panel.knobs, "knob")[:2])


def usual_patch(panel: PanelProfile, specs: Mapping[str, ParamSpec]) -> Patch:
    """Knobs move the latents in their order, then the instrument's own parameters, then the mix.

    A pedal moves dry/wet, a keyboard's wheel the first latent, its volume the output. Buttons are
    for scenes and the learned map, the fourth one for panic; one named power, held, switches off.
    """
    latents = [id for id in specs if id.startswith("latent_bias_")]
    own = [id for id in specs if id not in OWN and not id.startswith(("latent_", "morph/"))]
    voices = {route.target for route in voice_routes(specs)}  # keys play these
    own = [id for id in own if id != "limiter_ceiling_db" and id not in voices]
    knobs, pedals = named(panel.knobs, "knob"), named(panel.pedals, "pedal")
    targets = [*latents, *own, *OWN]
    routes = [Route(knob, target) for knob, target in zip(knobs, targets, strict=False)]
    routes += [Route(pedal, "dry_wet") for pedal in pedals]
    if latents:
        routes.append(Route(WHEEL, latents[0]))
    routes.append(Route(VOLUME, "output_gain_db"))
    routes += voice_routes(specs)
    controls = {name: Conditioning() for name in (*knobs, *pedals, WHEEL, VOLUME)}
    names = named(panel.buttons, "button")
    # A latching one is heard at every second press: it is a value, and no press.
    kinds = zip(names, panel.buttons, strict=True)
    momentary = [n for n, b in kinds if n != "power" and b.kind == "momentary"]
    buttons = zip(momentary, PRESSES, strict=False)
    presses = {f"{name}{how}": act for name, acts in buttons for how, act in acts.items()}
    if "power" in names:
        presses |= POWER
    return Patch(controls, tuple(routes), presses=presses)

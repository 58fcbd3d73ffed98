"""Hands on a tiny instrument, what learns controls for them, and a patch file in a real folder."""

import asyncio
import json

from device.control.panel.profile import AnalogProfile, ButtonProfile, PanelProfile
from device.control.signal import Signal
from device.hands.hands import Hands
from device.hands.learning import ControlLearning
from device.hands.movable import Movable
from device.hands.patch_file import own_patch_file
from device.hands.repatch import Repatch
from device.hands.settings import ControlSettings
from device.mapping.conditioning import Conditioning
from device.mapping.patch import Patch
from device.mapping.routes import Route
from device.params import specs_of
from device.play.acts import Acts
from tests.bundles import tiny_autoencoder

TINY = specs_of(tiny_autoencoder().manifest)
PANEL = PanelProfile(
    knobs=(AnalogProfile(channel=0), AnalogProfile(channel=1)), buttons=(ButtonProfile(pin=5),)
)
PATCH = Patch({"knob/1": Conditioning(smoothing_ms=0.0)}, (Route("knob/1", "latent_bias_0"),))


class Box:
    """What a player has in front of them; `do` is what OSC, a command or a button has done."""

    def __init__(self, folder, patch=PATCH, *, given=False):
        self.said, self.taken, self.now_s = [], [], 0.0
        self.path = folder / "ondine/patch.json"
        self.file = own_patch_file(self.path, self.said.append, given=given)
        values = {id: spec.default for id, spec in TINY.items()}
        self.hands = Hands(
            patch, TINY, [], take=self.taken.extend, values=lambda: values, say=self.said.append
        )
        movable = Movable(PANEL)
        repatch = Repatch(
            movable.panel,
            patch=lambda: self.hands.patch,
            change=self.hands.change,
            store=self.file.keep,
        )
        self.learning = ControlLearning(
            movable, repatch, targets=lambda: self.hands.specs, say=self.said.append
        )
        self.settings = ControlSettings(
            movable,
            repatch,
            learn_range=self.hands.learn_range,
            range_learned=self.hands.range_learned,
        )
        self.hands.raw_listeners += [repatch.hear, self.learning.hear]
        self.acts = Acts({**self.learning.acts(), **self.settings.acts()})

    def do(self, line, *arguments):
        name, *words = line.split()
        return asyncio.run(self.acts.do(name, [*words, *arguments]))

    def turn(self, name, *values):
        """Slowly: smoothing has arrived each time."""
        for value in values:
            self.now_s += 1.0
            self.hands.hear([Signal(name, value, self.now_s)])

    def sweep(self, name):
        self.turn(name, *(i / 20 for i in range(21)))

    @property
    def routes(self):
        return {(route.source, route.target) for route in self.hands.patch.routes}

    @property
    def stored(self):
        """What would be found at the next start."""
        self.file.close()
        return json.loads(self.path.read_bytes())

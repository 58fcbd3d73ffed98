"""A learned map among real hands, a real desk and a real table; time is what the test says."""

import asyncio
import functools
from pathlib import Path

import numpy as np

from device.bundle import open_bundle
from device.control.desk import Desk
from device.control.signal import Signal
from device.control.source import Reading
from device.hands.hands import Hands
from device.mapping.network import Plan
from device.mapping.patch import Patch
from device.mapping.routes import Route
from device.maps.learning import Learning
from device.params import ParamTable, specs_of
from device.play.acts import Acts

BUNDLES = Path(__file__).parents[3] / "models/bundles"
KNOBS = ("knob/1", "knob/2")
ROUTES = (
    Route("knob/1", "latent_bias_0"),
    Route("knob/2", "latent_bias_1"),
    Route("knob/3", "latent_bias_2"),
    Route("midi/bend", "latent_bias_3", mode="add", centre=0.5),
)


@functools.cache
def specs_named(name):
    return specs_of(open_bundle(BUNDLES / f"{name}.ondine").manifest)


class Stage:
    """Knobs are turned, acts are done, parameters are looked at."""

    def __init__(self, folder, *, usual=KNOBS, specs=None, plan=None):
        self.now = 0.0
        self.said = []
        specs = specs if specs is not None else specs_named("drift")
        self.desk = Desk(ParamTable(folder / "params", create=True), specs)
        self.hands = Hands(
            Patch({}, ROUTES),
            specs,
            [],
            take=self.desk.take,
            values=self.desk.values,
            say=self.said.append,
        )
        self.learning = Learning(
            self.hands.specs,
            take=self.hands.take,
            stands=self.hands.stands,
            rest=self.hands.rest,
            usual_inputs=usual,
            say=self.said.append,
            clock=lambda: self.now,
            chance=np.random.default_rng(1),
            plan=plan or Plan(steps=40),
        )
        self.hands.listeners.append(self.learning.hear)
        self.acts = Acts(self.learning.acts())

    def do(self, line):
        """As a button does it, on a loop of its own."""
        return asyncio.run(self.doing(line))

    async def doing(self, line):
        spec, arguments = self.acts.read(line)
        return await self.acts.do(spec.name, arguments)

    def hold(self, *values, names=KNOBS):
        """Turn knobs there, together."""
        signals = zip(names, values, strict=False)
        self.hands.hear([Signal(name, value, self.now) for name, value in signals])

    def glide(self, seconds=0.5, step_s=0.01):
        """Time goes on, step by step; what sounded after each."""
        heard = []
        for _ in range(round(seconds / step_s)):
            self.now += step_s
            self.learning.tick()
            heard.append(self.sound())
        return np.array(heard)

    def put(self, **values):
        """Somebody else's hand: OSC, in raw values."""
        self.hands.take([Reading(id, v, True, "osc", self.now) for id, v in values.items()])

    def raw(self, id):
        return self.desk.specs[id].raw(self.desk.value(id))

    def sound(self):
        """What sounds, raw, of every target of the map that the instrument has."""
        targets = self.learning.map.dataset.targets
        return np.array([self.raw(id) for id in targets if id in self.desk.specs])

    def answer(self, name):
        """What `/ondine/map` answers under this name."""
        found = dict(self.learning.answers())[f"/ondine/map/{name}"]
        return found[0] if len(found) == 1 else found

    def change(self, specs):
        """Another instrument."""
        self.desk.change(specs, 1)
        self.hands.play(specs)
        self.learning.play(self.hands.specs)

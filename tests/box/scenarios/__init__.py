"""What is done to a box: one function each, from an image that was started once to findings.

`SCENARIOS` has all of them in their order; those in `SHORT` suit CI.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.box.finding import Finding
from tests.box.scenarios.cards import cards
from tests.box.scenarios.kills import kills
from tests.box.scenarios.network import network
from tests.box.scenarios.panel import panel
from tests.box.scenarios.power import power, power_short
from tests.box.scenarios.rest import rest
from tests.box.scenarios.rights import rights
from tests.box.scenarios.sound import sound, sound_short
from tests.box.scenarios.stick import stick
from tests.box.scenarios.store import store
from tests.box.started import Started

Scenario = Callable[[Started, Path], list[Finding]]

SCENARIOS: Mapping[str, Scenario] = {
    "sound": sound,
    "kills": kills,
    "rights": rights,
    "store": store,
    "network": network,
    "cards": cards,
    "stick": stick,
    "panel": panel,
    "rest": rest,
    "power": power,
}
SHORT: Mapping[str, Scenario] = {"sound": sound_short, "kills": kills, "power": power_short}

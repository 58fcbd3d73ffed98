"""The power of this box: what a performance gives it."""

import datetime
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from device.control.desk import Desk
from device.control.source import Reading, Take
from device.params import ParamSpec
from device.paths import RunFolder
from device.play.company import is_unit
from device.power.first_day import belongings, go_back, spared
from device.power.power import Power

GAIN = "output_gain_db"


def open_power(
    folder: RunFolder,
    desk: Desk,
    take: Take,
    *,
    pending: Callable[[], bool],
    light: Callable[[bool], None],
    say: Callable[[str], None],
    environment: Mapping[str, str] = os.environ,
) -> Power:
    """Power that fades the desk's output gain, which `take` moves."""
    things = belongings(environment)
    # Beside the scenes: what is moved there stays on its disk, and is moved at once.
    state = things[0].parent

    def gain() -> ParamSpec:
        return desk.specs[GAIN]

    def first_day() -> str:
        return go_back(things, state, datetime.datetime.now())

    return Power(
        Path(folder.path),
        box=is_unit(environment),
        gain_db=lambda: desk.values()[GAIN],
        set_gain_db=lambda db: take([Reading(GAIN, db, False, "power", time.monotonic())]),
        least_db=gain().minimum,
        pending=pending,
        light=light,
        first_day=first_day,
        spared=lambda: spared(state),
        say=say,
    )

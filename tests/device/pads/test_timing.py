"""What a shot costs: told by class, by the clock that was given."""

import itertools
import json

import pytest

from device.pads.generator import Generator, shipped
from device.pads.layout import CLASSES
from device.pads.timing import main, timings


def test_every_shot_is_timed_by_the_clock() -> None:
    seconds = itertools.count()
    found = timings(Generator(shipped()), each=2, clock=lambda: float(next(seconds)))
    assert found == {name: [1000.0, 1000.0, 1000.0] for name in CLASSES}


@pytest.mark.slow
def test_it_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    told = json.loads(capsys.readouterr().out)
    assert all(0.0 < low <= middle <= high for low, middle, high in told.values())

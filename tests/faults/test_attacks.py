"""Every named attack: refused with the right sentence, in time and in memory, or harmless."""

from pathlib import Path

import numpy as np
import pytest

from device.admission.limits import MEMORY_BYTES
from device.admission.trial import Worker
from device.bundle import read_bundle
from device.engine.engine import Engine
from device.params import default_values
from tests.faults.attacks import ALL, MAX_S, attack_with
from tests.faults.evil.forge import Attack

HARMLESS = [attack for attack in ALL if not attack.word]
HARMFUL = [
    pytest.param(attack, id=attack.name, marks=[pytest.mark.slow] if attack.slow else [])
    for attack in ALL
    if attack.word
]


@pytest.fixture(scope="module")
def worker():
    with Worker() as worker:
        yield worker


def test_there_are_enough_and_each_has_a_name():
    names = [attack.name for attack in ALL]
    assert len(set(names)) == len(names) >= 40


@pytest.mark.parametrize("attack", HARMFUL)
def test_it_is_refused(attack: Attack, worker: Worker, tmp_path: Path):
    result = None
    for again in ("first", "second"):  # on a shared machine one may be held up for long
        (tmp_path / again).mkdir()
        result = attack_with(attack, tmp_path / again, worker)
        if result.wall_s <= MAX_S:
            break
    assert result is not None
    assert result.say, "it was let in"
    assert any(word in result.say for word in attack.word.split("|")), result.say
    assert result.wall_s <= MAX_S
    assert result.peak_bytes <= MEMORY_BYTES


@pytest.mark.parametrize("attack", HARMLESS, ids=lambda attack: attack.name)
def test_it_is_let_in_and_does_no_harm(attack: Attack, worker: Worker, tmp_path: Path):
    """The engine plays it: every block is finite and within the ceiling, with every knob turned."""
    result = attack_with(attack, tmp_path, worker)
    assert result.say == ""
    bundle = read_bundle(next(tmp_path.glob("*.ondine")))
    engine = Engine(bundle)
    params = default_values(bundle.manifest)
    random = np.random.default_rng(0)
    out = np.zeros((1, engine.block_frames), np.float32)
    for number in range(400):
        if number == 200:
            params[:] = 1.0
        sound = 0.1 * random.standard_normal((1, engine.block_frames), np.float32)
        engine.process(sound, out, params)
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= 1.0

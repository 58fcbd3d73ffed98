"""The beginning: what sounds is laid out whole, and before anything heavy is read."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from device.admission.known import mark, remember
from device.admission.layout import read_manifest_bytes
from device.config import Profile
from device.errors import ConfigError, ControlError
from device.mapping.disk import Folder
from device.mapping.last import write_last
from device.mapping.scene import Scene
from device.mapping.store import Store
from device.params import SERIAL, ParamTable, specs_of
from device.part import read_part
from device.paths import RunFolder
from device.play.begin import beginning
from device.play.company import AsUnit
from device.play.opening import begin_anew
from device.play.wish import Play

ROOT = Path(__file__).parents[3]
DRIFT = ROOT / "models/bundles/drift.ondine"
HEAVY = ("numpy", "onnxruntime", "alsaaudio", "asyncio", "multiprocessing", "logging", "http",
         "xml", "ssl", "rich", "pythonosc", "device.hands", "device.maps",
         "device.control.desk", "device.control.osc", "device.control.oscquery",
         "device.control.tosc", "device.control.midi.source", "device.show", "device.app",
         "device.play.parts", "device.play.child", "device.status")  # fmt: skip
"""What a box has no time for before its sound has begun."""
MOST_MODULES = 240
"""Python's own are 80 of them. A new import of a dozen modules has to be thought about."""


@pytest.fixture
def world():
    """A box: where what it is asked for, keeps and shares lies. The built-in one is known good."""
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        folder = Path(place)
        remember(folder / "state/ondine/admitted.json", mark(read_manifest_bytes(DRIFT)))
        yield {
            "XDG_RUNTIME_DIR": place,
            "XDG_STATE_HOME": f"{place}/state",
            "XDG_DATA_HOME": f"{place}/data",
            "HOME": place,
            "ONDINE_SCENES": f"{place}/scenes",
            "ONDINE_AUDIO": "unit",
            "ONDINE_PROFILE": str(ROOT / "hardware/pi4/profile.toml"),
        }


def begin(world, then, wish=""):
    """Begin in an interpreter of its own, as the service does; what `then` prints."""
    program = (
        "import sys\n"
        "import device.cli\n"
        "from device.config import load_profile\n"
        "from device.play.begin import beginning\n"
        "from device.play.wish import Play\n"
        f"with beginning(Play({wish}), load_profile()) as begun:\n    {then}\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program],
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), **world},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def save_scene(world, **values):
    scene = Scene(3, "Dawn", values={"dry_wet": 0.25, "output_gain_db": -6.0}, seed=11)
    disk = Folder(Path(world["ONDINE_SCENES"]))
    Store(disk, "here").save(dataclasses.replace(scene, **values))
    write_last(disk, 3)


def test_nothing_heavy_is_read_before_the_part_is_laid(world):
    save_scene(world)
    told = begin(world, "import json; print(json.dumps(sorted(sys.modules)))")
    read = json.loads(told)
    assert [name for name in HEAVY if name in read] == []
    assert len(read) <= MOST_MODULES, f"{len(read)} modules are read before it sounds"


def test_the_part_and_its_table_are_there_when_it_has_begun(world):
    save_scene(world)
    begin(world, "pass")
    folder = RunFolder(Path(world["XDG_RUNTIME_DIR"]) / "ondine")
    part = read_part(folder)
    assert part is not None
    given = dict(zip(part.arguments, part.arguments[1:], strict=False))
    assert (given["--bundle"], given["--seed"]) == (str(DRIFT), "11")
    assert "--patient" in part.arguments
    assert "--start" not in given
    values = ParamTable(folder.params).values()
    specs = specs_of(admit(DRIFT))
    own = {id: values[spec.slot] for id, spec in specs.items()}
    assert (own["dry_wet"], own["output_gain_db"]) == (0.25, -6.0)
    others = [id for id in specs if id not in ("dry_wet", "output_gain_db")]
    assert [own[id] for id in others] == [np.float32(specs[id].default) for id in others]
    assert values[SERIAL] == float(given["--serial"])


def test_what_a_scene_remembers_is_handed_on_and_what_is_damaged_is_said(world):
    save_scene(world, caches="0" * 64)
    told = begin(world, "print(begun.notes)")
    assert "caches of scene 3" in told
    part = read_part(RunFolder(Path(world["XDG_RUNTIME_DIR"]) / "ondine"))
    assert part is not None
    assert "--start" not in part.arguments


def test_a_wrong_wish_leaves_everything_as_it_is(world):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.items():
            patch.setenv(name, value)
        wish = Play(model="drift", settings=("no_such=1",))
        with pytest.raises(ControlError, match="no_such"), beginning(wish, Profile()):
            pass
        assert not (Path(world["XDG_RUNTIME_DIR"]) / "ondine/params").exists()


def test_only_one_begins(world):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.items():
            patch.setenv(name, value)
        another = pytest.raises(ConfigError, match="already playing")
        with beginning(Play(), Profile()), another, beginning(Play(), Profile()):
            pass
        with beginning(Play(), Profile()) as begun:
            assert begun.opening.playing.name == "drift"


def test_what_plays_already_is_not_laid_again():
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place))
        opening = begin_anew(Play(model=str(DRIFT), card="none"), Profile(), admit)
        box = AsUnit(folder, Profile())
        box.begin(dataclasses.replace(opening, audio=object()), None)
        assert read_part(folder) is None
        box.begin(opening, Path("/run/start-0.npz"))
        part = read_part(folder)
        assert part is not None
        assert part.arguments[part.arguments.index("--start") + 1] == "/run/start-0.npz"
        # What comes in later does not begin with what another remembered.
        box.plays(dataclasses.replace(opening.playing, serial=2))
        part = read_part(folder)
        assert part is not None
        assert "--start" not in part.arguments
        assert part.arguments[part.arguments.index("--serial") + 1] == "2"


def test_a_run_folder_that_cannot_be_written_to_is_said_later(tmp_path):
    opening = begin_anew(Play(model=str(DRIFT), card="none"), Profile(), admit)
    AsUnit(RunFolder(tmp_path / "gone"), Profile()).begin(opening, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be in a hurry")
def test_who_was_in_a_hurry_is_not_any_more(world):
    def nice():
        os.setpriority(os.PRIO_PROCESS, 0, -10)

    program = (
        "import os; from device.play.begin import beginning; from device.play.wish import Play\n"
        "from device.config import Profile\n"
        "with beginning(Play(), Profile()): print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **world, "PYTHONPATH": str(ROOT)},
        preexec_fn=nice, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "0", done.stderr


def admit(path):
    from device.bundle import open_bundle

    return open_bundle(path).manifest

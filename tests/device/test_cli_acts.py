"""Acts from a terminal: what is asked of what plays, and what is said where nothing does."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from device.cli_acts import GROUPS, group_of
from device.control.control_socket import ControlSocket
from device.errors import ControlError
from device.mapping.disk import Folder
from device.mapping.last import write_last
from device.mapping.scene import Scene
from device.mapping.store import Store
from device.maps.acts import MAP_ACTS
from device.scenes.acts import MORPH_ACTS, SCENE_ACTS

HEAVY = ("numpy", "onnxruntime", "rich", "soundfile", "pythonosc")


@pytest.fixture
def world():
    """A home and a run folder of its own; not pytest's: a Unix socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        (Path(place) / "ondine").mkdir(mode=0o700)
        yield Path(place)


def environment(world):
    own = {name: str(world) for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "HOME")}
    return {**os.environ, **own, "ONDINE_SCENES": str(world / "scenes")}


def ondine(world, *arguments, code="from device.cli import main; main()"):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(world),
        capture_output=True,
        text=True,
        timeout=60,
    )


class Performance:
    """Something that plays: it answers on the control socket, and notes what it was asked."""

    def __init__(self, world):
        self.asked, self.sentence = [], "Done."
        self._loop = asyncio.new_event_loop()
        self._socket = ControlSocket(world / "ondine/control.sock", self._obey)
        self._socket.start(self._loop, lambda readings: None)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    async def _obey(self, request):
        self.asked.append(request)
        if isinstance(self.sentence, ControlError):
            raise self.sentence
        return self.sentence

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._socket.close()
        self._loop.close()


@pytest.fixture
def playing(world):
    playing = Performance(world)
    yield playing
    playing.close()


def ask(world, group, *arguments):
    """A command in this process; what it printed."""
    ran = CliRunner(env=environment(world)).invoke(group_of(group), arguments)
    if isinstance(ran.exception, ControlError):
        raise ran.exception
    return ran.exit_code, ran.output


def test_help_of_acts_needs_no_heavy_library(world):
    code = (
        "import contextlib, sys; from device.cli import cli\n"
        f"for group in {tuple(GROUPS)}:\n"
        "    for arguments in ([group, '--help'], [group, '-h']):\n"
        "        with contextlib.suppress(SystemExit): cli(arguments)\n"
        "with contextlib.suppress(SystemExit): cli(['scene', 'recall', '--help'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    ran = ondine(world, code=code)
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[-1] == "[]"
    assert "Its number, 0..127, or its name." in ran.stdout


def test_where_nothing_plays_one_sentence_is_said_and_the_exit_code_is_1(world):
    ran = ondine(world, "scene", "recall", "3")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "ondine: nothing is playing here. Start with: ondine play.\n"


def test_what_is_asked_wrongly_ends_with_2(world):
    ran = ondine(world, "scene", "recall")
    assert ran.returncode == 2
    assert "SCENE" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("group", GROUPS)
def test_every_act_of_a_group_is_a_command_with_help(world, group):
    commands = group_of(group).commands
    assert commands
    for name, command in commands.items():
        assert "/" not in name
        assert command.get_short_help_str()
        code, out = ask(world, group, name, "--help")
        assert (code, out.split(":")[0]) == (0, "Usage")


def test_commands_are_made_of_the_acts(world):
    assert set(group_of("morph").commands) == {s.name.partition("/")[2] for s in MORPH_ACTS}
    names = {spec.name.partition("/")[2] for spec in SCENE_ACTS}
    assert set(group_of("scene").commands) == names | {"list"}
    assert len(group_of("map").commands) == len(MAP_ACTS)


@pytest.mark.parametrize(
    ("group", "arguments", "asked"),
    [
        ("scene", ["save"], ("scene/save", [])),
        ("scene", ["save", "7", "Blue glass"], ("scene/save", ["7", "Blue glass"])),
        ("scene", ["next"], ("scene/next", [])),
        ("morph", ["line", "1", "2", "dusk"], ("morph/line", ["1", "2", "dusk"])),
        ("morph", ["without"], ("morph/without", [])),
        ("morph", ["curve", "-0.5"], ("morph/curve", ["-0.5"])),
        ("morph", ["curve", "-1"], ("morph/curve", ["-1"])),
        ("morph", ["glide", "1e-3"], ("morph/glide", ["1e-3"])),
        ("scene", ["save", "--", "-h"], ("scene/save", ["-h"])),
    ],
)
def test_a_command_asks_for_its_act_with_what_was_typed(world, playing, group, arguments, asked):
    assert ask(world, group, *arguments) == (0, "Done.\n")
    name, given = asked
    assert playing.asked == [{"command": "act", "name": name, "arguments": given}]


def test_a_refusal_is_said_as_it_came(world, playing):
    playing.sentence = ControlError("there is no scene 3; there are 1, 2")
    with pytest.raises(ControlError, match=r"^there is no scene 3; there are 1, 2$"):
        ask(world, "scene", "recall", "3")


def test_more_than_fits_is_refused_here(world, playing):
    with pytest.raises(ControlError, match="at most 4096 fit"):
        ask(world, "scene", "save", "3", "a" * 5000)
    assert playing.asked == []


def test_a_file_is_named_whole_for_what_plays_is_elsewhere(world, playing):
    files = [s for s in MAP_ACTS if any(a.name == "file" for a in s.arguments)]
    assert files
    assert all(spec.local for spec in files)
    for spec in files:
        playing.asked.clear()
        ask(world, "map", spec.name.partition("/")[2].replace("/", "-"), "here.json")
        assert playing.asked[0]["arguments"] == [str(Path("here.json").resolve())]


def test_scenes_are_listed_without_anything_that_plays(world):
    code, out = ask(world, "scene", "list")
    assert (code, "There are no scenes yet" in out) == (0, True)
    disk = Folder(world / "scenes")
    store = Store(disk, "/scenes")
    store.save(Scene(3, "Dawn [/]", "gl\x1bass", learned={"map": 1}))
    store.save(Scene(12, "Dusk", "bells"))
    write_last(disk, 12)
    (world / "scenes/scene-020.json").write_text("damaged")
    code, out = ask(world, "scene", "list")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("Scene 20 is damaged and was set aside")
    assert [line.split() for line in lines if "Dawn" in line] == [
        ["3", "Dawn", "[/]", "gl", "ass", "a", "map"]
    ]
    assert [line.split() for line in lines if "Dusk" in line] == [["on", "12", "Dusk", "bells"]]
    assert json.loads((world / "scenes/last.json").read_text()) == {"number": 12}

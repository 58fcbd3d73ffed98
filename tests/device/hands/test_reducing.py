"""Signals learned from a player's own movements: frames over a real socket, files in a folder."""

import asyncio
import errno
import json
import math
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from device.control.dialect_server import DialectServer
from device.control.reduction import USUAL
from device.errors import ControlError
from device.hands.own_file import OwnFile
from device.hands.reducing import FILE, MAX_BYTES, MOST_NAMES, MOST_REDUCTIONS, Reducing
from device.mapping.disk import Folder
from device.play.acts import Acts
from tests.device.control.app_packets import facemesh, hand, mediapipe_hands
from tests.device.mapping.crashes import MemoryDisk

ROOT = Path(__file__).parents[3]
BOUND_S = 10.0


class Stage:
    """Reducing without a server: frames are seen as they are given."""

    def __init__(self, disk):
        self.said, self.by = [], []
        file = OwnFile(disk, FILE, "your reductions", MAX_BYTES)
        self.reducing = Reducing(file, reduce_by=self.by.append, say=self.said.append)
        self.reducing.read()
        self.acts = Acts(self.reducing.acts())

    def do(self, line, *arguments):
        name, *words = line.split()
        return asyncio.run(self.acts.do(name, [*words, *arguments]))

    def move(self, name="hand/left", ways=2, count=60, points=21):
        rest = np.full((points, 3), 0.5)
        for i in range(count):
            frame = rest.copy()
            for way in range(ways):
                frame[way, 0] += 0.3 / (way + 1) * math.sin(i * (way + 1) * 0.4)
            self.reducing.see(name, frame)


@pytest.fixture
def stage(tmp_path):
    return Stage(Folder(tmp_path / "ondine"))


class Camera:
    """A box that listens on a real port, and the app that sends hands to it."""

    def __init__(self, folder):
        self.heard, self._happened = {}, asyncio.Event()
        file = OwnFile(Folder(folder), FILE, "your reductions", MAX_BYTES)
        self.reducing = Reducing(
            file, reduce_by=lambda by: self.server.reduce_by(by), say=pytest.fail
        )
        self.reducing.read()
        self.acts = Acts(self.reducing.acts())
        self.server = DialectServer(
            "127.0.0.1", 0, see=self.reducing.see, reductions=self.reducing.reductions
        )
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wire.connect(("127.0.0.1", self.server.port))

    def hear(self, signals):
        self.heard = {signal.name: signal.value for signal in signals}
        self._happened.set()

    async def send(self, packet):
        self._happened.clear()
        self._wire.send(packet)
        await asyncio.wait_for(self._happened.wait(), BOUND_S)
        return self.heard

    async def hand_at(self, x):
        return await self.send(mediapipe_hands(hand(x=x)))

    def run(self, scene):
        async def main():
            self.server.start(asyncio.get_running_loop(), self.hear)
            return await scene()

        try:
            return asyncio.run(main())
        finally:
            self.server.close()
            self._wire.close()


def test_over_a_socket_a_hand_becomes_what_it_was_seen_to_do(tmp_path):
    camera = Camera(tmp_path)

    async def learn():
        await camera.acts.do("reduce/begin", ["hand/1"])
        for i in range(20):
            assert "hand/1/pca_1" not in await camera.hand_at(0.2 + 0.02 * i)
        said = await camera.acts.do("reduce/learn", ["hand/1", 1])
        assert said == "hand/1 is hand/1/pca_1 now, and as before."
        return [(await camera.hand_at(x))["hand/1/pca_1"] for x in (0.2, 0.58)]

    ends = camera.run(learn)
    assert sorted(ends) == pytest.approx([0.0, 1.0], abs=1e-3)
    assert "hand/1/pinch" in camera.heard

    again = Camera(tmp_path)

    async def play():
        ends = [(await again.hand_at(x))["hand/1/pca_1"] for x in (0.2, 0.58)]
        await again.acts.do("reduce/forget", ["hand/1"])
        assert "hand/1/pca_1" not in await again.hand_at(0.3)
        return ends

    assert again.run(play) == pytest.approx(ends, abs=1e-6)
    assert json.loads((tmp_path / FILE).read_bytes()) == []


def test_two_components_if_none_are_asked_for_and_learning_again_replaces(stage):
    assert stage.do("reduce/begin hand/left").startswith("Move hand/left in all the ways")
    stage.move()
    assert stage.do("reduce/learn hand/left") == (
        "hand/left is hand/left/pca_1, hand/left/pca_2 now, and as before."
    )
    stage.do("reduce/begin hand/left")
    stage.move(ways=3)
    stage.do("reduce/learn hand/left 3")
    assert stage.by[-1] == stage.reducing.reductions
    assert [len(each.signals) for each in stage.reducing.reductions[len(USUAL) :]] == [3]


def test_after_too_little_movement_it_is_captured_on(stage):
    stage.do("reduce/begin hand/left")
    stage.move(ways=1)
    with pytest.raises(ControlError, match="move in 1 ways only"):
        stage.do("reduce/learn hand/left 2")
    assert stage.by == []
    stage.move(ways=2)
    stage.do("reduce/learn hand/left 2")


def test_frames_of_other_names_do_not_count(stage):
    stage.do("reduce/begin hand/left")
    stage.move("hand/right")
    with pytest.raises(ControlError, match=r"no frame of hand/left has come since reduce/begin"):
        stage.do("reduce/learn hand/left")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "reduce/begin hand/letf",
            "no frames called 'hand/letf' have come; did you mean hand/left",
        ),
        ("reduce/begin", "was given 0 arguments"),
        ("reduce/learn hand/right", "nothing of 'hand/right' was captured; begin with"),
        ("reduce/learn hand/left 0", "1 to 8 can be"),
        ("reduce/learn hand/left 9", "1 to 8 can be"),
        ("reduce/learn hand/left 1.5", "1 to 8 can be"),
        ("reduce/learn hand/left many", "send a number"),
        ("reduce/learn hand/left nan", "send a number"),
        ("reduce/learn hand/left 2 3", "was given 3 arguments"),
        ("reduce/forget hand/left", "nothing was learned of 'hand/left'"),
    ],
)
def test_bad_orders_are_refused(stage, line, sentence):
    stage.do("reduce/begin hand/left")
    stage.move()
    with pytest.raises(ControlError, match=sentence):
        stage.do(line)
    assert stage.by == []


def test_strange_names_cannot_steer_a_terminal(stage):
    for act in ("reduce/begin", "reduce/learn", "reduce/forget"):
        with pytest.raises(ControlError) as caught:
            stage.do(act, "\x1b[2J" + "x" * 4000)
        assert "\x1b" not in str(caught.value)
        assert len(str(caught.value)) < 300


def test_one_at_a_time(stage):
    async def scene():
        stage.reducing.begin("hand/left")
        stage.move()
        first = asyncio.create_task(stage.reducing.learn("hand/left"))
        await asyncio.sleep(0)
        with pytest.raises(ControlError, match="just now"):
            stage.reducing.begin("hand/left")
        stage.move(ways=3)  # frames go on to come, and disturb nothing
        await first

    asyncio.run(scene())
    assert len(stage.by) == 1


BAD = {
    "empty": b"",
    "half of one": b'[{"of": "hand/left", "by": {"kind": "pi',
    "no text": b"\xff\xfe",
    "another shape": b"{}",
    "an unknown kind": b'[{"of": "hand/left", "by": {"kind": "pac"}}]',
    "no reducer": b'[{"of": "hand/left"}]',
    "a bad name": b'[{"of": "Hand Left", "by": {"kind": "centre"}}]',
    "damaged pca": b'[{"of": "hand/left", "by": {"kind": "pca", "shape": [21, 3], "mean": [1], '
    b'"components": [[1]], "lowest": [0], "highest": [1]}}]',
    "not finite": b'[{"of": "hand/left", "by": {"kind": "scale", "full": NaN}}]',
    "twice the same": b'[{"of": "hand/left", "by": {"kind": "scale"}}, '
    b'{"of": "hand/left", "by": {"kind": "scale"}}]',
    "too many": b"[" + b",".join([b"7"] * (MOST_REDUCTIONS + 1)) + b"]",
    "deep": b"[" * 100_000,
    "long": b" " * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_reductions_are_set_aside_and_the_usual_ones_play(tmp_path, name):
    (tmp_path / FILE).write_bytes(BAD[name])
    stage = Stage(Folder(tmp_path))
    assert stage.reducing.reductions == USUAL
    assert len(stage.said) == 1
    assert stage.said[0].startswith("Your reductions cannot be used: ")
    assert stage.said[0].endswith("They were set aside as reductions.json.damaged.")
    assert (tmp_path / "reductions.json.damaged").read_bytes() == BAD[name]


def test_reductions_that_a_player_wrote_take_the_place_of_usual_ones_of_that_name(tmp_path):
    own = [
        {
            "of": "hand/left",
            "by": {"kind": "distance", "a": 4, "b": 12},
            "names": ["hand/left/pinch"],
        }
    ]
    (tmp_path / FILE).write_text(json.dumps(own))
    stage = Stage(Folder(tmp_path))
    names = [name for each in stage.reducing.reductions for name in each.signals]
    assert names.count("hand/left/pinch") == 1
    assert len(names) == len(set(names))
    assert stage.reducing.answers()[-1] == (
        "/ondine/reduce/own",
        ["hand/left", "distance", "hand/left/pinch"],
    )
    stage.do("reduce/begin hand/left")
    stage.move()
    stage.do("reduce/learn hand/left")
    assert len(json.loads((tmp_path / FILE).read_bytes())) == 2
    stage.do("reduce/forget hand/left")
    assert [each["by"]["kind"] for each in json.loads((tmp_path / FILE).read_bytes())] == [
        "distance"
    ]


def test_those_of_the_manual_can_be_used(tmp_path):
    text = (ROOT / "docs/dialects.md").read_text()
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    (tmp_path / FILE).write_text(next(block for block in blocks if '"of"' in block))
    stage = Stage(Folder(tmp_path))
    assert stage.said == []
    assert len(stage.reducing.answers()) == 1 + 4


def test_where_the_disk_refuses_it_is_played_and_said():
    stage = Stage(disk := MemoryDisk())
    stage.do("reduce/begin hand/left")
    stage.move()
    disk.refuses = errno.ENOSPC
    with pytest.raises(ControlError, match="the disk is full"):
        stage.do("reduce/learn hand/left")
    assert len(stage.by) == 1


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path):
    (tmp_path / FILE).mkdir()
    stage = Stage(Folder(tmp_path))
    assert stage.said[0].startswith("Playing without your reductions: cannot read")
    stage.do("reduce/begin hand/left")
    stage.move()
    with pytest.raises(ControlError, match="played, but not stored"):
        stage.do("reduce/learn hand/left")
    assert len(stage.by) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_names_of_frames_are_bounded_and_told(stage):
    for i in range(1000):
        stage.reducing.see(f"frame/{i}", np.zeros((3, 2)))
    assert len(stage.reducing.answers()) == MOST_NAMES + 1
    assert stage.reducing.answers()[0] == ("/ondine/reduce/frame", ["frame/0", 3, 2])
    stage.do("reduce/begin frame/7")
    stage.reducing.see("frame/7", np.zeros((3, 2)))
    assert stage.reducing.answers()[-1] == ("/ondine/reduce/capturing", ["frame/7", 1])


def test_a_face_mesh_is_learned_too(tmp_path):
    camera = Camera(tmp_path)

    async def scene():
        camera.reducing.begin("face/mesh")
        for i in range(30):
            await camera.send(facemesh([(0.3 + 0.01 * i, 0.5)] * 400 + [(0.1, 0.1)] * 68))
        await camera.reducing.learn("face/mesh", 1)

    camera.run(scene)
    assert camera.reducing.reductions[-1].signals == ("face/mesh/pca_1",)

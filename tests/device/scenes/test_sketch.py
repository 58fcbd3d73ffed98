"""What was wired and not saved: written a while after it was changed, read by the next process."""

import asyncio
import json

import pytest

from device.scenes.sketch import AFTER_S, MAX_BYTES, Sketch, Sketching, read_sketch

SKETCH = Sketch(3, {"routes": [{"source": "knob/1", "target": "dry_wet"}]}, {"map": {"a": 1}})


class PassedLoop(asyncio.SelectorEventLoop):
    """A loop whose time is passed in."""

    now_s = 1000.0

    def time(self):
        return self.now_s


def run(scene):
    async def main():
        loop = asyncio.get_running_loop()

        async def passes(seconds):
            loop.now_s += seconds
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        await scene(passes)

    with asyncio.Runner(loop_factory=PassedLoop) as runner:
        runner.run(main())


def test_changes_that_come_together_are_written_once_a_while_after(tmp_path):
    asked = []
    sketching = Sketching(tmp_path / "sketch.json", lambda: asked.append(1) or SKETCH)

    async def scene(passes):
        sketching.changed()
        await passes(AFTER_S / 2)
        sketching.changed()
        assert (asked, sketching.path.exists()) == ([], False)
        await passes(AFTER_S / 2)
        assert asked == [1]
        sketching.changed()
        await passes(AFTER_S)

    run(scene)
    assert asked == [1, 1]
    assert read_sketch(sketching.path) == SKETCH
    assert [path.name for path in tmp_path.iterdir()] == ["sketch.json"]


def test_a_good_end_takes_it_away_and_what_was_due_is_not_written(tmp_path):
    sketching = Sketching(tmp_path / "sketch.json", lambda: SKETCH)

    async def scene(passes):
        sketching.changed()
        await passes(AFTER_S)
        sketching.changed()
        sketching.close()
        await passes(AFTER_S)

    run(scene)
    sketching.close()
    assert read_sketch(sketching.path) is None


def test_a_folder_that_cannot_be_written_costs_the_sketch_only(tmp_path):
    sketching = Sketching(tmp_path / "none/sketch.json", lambda: SKETCH)

    async def scene(passes):
        sketching.changed()
        await passes(AFTER_S)

    run(scene)
    assert read_sketch(sketching.path) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 60_000,
        b'{"on": "3"}',
        b'{"on": 3, "more": 1}',
        b'{"mapping": []}',
        json.dumps({"learned": {"a": "b" * MAX_BYTES}}).encode(),
    ],
)
def test_what_is_no_sketch_is_none(tmp_path, data):
    (tmp_path / "sketch.json").write_bytes(data)
    assert read_sketch(tmp_path / "sketch.json") is None

"""The queue of hits: order, loss of the oldest, and what is refused."""

from pathlib import Path

import pytest

from device.errors import AudioError
from device.pads.hits import ALL, ROOM, Hits


@pytest.fixture
def both(tmp_path: Path) -> tuple[Hits, Hits]:
    """Control's end and the loop's."""
    written = Hits(tmp_path / "hits", create=True)
    return written, Hits(tmp_path / "hits")


def test_hits_come_out_in_order_and_once(both: tuple[Hits, Hits]) -> None:
    control, loop = both
    for n in range(5):
        control.hit(n, n / 5, 10.0 + n)
    found = []
    while loop.peek():
        assert loop.peek()  # looking takes nothing away
        found.append((loop.pad, loop.velocity, loop.when_s))
        loop.take()
    assert found == [(n, n / 5, 10.0 + n) for n in range(5)]


def test_a_reader_that_was_away_loses_the_oldest_and_counts_them(both: tuple[Hits, Hits]) -> None:
    control, loop = both
    for n in range(ROOM + 100):
        control.hit(0, 1.0, float(n))
    found = []
    while loop.peek():
        found.append(loop.when_s)
        loop.take()
    assert loop.lost + len(found) == ROOM + 100
    assert found == [float(n) for n in range(loop.lost, ROOM + 100)]
    assert loop.lost == 101


def test_a_loop_that_comes_back_does_not_play_what_is_over(both: tuple[Hits, Hits]) -> None:
    control, _ = both
    control.hit(0, 1.0, 1.0)
    late = Hits(control.path)
    assert not late.peek()
    control.hit(ALL, 0.0, 2.0)
    assert late.peek()
    assert (late.pad, late.velocity) == (ALL, 0.0)


def test_control_that_comes_back_goes_on_counting(both: tuple[Hits, Hits]) -> None:
    control, loop = both
    control.hit(0, 1.0, 1.0)
    Hits(control.path).hit(1, 1.0, 2.0)
    found = []
    while loop.peek():
        found.append(loop.pad)
        loop.take()
    assert found == [0, 1]


@pytest.mark.parametrize(
    ("velocity", "when_s"),
    [(1.1, 0.0), (-0.1, 0.0), (float("nan"), 0.0), (0.5, float("nan")), (0.5, float("inf"))],
)
def test_what_is_no_hit_is_refused(both: tuple[Hits, Hits], velocity: float, when_s: float) -> None:
    control, loop = both
    with pytest.raises(AudioError):
        control.hit(0, velocity, when_s)
    assert not loop.peek()


@pytest.mark.parametrize("content", [b"", b"\0" * (64 + 24 * ROOM)])
def test_another_file_is_no_queue(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hits").write_bytes(content)
    with pytest.raises(AudioError, match="restart Ondine"):
        Hits(tmp_path / "hits")
    with pytest.raises(AudioError, match="cannot open"):
        Hits(tmp_path / "none")

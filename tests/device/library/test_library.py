"""The library: what is heard once, what is noticed, what survives, and how quickly it answers."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.errors import ControlError
from device.library.index import LATENTS, ROW, Entry, Heard, Index
from device.library.library import Library
from device.library.listening import listen_to
from device.library.search import Search
from device.mapping.disk import Folder

RATE = 48_000
ENGINE = "e" * 64


def strike(hz: float, seconds: float = 0.2) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.8 * np.sin(2 * np.pi * hz * t) * np.exp(-t / 0.03)).astype(np.float32)


class Ear:
    """Encodes a sound as its zero crossings: enough to tell one strike from another."""

    def __init__(self) -> None:
        self.heard = 0

    def __call__(self, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.heard += 1
        latents = np.zeros(LATENTS)
        latents[0] = np.count_nonzero(np.diff(np.signbit(sound))) / len(sound)
        kinds = np.zeros(7)
        kinds[0 if latents[0] < 0.02 else 2] = 1.0
        return latents, kinds


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    (folder / "deep").mkdir(parents=True)
    for n, hz in enumerate((200, 400, 2_000, 4_000)):
        soundfile.write(folder / f"deep/{n}.wav", strike(hz), RATE)
    soundfile.write(
        folder / "loop.flac", np.concatenate([strike(300), strike(5_000), strike(310)]), 44_100
    )
    (folder / "notes.txt").write_text("no sound")
    (folder / ".hidden.wav").write_text("another program's")
    return folder


def opened(tmp_path: Path, sounds: Path, engine: str = ENGINE) -> Library:
    return Library(sounds, engine, tmp_path / "index")


def test_a_folder_is_heard_once(tmp_path: Path, sounds: Path) -> None:
    ear, seen = Ear(), []
    report = opened(tmp_path, sounds).listen(ear, progress=lambda *at: seen.append(at))
    assert (report.files, report.heard, report.segments) == (5, 5, 7)
    assert report.unheard == ()
    assert seen[0] == (0, 5)
    assert seen[-1] == (5, 5)
    assert ear.heard == 7
    again = opened(tmp_path, sounds)
    assert len(again.search) == 7
    assert again.listen(ear).heard == 0
    assert ear.heard == 7


def test_similar_ones_are_found_with_their_onsets(tmp_path: Path, sounds: Path) -> None:
    ear = Ear()
    library = opened(tmp_path, sounds)
    library.listen(ear)
    near = library.search.nearest(ear(strike(290))[0], 3)
    assert [f.path for f in near][:2] == ["loop.flac", "loop.flac"]
    starts = sorted(f.segment.start for f in near[:2])
    # 48 kHz frames of a file of 44.1 kHz, in which strikes are 0.2 s at 48 kHz apart.
    apart = 0.2 * RATE * 48_000 / 44_100
    np.testing.assert_allclose(starts, [0, 2 * apart], atol=200)
    assert near[0].distance <= near[1].distance <= near[2].distance
    assert library.path_of(near[0]) == sounds.resolve() / "loop.flac"
    assert {f.kind for f in library.search.nearest(near[0].latents, 7, kind=2)} == {2}
    assert len(library.search.surest(0, 9)) == 3  # one of a file


def test_changes_are_noticed_and_only_they_are_heard(tmp_path: Path, sounds: Path) -> None:
    ear = Ear()
    opened(tmp_path, sounds).listen(ear)
    before = ear.heard
    soundfile.write(sounds / "deep/0.wav", strike(6_000), RATE)  # the same size, another sound
    (sounds / "deep/1.wav").unlink()
    (sounds / "deep/2.wav").rename(sounds / "deep/moved.wav")
    os.utime(sounds / "deep/3.wav", (1, 1))  # touched, not changed
    library = opened(tmp_path, sounds)
    report = library.listen(ear)
    assert ear.heard - before == 1
    assert (report.files, report.segments) == (4, 6)
    found = {f.path for f in library.search.nearest(np.zeros(LATENTS), 99)}
    assert found == {"deep/0.wav", "deep/moved.wav", "deep/3.wav", "loop.flac"}
    assert len(opened(tmp_path, sounds).search) == 6


def test_what_cannot_be_heard_is_told_and_not_tried_again(tmp_path: Path, sounds: Path) -> None:
    (sounds / "broken.wav").write_bytes(b"RIFF and then nothing")
    (sounds / "empty.wav").write_bytes(b"")
    soundfile.write(sounds / "silent.wav", np.zeros(4_800), RATE)
    ear = Ear()
    report = opened(tmp_path, sounds).listen(ear)
    assert len(report.unheard) == 2
    assert any("broken.wav cannot be read" in sentence for sentence in report.unheard)
    again = opened(tmp_path, sounds).listen(ear)
    assert again.heard == 0
    assert len(again.unheard) == 2
    soundfile.write(sounds / "broken.wav", strike(700), RATE)  # mended
    assert len(opened(tmp_path, sounds).listen(ear).unheard) == 1


def test_one_that_was_stopped_goes_on_where_it_was(tmp_path: Path, sounds: Path) -> None:
    ear, now = Ear(), iter(range(0, 10_000, 100))
    library = opened(tmp_path, sounds)
    # Ten seconds a look: every file is kept at once. It is killed while it hears the third.
    with pytest.raises(KeyboardInterrupt):
        library.listen(Killed(ear, after=2), clock=lambda: float(next(now)))
    assert len(opened(tmp_path, sounds).search) == 2
    report = opened(tmp_path, sounds).listen(ear)
    assert (report.heard, report.segments) == (3, 7)
    assert ear.heard == 7


class Killed:
    """An ear that is killed after some sounds."""

    def __init__(self, ear: Ear, after: int) -> None:
        self._ear, self._left = ear, after

    def __call__(self, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        return self._ear(sound)


def test_a_player_may_stop_it_and_nothing_is_forgotten(tmp_path: Path, sounds: Path) -> None:
    ear = Ear()
    opened(tmp_path, sounds).listen(ear)
    report = opened(tmp_path, sounds).listen(ear, stop=lambda: True)
    assert report.segments == 7


def test_another_engine_or_a_damaged_index_is_heard_anew(tmp_path: Path, sounds: Path) -> None:
    ear = Ear()
    opened(tmp_path, sounds).listen(ear)
    assert len(opened(tmp_path, sounds, "f" * 64).search) == 0
    opened(tmp_path, sounds).listen(ear)
    for name in ("part-000001.npy", "part-000001.json", "library.json"):
        (path,) = (tmp_path / "index").glob(f"*/{name}")
        whole = path.read_bytes()
        for damage in (b"", whole[: len(whole) // 2], b"\0" * len(whole), b"[[1]]"):
            path.write_bytes(damage)
            library = opened(tmp_path, sounds)
            assert len(library.search) in (0, 7)
            assert library.listen(ear).segments == 7
            # However it was mended, it is whole now.
            assert len(opened(tmp_path, sounds).search) == 7
            if not path.exists():
                break


def entry(path: str, rows: int, at: float = 0.0) -> Entry:
    made = np.zeros(rows, ROW)
    made["latents"] = at
    return Entry(Heard(path, 1, 2, path * 3), made)


def test_parts_are_joined_when_there_are_many(tmp_path: Path) -> None:
    disk = Folder(tmp_path / "index")
    index = Index(disk, "/x", ENGINE)
    for n in range(40):
        index.add([entry(f"{n}.wav", 3, n)])
    index.add([entry("7.wav", 2, 70.0)])  # heard again: the later one is right
    index.keep_only(f"{n}.wav" for n in range(40))
    assert [name for name in disk.names() if name.endswith("npy")] == ["part-000042.npy"]
    again = Index(disk, "/x", ENGINE)
    assert len(again.entries) == 40
    assert again.entries["7.wav"].rows["latents"][0, 0] == 70.0
    assert len(Search(again.entries)) == 39 * 3 + 2


def test_a_part_whose_list_never_came_does_not_count(tmp_path: Path) -> None:
    disk = Folder(tmp_path / "index")
    Index(disk, "/x", ENGINE).add([entry("a.wav", 3)])
    (tmp_path / "index/part-000001.json").rename(tmp_path / "index/lost")
    index = Index(disk, "/x", ENGINE)
    assert not index.entries
    index.add([entry("b.wav", 4)])
    assert Index(disk, "/x", ENGINE).entries.keys() == {"b.wav"}


@pytest.mark.parametrize("make", ["none", "file", "empty"])
def test_what_is_no_folder_of_sounds_is_a_sentence(tmp_path: Path, make: str) -> None:
    folder = tmp_path / "sounds"
    if make == "file":
        folder.write_text("")
    if make == "empty":
        folder.mkdir()
    with pytest.raises(ControlError, match="sound files"):
        Library(folder, ENGINE, tmp_path / "index").listen(Ear())
    with pytest.raises(ControlError, match="no folder"):
        listen_to(tmp_path / "nowhere", None, Ear(), clock=lambda: 0.0)  # type: ignore[arg-type]


def test_a_hundred_thousand_segments_are_searched_at_once() -> None:
    rng = np.random.default_rng(0)
    rows = np.zeros(100_000, ROW)
    rows["latents"] = rng.standard_normal((len(rows), LATENTS))
    search = Search({"a": Entry(Heard("a", 0, 0, ""), rows)})
    wanted = rng.standard_normal(LATENTS)
    exact = np.argsort(((rows["latents"] - wanted) ** 2).sum(axis=1))[:20]
    times = []
    for _ in range(9):
        began = time.thread_time()  # of this thread: the machine may be busy with others
        found = search.nearest(wanted, 20)
        times.append(time.thread_time() - began)
    np.testing.assert_allclose([f.latents for f in found], rows["latents"][exact], rtol=1e-6)
    print(f"search: {1000 * sorted(times)[4]:.2f} ms of 100 000")
    assert sorted(times)[4] < 0.02


def test_an_empty_library_finds_nothing() -> None:
    assert Search({}).nearest(np.zeros(LATENTS), 5) == []
    assert Search({}).surest(0, 5) == []

"""Admission as control asks for it: what is good plays, is remembered, and is tried once."""

import json
from pathlib import Path

import pytest

from device.admission.admit import admit, ships
from device.admission.known import is_known, mark, remember
from device.admission.outcome import Outcome
from device.admission.trial import Worker
from device.errors import BundleError
from tests import bundles
from tests.faults.evil.forge import MEMBER, bundle, model, node

ROOT = Path(__file__).parents[3]
CONVERTED = sorted((ROOT / ".cache/bundles").glob("*.ondine"))
PLAYABLE = [name for name in bundles.ALL if name != "encoder"]


@pytest.fixture(scope="module")
def worker():
    with Worker() as worker:
        yield worker


class Unasked(Worker):
    """A worker that may not be asked."""

    def __init__(self) -> None:
        pass

    def try_bundle(self, path: Path) -> Outcome:
        raise AssertionError("it was tried again")


@pytest.mark.parametrize("name", PLAYABLE)
def test_every_tiny_bundle_is_admitted(name, worker, tmp_path):
    made = bundles.ALL[name]()
    path = bundles.save(made, tmp_path / "a.ondine")
    assert admit(path, worker=worker).name == made.manifest.name


def test_what_makes_no_sound_is_not(worker, tmp_path):
    path = bundles.save(bundles.tiny_encoder(), tmp_path / "a.ondine")
    with pytest.raises(BundleError, match="no method that makes sound"):
        admit(path, worker=worker)


def test_the_shipped_instrument_is_admitted_by_a_worker_of_its_own():
    assert admit(ROOT / "models/bundles/drift.ondine").name == "drift"


@pytest.mark.parametrize(
    ("path", "mine", "ships_so"),
    [
        ("models/bundles/drift.ondine", (), True),
        ("models/bundles/../bundles/drift.ondine", (), True),
        ("models/bundles/drift.ondine", ("drift.ondine",), False),
        ("models/bundles/drift.ondine", ("bundles",), False),
        ("models/drift.ondine", (), False),
        (".cache/models/bundles/drift.ondine", (), False),
    ],
)
def test_only_what_came_with_the_program_and_cannot_be_changed_ships(path, mine, ships_so):
    assert ships(ROOT / path, may_write=lambda part: part.name in mine) is ships_so


def test_a_link_into_the_program_ships_as_what_it_leads_to(tmp_path):
    (tmp_path / "a.ondine").symlink_to(ROOT / "models/bundles/drift.ondine")
    assert ships(tmp_path / "a.ondine", may_write=lambda part: False)
    assert not ships(tmp_path / "a.ondine", may_write=lambda part: True)


@pytest.mark.slow
@pytest.mark.parametrize("path", CONVERTED, ids=lambda path: path.stem)
def test_converted_models_are_admitted_within_their_memory(path, worker):
    outcome = worker.try_bundle(path)
    assert outcome.say == ""
    assert outcome.peak_bytes < 400 << 20  # RAVE v2 in fp32: 301 MiB


def test_it_is_tried_once(worker, tmp_path):
    path, known = tmp_path / "a.ondine", tmp_path / "state/admitted.json"
    bundles.save(bundles.tiny_effect(), path)
    admit(path, known=known, worker=worker)
    assert admit(path, known=known, worker=Unasked()).name == "tiny effect"
    bundles.save(bundles.tiny_stereo(), path)
    with pytest.raises(AssertionError):
        admit(path, known=known, worker=Unasked())


def test_what_is_refused_is_not_remembered(worker, tmp_path):
    known = tmp_path / "admitted.json"
    path = bundle(tmp_path, {MEMBER: model([node("Loop", "audio", "wet")]).SerializeToString()})
    for _ in range(2):
        with pytest.raises(BundleError, match=r"evil.ondine: forward.fp32.onnx cannot be played"):
            admit(path, known=known, worker=worker)
    assert not known.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"admitted": 3}', b"\xff\xfe", b"[" * 9999])
def test_a_damaged_memory_keeps_nobody_from_playing(damage, worker, tmp_path):
    path, known = tmp_path / "a.ondine", tmp_path / "admitted.json"
    bundles.save(bundles.tiny_effect(), path)
    known.write_bytes(damage)
    admit(path, known=known, worker=worker)
    assert admit(path, known=known, worker=Unasked()).name == "tiny effect"


def test_nor_does_a_folder_that_cannot_be_written(worker, tmp_path):
    path = bundles.save(bundles.tiny_effect(), tmp_path / "a.ondine")
    (tmp_path / "file").write_text("")
    assert admit(path, known=tmp_path / "file/admitted.json", worker=worker)


def test_memory_is_bounded_and_leaves_nothing_behind(tmp_path):
    known = tmp_path / "admitted.json"
    for number in range(505):
        remember(known, str(number))
    assert len(json.loads(known.read_text())["admitted"]) == 500
    assert is_known(known, "504")
    assert not is_known(known, "4")
    assert [path.name for path in tmp_path.iterdir()] == ["admitted.json"]


def test_a_mark_is_of_the_manifest_and_of_the_runtime():
    assert mark(b"a") != mark(b"b")
    assert "onnxruntime-" in mark(b"a")


class Swapping(Worker):
    """A worker beside which somebody exchanges the file."""

    def __init__(self, worker: Worker, other: bytes) -> None:
        self._worker, self._other = worker, other

    def try_bundle(self, path: Path) -> Outcome:
        outcome = self._worker.try_bundle(path)
        path.write_bytes(self._other)
        return outcome


def test_a_file_that_changes_meanwhile_is_refused(worker, tmp_path):
    path = bundles.save(bundles.tiny_effect(), tmp_path / "a.ondine")
    other = bundles.save(bundles.tiny_stereo(), tmp_path / "b.ondine").read_bytes()
    with pytest.raises(BundleError, match="changed while it was being tried"):
        admit(path, worker=Swapping(worker, other))


def test_a_worker_that_is_gone_is_no_verdict_and_no_crash(tmp_path):
    path = bundles.save(bundles.tiny_effect(), tmp_path / "a.ondine")
    worker = Worker()
    worker.close()
    with pytest.raises(BundleError, match="Try again"):
        admit(path, worker=worker)


def test_one_bundle_after_another_leaves_nothing_in_the_worker(worker, tmp_path):
    """A refused one between two good ones changes nothing for the second."""
    good = bundles.save(bundles.tiny_effect(), tmp_path / "a.ondine")
    bad = bundle(tmp_path, {MEMBER: b"noise"})
    before = worker.try_bundle(good)
    assert worker.try_bundle(bad).say
    after = worker.try_bundle(good)
    assert (before.say, before.stage) == (after.say, after.stage) == ("", "end")

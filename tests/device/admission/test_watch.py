"""The watch and the sandbox: whatever an examination does, its end is a sentence, and soon."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from device.admission.limits import MEMORY_BYTES
from device.admission.outcome import Outcome, read_outcome

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def endings() -> dict[str, dict]:
    """{ending: outcome} of `tests.device.admission.endings`."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.device.admission.endings"],
        cwd=ROOT, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(ended.stdout)


def test_a_good_end_is_handed_on(endings):
    found = endings["well"]
    assert (found["say"], found["stage"], found["precisions"]) == ("", "end", ["fp32"])
    assert found["slowdown"] == 0.5


@pytest.mark.parametrize(
    ("ending", "sentence"),
    [
        ("refusing", "it is not to my taste"),
        ("endless", "it was not loaded within 0.3 s"),
        ("slow_by_stages", "it was not done with a few blocks within 0.6 s"),
        ("asleep", "it was not loaded within 0.2 s"),
        ("crashing", "it makes onnxruntime crash (SIGSEGV)"),
        ("leaving", "its trial ended without an answer"),
        ("raising", "its trial ended without an answer"),
        ("talking", "it gave an endless answer"),
        ("lying", "its trial ended without an answer"),
        ("deaf", "it was not started within 0.3 s"),
        ("killed", "its trial was ended from outside (signal 9); was memory short? Try again."),
    ],
)
def test_every_other_end_is_a_sentence(endings, ending, sentence):
    assert endings[ending]["say"] == sentence


def test_an_abort_is_a_crash(endings):
    assert endings["aborting"]["say"].startswith("it makes onnxruntime crash (SIG")


def test_no_end_takes_much_longer_than_it_may(endings):
    for ending in ("endless", "slow_by_stages", "deaf"):
        assert endings[ending]["cpu_s"] < 0.7, ending


def test_memory_ends_before_its_limit(endings):
    got = int(endings["greedy"]["say"])
    # Python itself is in the limit: what is left is still more than half.
    assert 0.5 * MEMORY_BYTES < got < MEMORY_BYTES
    assert endings["greedy"]["peak_bytes"] < MEMORY_BYTES


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no list of calls")
def test_nothing_can_be_reached_from_the_sandbox(endings):
    found = endings["confined"]
    if found["missing"]:
        pytest.skip(f"this kernel: {found['missing']}")
    assert found["say"] == ""
    assert found["stage"] == "end"


def test_an_outcome_crosses_as_it_is():
    outcome = Outcome("no", "load", ("fp32", "int8"), 0.5, 1.25, 2.5, 12345, "this")
    assert read_outcome(outcome.line()) == outcome


@pytest.mark.parametrize("line", [b"", b"null", b"{}", b'{"say": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_outcome_is_none(line):
    assert read_outcome(line) is None

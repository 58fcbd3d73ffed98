"""The bench on real steps with a scripted clock, and the file in which it keeps what it saw."""

import dataclasses
import json

import numpy as np
import pytest
from rich.console import Console

from device.bench import FITS_LOAD, bench, bench_each, machine, report, verdict
from device.errors import ConfigError
from device.manifest import fingerprint
from device.seen import choose_precision, read_seen, write_seen
from tests.bundles import tiny_autoencoder, tiny_noise, tiny_stereo


class ScriptedClock:
    """Seconds as if each step took the time that the script says, in milliseconds."""

    def __init__(self, steps_ms):
        self._times = iter([t for ms in steps_ms for t in (0.0, ms / 1000)])

    def __call__(self):
        return next(self._times)


def test_percentiles_and_loads_are_those_of_the_steps():
    steps_ms = np.linspace(0.001, 1.0, 1000)
    result = bench(
        tiny_autoencoder(256), steps=1000, headroom_frames=96, clock=ScriptedClock(steps_ms)
    )
    assert result.p50_ms == pytest.approx(0.5, abs=2e-3)
    assert result.p99_ms == pytest.approx(0.99, abs=2e-3)
    assert result.p999_ms == pytest.approx(0.999, abs=2e-3)
    assert result.max_ms == pytest.approx(1.0)
    assert result.deadline_ms == pytest.approx(2.0)
    assert result.load(result.max_ms) == pytest.approx(0.5)
    assert (result.steps, result.precision, result.block_frames) == (1000, "fp32", 256)


def test_a_deadline_is_at_most_one_block():
    clock = ScriptedClock([1.0])
    result = bench(tiny_autoencoder(48), steps=1, headroom_frames=4800, clock=clock)
    assert result.deadline_ms == pytest.approx(1.0)


def result_of(precision, share, block=48):
    """A result whose steps all take `share` of the deadline of one block (1 ms)."""
    bundle = tiny_autoencoder(block, int8=True)
    return bench(bundle, precision, steps=3, clock=ScriptedClock([share] * 3))


def test_verdicts():
    fast = {p: result_of(p, 0.5 * FITS_LOAD) for p in ("fp32", "int8")}
    slow = {p: result_of(p, 1.1 * FITS_LOAD) for p in ("fp32", "int8")}
    assert verdict([fast["fp32"], fast["int8"]]) == "fits"
    assert verdict([slow["fp32"], fast["int8"]]) == "fits in int8"
    assert verdict([fast["fp32"], slow["int8"]]) == "fits in fp32"
    assert verdict([slow["fp32"], slow["int8"]]) == "does not fit"
    assert verdict([slow["fp32"]]) == "does not fit"
    assert verdict([]) == "does not fit"


def test_each_precision_is_measured_with_the_real_clock():
    results = bench_each(tiny_autoencoder(int8=True), steps=20)
    assert [r.precision for r in results] == ["fp32", "int8"]
    for r in results:
        assert 0 < r.p50_ms <= r.p99_ms <= r.p999_ms <= r.max_ms
        assert r.machine == machine()
    assert bench(tiny_noise(), seconds=0.1).steps == 19


def test_the_table_tells_all():
    results = [result_of("fp32", 1.5), result_of("int8", 0.25)]
    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(report(results))
    text = captured.get()
    for words in ("tiny autoencoder", "fp32", "int8", "150%", "25%", "does not fit", "1.00 ms"):
        assert words in text


def test_what_was_seen_is_kept_and_renewed(tmp_path):
    path = tmp_path / "deep" / "bench.json"
    assert read_seen(path) == []
    first, second = result_of("fp32", 0.9), result_of("int8", 0.2)
    write_seen(path, [first])
    write_seen(path, [second])
    assert read_seen(path) == [first, second]
    again = dataclasses.replace(first, p50_ms=0.1)
    elsewhere = dataclasses.replace(first, machine="another board")
    write_seen(path, [again, elsewhere])
    assert read_seen(path) == [again, second, elsewhere]
    assert [p.name for p in path.parent.iterdir()] == ["bench.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"results": 3}', '{"results": [{"name": 1}, 5]}', "\xff" * 9]
)
def test_a_damaged_file_is_as_good_as_none(tmp_path, text):
    path = tmp_path / "bench.json"
    path.write_text(text, encoding="latin-1")
    assert read_seen(path) == []
    write_seen(path, [result_of("fp32", 0.5)])
    assert len(read_seen(path)) == 1


def test_an_entry_with_senseless_values_is_left_out(tmp_path):
    path = tmp_path / "bench.json"
    good = dataclasses.asdict(result_of("fp32", 0.5))
    for key, value in (("p999_ms", "x"), ("steps", None), ("block_frames", 0), ("name", 3)):
        path.write_text(json.dumps({"results": [good | {key: value}, good]}))
        assert len(read_seen(path)) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot keep the measurement"):
        write_seen(tmp_path / "file" / "bench.json", [])


def test_play_chooses_by_what_was_seen():
    m = tiny_autoencoder(48, int8=True).manifest  # recommends int8; a block lasts 1 ms
    fp32_fast, fp32_slow = result_of("fp32", 0.3), result_of("fp32", 0.95)
    int8_fast, int8_slow = result_of("int8", 0.2), result_of("int8", 0.9)
    assert choose_precision(m, []) == "auto"
    assert choose_precision(m, [fp32_fast, int8_fast]) == "auto"
    assert choose_precision(m, [fp32_slow]) == "auto"
    assert choose_precision(m, [fp32_fast, int8_slow]) == "fp32"
    assert choose_precision(m, [fp32_slow, int8_slow]) == "int8"
    # The same times at a quarter of the headroom: nothing fits, and the fastest is taken.
    assert choose_precision(m, [fp32_fast, int8_slow], headroom_frames=12) == "fp32"
    # What was seen on another board, or of another bundle, says nothing.
    assert choose_precision(m, [fp32_fast, int8_slow], machine_name="a Pi") == "auto"
    assert choose_precision(tiny_stereo().manifest, [fp32_fast, int8_slow]) == "auto"


def test_bundles_are_told_apart_by_their_fingerprint():
    one = tiny_autoencoder().manifest
    assert fingerprint(one) == fingerprint(tiny_autoencoder().manifest)
    assert fingerprint(one) != fingerprint(tiny_autoencoder(delay=65).manifest)
    assert fingerprint(one) != fingerprint(tiny_autoencoder(int8=True).manifest)


def test_senseless_wishes_are_refused():
    for wrong in ({"steps": 0}, {"headroom_frames": 0}, {"steps": 10**9}, {"seconds": 0.0}):
        with pytest.raises(ConfigError, match="headroom is"):
            bench(tiny_autoencoder(), **wrong)
    with pytest.raises(ConfigError, match="no int8"):
        bench(tiny_autoencoder(), "int8")

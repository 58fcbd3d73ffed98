"""The params table: ranges, slots, and a seqlock that two processes share."""

import math
import multiprocessing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import ControlError
from device.manifest import MAX_LATENTS
from device.params import (
    FIXED,
    LATENT_BIAS,
    LATENT_SCALE,
    MODEL,
    SLOTS,
    ParamSpec,
    ParamTable,
    default_values,
    specs_of,
)
from tests.bundles import tiny_autoencoder, tiny_effect


@pytest.fixture
def path(tmp_path):
    return tmp_path / "params"


def test_every_slot_has_one_owner():
    assert [spec.slot for spec in FIXED.values()] == list(range(len(FIXED)))
    assert MODEL.start == len(FIXED)
    assert LATENT_BIAS.stop - LATENT_BIAS.start == MAX_LATENTS
    assert FIXED["latent_scale_127"].slot == LATENT_SCALE.stop - 1


def test_a_bundle_shows_its_own_latents_and_parameters():
    specs = specs_of(tiny_autoencoder(hop=4).manifest)
    assert "latent_bias_3" in specs
    assert "latent_bias_4" not in specs
    assert specs_of(tiny_effect().manifest)["drive"].slot == MODEL.start
    assert default_values(tiny_effect().manifest)[MODEL.start] == 1.0


def test_defaults_do_nothing_to_the_sound():
    values = default_values()
    assert (values[LATENT_BIAS] == 0.0).all()
    assert (values[LATENT_SCALE] == 1.0).all()
    assert values[FIXED["dry_wet"].slot] == 1.0


@pytest.mark.parametrize(
    ("warp", "raw", "value"),
    [
        ("linear", 0.0, 20.0),
        ("linear", 0.5, 10_010.0),
        ("exponential", 0.0, 20.0),
        ("exponential", 0.5, 632.4555),
        ("exponential", 1.0, 20_000.0),
        ("linear", -3.0, 20.0),
        ("exponential", 7.0, 20_000.0),
    ],
)
def test_a_control_is_warped_to_the_range(warp, raw, value):
    spec = ParamSpec("cutoff", "Cutoff", 20.0, 20_000.0, 1000.0, "Hz", warp)
    assert spec.value(raw) == pytest.approx(value)


@given(st.sampled_from(["linear", "exponential"]), st.floats(0.0, 1.0, allow_subnormal=False))
def test_a_value_leads_back_to_where_its_control_stands(warp, raw):
    spec = ParamSpec("cutoff", "Cutoff", 20.0, 20_000.0, 1000.0, "Hz", warp)
    assert spec.raw(spec.value(raw)) == pytest.approx(raw, abs=1e-12)
    assert (spec.raw(spec.minimum), spec.raw(spec.maximum)) == (0.0, 1.0)
    assert (spec.raw(-math.inf), spec.raw(math.inf)) == (0.0, 1.0)


@given(st.floats(-1e6, 1e6, allow_subnormal=False), st.floats(1e-3, 1e6, allow_subnormal=False))
def test_both_ends_of_a_range_are_reached_exactly(minimum, span):
    spec = ParamSpec("any", "Any", minimum, minimum + span, minimum)
    assert (spec.value(0.0), spec.value(1.0)) == (spec.minimum, spec.maximum)


def test_every_parameter_has_a_group():
    groups = {spec.group for spec in specs_of(tiny_effect().manifest).values()}
    assert groups == {"level", "instrument"}
    assert {spec.group for spec in FIXED.values()} == groups | {"latent bias", "latent scale"}


@given(st.floats(allow_nan=False, allow_subnormal=False))
def test_a_clamped_value_is_allowed(value):
    spec = FIXED["output_gain_db"]
    assert spec.minimum <= spec.clamp(value) <= spec.maximum
    if spec.minimum <= value <= spec.maximum:
        assert spec.clamp(value) == value


def test_a_writer_is_seen_by_a_reader(path):
    writer = ParamTable(path, create=True)
    reader = ParamTable(path)
    values = np.zeros(SLOTS, np.float32)
    reader.read_into(values)
    np.testing.assert_array_equal(values, default_values())
    writer.write({0: -3.0, SLOTS - 1: 0.5})
    reader.read_into(values)
    assert (values[0], values[-1]) == (-3.0, 0.5)
    np.testing.assert_array_equal(reader.values(), values)


def test_a_write_in_progress_keeps_the_values_a_reader_had(path):
    writer, reader = ParamTable(path, create=True), ParamTable(path)
    had = np.full(SLOTS, 7.0, np.float32)
    # The middle of a write, as it looks from outside: the sequence is odd, some slots are new.
    raw = np.memmap(path, np.uint8, "r+")
    sequence, slots = raw[8:16].view(np.uint64), raw[64:].view(np.float32)
    sequence += 1
    slots[0] = 99.0
    values = had.copy()
    reader.read_into(values)
    np.testing.assert_array_equal(values, had)
    sequence += 1
    reader.read_into(values)
    assert values[0] == 99.0
    writer.write({0: 1.0})
    reader.read_into(values)
    assert values[0] == 1.0


def _write_pairs(path, stop):
    """Another process: two far slots always get one value."""
    table = ParamTable(path)
    value = 0.0
    while not stop.is_set():
        for _ in range(100):
            value += 1.0
            table.write({3: value, SLOTS - 1: value})


@pytest.mark.slow
def test_changes_of_another_process_are_seen_whole(path):
    reader = ParamTable(path, create=True)
    reader.write({3: 0.0, SLOTS - 1: 0.0})
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    process = context.Process(target=_write_pairs, args=(path, stop), daemon=True)
    process.start()
    values = reader.values()
    seen = set()
    while len(seen) < 50:
        reader.read_into(values)
        assert values[3] == values[-1]
        seen.add(float(values[3]))
    stop.set()
    process.join()
    assert process.exitcode == 0
    reader.read_into(values)
    assert values[3] == values[-1] == reader.values()[3]


def test_a_new_writer_takes_a_table_over_and_create_starts_afresh(path):
    ParamTable(path, create=True).write({0: 5.0})
    assert ParamTable(path).values()[0] == 5.0
    assert ParamTable(path, create=True).values()[0] == 0.0


def test_a_writer_that_died_in_the_middle_does_not_lock_the_next_one_out(path):
    ParamTable(path, create=True)
    raw = np.memmap(path, np.uint8, "r+")
    raw[8:16].view(np.uint64)[0] += 1
    writer, reader = ParamTable(path), ParamTable(path)
    writer.write({0: 3.0})
    values = default_values()
    reader.read_into(values)
    assert values[0] == 3.0


def test_what_is_no_table_is_refused(path, tmp_path):
    with pytest.raises(ControlError, match="cannot open the params table"):
        ParamTable(path)
    path.write_bytes(b"short")
    with pytest.raises(ControlError, match="no params table of this version"):
        ParamTable(path)
    ParamTable(path, create=True)
    raw = np.memmap(path, np.uint8, "r+")
    raw[4] = 9
    with pytest.raises(ControlError, match="no params table of this version"):
        ParamTable(path)
    with pytest.raises(ControlError, match="cannot open the params table"):
        ParamTable(tmp_path, create=True)

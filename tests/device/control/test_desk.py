"""The desk and typed settings: clamped, all or nothing, with the nearest name."""

import math

import pytest

from device.control.desk import Desk
from device.control.setting import read_settings
from device.control.source import Reading
from device.control.token_bucket import MAX_SENDERS, TokenBuckets
from device.errors import ControlError
from device.params import FIXED, ParamSpec, ParamTable
from device.words import nearest

SWEEP = ParamSpec("sweep", "Sweep", 20.0, 2000.0, 200.0, "Hz", "exponential", 280)
SPECS = {id: FIXED[id] for id in ("output_gain_db", "dry_wet")} | {"sweep": SWEEP}


@pytest.fixture
def desk(tmp_path):
    desk = Desk(ParamTable(tmp_path / "params", create=True), SPECS)
    desk.defaults()
    return desk


def reading(param, value, raw=False):
    return Reading(param, value, raw, "test", 0.0)


def test_values_and_raw_values_are_mapped_and_clamped(desk):
    desk.take([reading("output_gain_db", 99.0), reading("sweep", 0.5, raw=True)])
    assert desk.value("output_gain_db") == 12.0
    assert desk.value("sweep") == pytest.approx(200.0)
    desk.take([reading("sweep", 3.0, raw=True)])
    assert desk.value("sweep") == 2000.0


def test_the_last_of_several_readings_wins(desk):
    desk.take([reading("dry_wet", 0.1), reading("dry_wet", 0.75)])
    assert desk.value("dry_wet") == 0.75


@pytest.mark.parametrize("bad", [("dry_wit", 0.5), ("dry_wet", math.nan), ("dry_wet", math.inf)])
def test_one_bad_reading_keeps_the_whole_packet_out(desk, bad):
    with pytest.raises(ControlError):
        desk.take([reading("sweep", 50.0), reading(*bad)])
    assert desk.value("sweep") == 200.0


def test_another_bundle_begins_at_its_values_in_one_write_and_leaves_what_is_the_players(tmp_path):
    table = ParamTable(tmp_path / "params", create=True)
    desk = Desk(table, SPECS)
    desk.take([reading("dry_wet", 0.25), reading("sweep", 50.0)])
    begins = {"sweep": 9e9, "latent_bias_0": -2.0, "dry_wet": 1.0, "nobody": 3.0}
    specs = SPECS | {id: FIXED[id] for id in ("latent_bias_0", "latent_bias_1")}
    before = int(table._sequence[0])
    desk.change(specs, 7, begins)
    assert int(table._sequence[0]) == before + 2
    assert desk.serial == 7
    assert (desk.value("sweep"), desk.value("dry_wet")) == (2000.0, 0.25)
    assert (desk.value("latent_bias_0"), desk.value("latent_bias_1")) == (-2.0, 0.0)
    desk.change(specs, 8)
    assert (desk.value("sweep"), desk.value("latent_bias_0")) == (200.0, 0.0)


def test_defaults_put_everything_back(desk):
    desk.take([reading("dry_wet", 0.0), reading("sweep", 50.0)])
    desk.defaults()
    assert (desk.value("dry_wet"), desk.value("sweep")) == (1.0, 200.0)


def test_settings_are_read():
    texts = ["dry_wet=0.25", " sweep = 1e3 ", "dry_wet=0.5"]
    assert read_settings(texts, SPECS) == {"dry_wet": 0.5, "sweep": 1000.0}


def test_every_bad_setting_is_reported_at_once():
    texts = ["dry_wet", "dry_wit=1", "dry_wet=2", "dry_wet=nan", "dry_wet=", "=1", "sweep=1"]
    with pytest.raises(ControlError) as error:
        read_settings(texts, SPECS)
    assert str(error.value).split("; ") == [
        "'dry_wet' is not parameter=value, such as dry_wet=0.5",
        "there is no parameter 'dry_wit'",
        "did you mean dry_wet?",
        "dry_wet cannot be 2",
        "its range is 0..1",
        "dry_wet cannot be 'nan'",
        "give a number",
        "dry_wet cannot be ''",
        "give a number",
        "there is no parameter ''",
        "sweep cannot be 1",
        "its range is 20..2000 Hz",
    ]


def test_the_nearest_word_is_only_offered_where_there_is_one():
    assert nearest("dri_wet", SPECS) == "; did you mean dry_wet?"
    assert nearest("zzz", SPECS) == nearest("dry_wet" * 1000, SPECS) == ""


def test_tokens_come_back_with_time_and_not_beyond_a_second():
    buckets = TokenBuckets(10.0)
    assert [buckets.allow("a", 5, 0.0) for _ in range(3)] == [True, True, False]
    assert not buckets.allow("a", 2, 0.1)
    assert buckets.allow("a", 2, 0.2)
    assert not buckets.allow("a", 11, 100.0)
    assert buckets.allow("a", 10, 100.0)
    assert not buckets.allow("a", 1, 50.0)


def test_many_senders_cost_no_memory():
    buckets = TokenBuckets(1.0)
    assert all(buckets.allow(str(i), 1, 0.0) for i in range(10 * MAX_SENDERS))
    assert not buckets.allow(str(10 * MAX_SENDERS - 1), 1, 0.0)

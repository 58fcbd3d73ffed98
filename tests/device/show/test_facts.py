"""What `ondine status` tells, from a status that is written by hand."""

import json

import pytest

from device.board import Throttling
from device.rung import Rung
from device.show.display import latency_ms, line
from device.show.facts import Board, facts, histogram, numbers, uptime_s
from device.status import BINS, FIELDS, TEXTS, Status

NOW_S = 100_000.0


@pytest.fixture
def status(tmp_path):
    status = Status(tmp_path / "status", create=True)
    for name, value in {
        "sample_rate_hz": 48_000, "block_frames": 480, "headroom_frames": 240, "delay_frames": 48,
        "padding_frames": 12, "blocks": 1000, "late_blocks": 3, "covered_blocks": 2, "xruns": 1,
        "cards_lost": 2, "step_max_s": 0.0065, "step_last_s": 0.001, "pid": 7, "swaps": 2,
        "heartbeat_s": NOW_S - 0.01, "started_s": NOW_S - 90_061.0, "peak_out": 0.5,
    }.items():  # fmt: skip
        status[name] = value
    status.histogram[19] = 980
    status.histogram[59] = 17
    status.histogram[129] = 3
    for name, text in {"name": "drift", "bundle": "/var/drift.ondine", "card": "Box"}.items():
        status.say(name, text)
    return status


def test_every_fact_is_there(status):
    machine = Board(48.4, Throttling((), ("too little voltage",)))
    assert facts(status, NOW_S, machine) == {
        "state": "playing (process 7)",
        "instrument": "drift (/var/drift.ondine), after 2 swaps",
        "plays": "the instrument plays",
        "card": "Box, lost 2 times",
        "played": "10.0 s, 1000 blocks of 480 frames at 48000 Hz",
        "uptime": "1 d 1 h",
        "dropouts": "3: late blocks 3, blocks covered 2, xruns 1",
        "load": "20% in the middle, 60% at p99, 130% at p99.9, 130% at worst of 5.0 ms",
        "latency": "16.2 ms from in to out = 780 frames: block 480, headroom 240, padding 12, "
        "model 48",
        "level": "in silent, out -6 dB",
        "limiter": "worked in 0 blocks",
        "repaired": "0 blocks that were not finite, muted",
        "temperature": "48 °C, slowed down since it started by too little voltage",
        "real time": "not granted: see ondine check",
        "memory": "not locked: see ondine check",
    }
    assert latency_ms(status) == pytest.approx(16.25)


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        (Board(), "not told"),
        (Board(51.0), "51 °C"),
        (Board(51.0, Throttling()), "51 °C, not slowed down"),
        (
            Board(85.0, Throttling(("throttling", "too much heat"), ("too much heat",))),
            "85 °C, slowed down now by throttling and too much heat",
        ),
    ],
)
def test_the_temperature(status, machine, told):
    assert facts(status, NOW_S, machine)["temperature"] == told


def test_a_lower_rung_is_told_with_its_reason(status):
    status["rung"] = Rung.DRY
    status.say("trouble", "glass was cut short\x1b[2J")
    assert facts(status, NOW_S)["plays"] == ("the input is passed through: glass was cut short [2J")
    status.say("load_error", "glass does not fit")
    assert facts(status, NOW_S)["refused"] == "glass does not fit"
    status["rung"] = 9.0
    assert facts(status, NOW_S)["plays"].startswith("rung 9 is unknown: ")


def test_the_live_line_stays_one_line_and_tells_the_trouble(status):
    assert line(status).plain.startswith("in ▯")
    assert "latency 16.2 ms" in line(status).plain
    status["rung"] = Rung.LAST
    status.say("trouble", "a long story about a bundle " * 30)
    text = line(status)
    assert text.plain.startswith("out ▮▮▮▮▮▮▮▮▮▮▯▯  load  20%  dropouts 3  the last good inst")
    assert (text.no_wrap, text.overflow) == (True, "ellipsis")
    status["rung"] = Rung.MODEL
    status.say("trouble", "Box is gone; looking for it")
    assert line(status).plain.endswith("the instrument plays: Box is gone; looking for it")


@pytest.mark.parametrize(
    ("changes", "state", "up_s"),
    [
        ({}, "playing", 90_061.0),
        ({"stopped": 1.0}, "stopped", 90_060.99),
        ({"heartbeat_s": NOW_S - 60.0}, "no block for 60 s: the audio process has died", 90_001.0),
        ({"blocks": 0, "started_s": NOW_S - 1.0}, "starting", 1.0),
        ({"blocks": 0, "heartbeat_s": 0.0}, "did not come to play: the audio process has", 0.0),
        ({"blocks": 0, "heartbeat_s": NOW_S - 1.0}, "waiting for a sound card", 90_061.0),
        ({"speed": 4.0, "heartbeat_s": 4.0 * NOW_S}, "playing", 90_061.0),
    ],
)
def test_the_states(status, changes, state, up_s):
    for name, value in changes.items():
        status[name] = value
    assert facts(status, NOW_S)["state"].startswith(state)
    assert uptime_s(status, NOW_S) == pytest.approx(up_s)


def test_the_picture_of_the_loads(status):
    """Steps of seven: log2 981 is 9.9, so log2 18 is 2.9 of them and log2 4 is 1.4."""
    cells = [" "] * 40
    cells[19 // 5], cells[59 // 5], cells[129 // 5] = "█▄▂"
    assert histogram(status).plain == f"0% {''.join(cells[:20])}│{''.join(cells[20:])} 200%"
    status.histogram[BINS - 1] = 1.0
    assert histogram(status).plain.endswith(" ▂ 200%")


def test_the_picture_of_nothing(tmp_path):
    status = Status(tmp_path / "status", create=True)
    assert histogram(status).plain == f"0% {' ' * 20}│{' ' * 20} 200%"


def test_the_numbers_are_json_and_whole(status):
    told = json.loads(json.dumps(numbers(status, NOW_S, Board(50.0, Throttling()))))
    assert set(FIELDS[1:]) | set(TEXTS) <= told.keys()
    for name, value in {
        "state": "playing", "late_blocks": 3.0, "load_p50": 0.2, "load_p99": 0.6,
        "load_p999": 1.3, "load_max": 1.3, "latency_frames": 780, "latency_ms": 16.25,
        "temperature_c": 50.0, "throttled_now": [], "throttled_since_start": [],
        "uptime_s": 90_061.0, "name": "drift", "dropouts": 3,
    }.items():  # fmt: skip
        assert told[name] == pytest.approx(value), name
    assert sum(told["load_histogram"]) == 1000
    assert numbers(status, NOW_S)["throttled_now"] is None

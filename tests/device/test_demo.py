"""The demonstration and what a player sees of it."""

import asyncio
import io
import logging

import numpy as np
import pytest
from rich.console import Console

from device.control.timeline import Timeline
from device.demo import phrase, pluck, wander
from device.params import SLOTS, specs_of
from device.show.display import line, meter, summary
from device.show.screen import Screen
from device.status import Status
from tests.bundles import tiny_autoencoder, tiny_effect


def test_a_pluck_has_its_pitch_and_dies_away():
    tone = pluck(480.0, 48_000, 48_000, np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft(tone[4800:9600] * np.hanning(4800)))
    assert abs(np.argmax(spectrum) * 10.0 - 480.0) <= 10.0
    assert np.abs(tone).max() <= 1.0
    assert np.abs(tone[-4800:]).max() < 0.1 * np.abs(tone[:4800]).max()


def test_the_phrase_is_the_same_every_time_and_never_loud():
    audio = phrase(5.0, 16_000)
    assert audio.dtype == np.float32
    assert audio.shape == (80_000,)
    assert np.abs(audio).max() == pytest.approx(0.5, rel=1e-5)
    assert np.array_equal(audio, phrase(5.0, 16_000))
    assert len(phrase(0.0, 16_000)) == 0


def test_the_walk_stays_within_what_the_model_has_seen():
    manifest = tiny_autoencoder().manifest
    specs = specs_of(manifest)
    timeline = Timeline(wander(manifest, 20.0), specs)
    values = np.zeros(SLOTS, np.float32)
    for time_s in np.arange(0.0, 30.0, 0.1):
        timeline.values_at(time_s, values)
        assert np.abs(values).max() <= 0.5  # half of -1..1
    assert np.count_nonzero(values) == 4
    assert wander(tiny_effect().manifest) == []


@pytest.fixture
def status(tmp_path):
    status = Status(tmp_path / "status", create=True)
    for name, value in {
        "sample_rate_hz": 48_000, "block_frames": 480, "headroom_frames": 480, "delay_frames": 48,
        "blocks": 300, "step_last_s": 0.002, "peak_in": 0.125, "peak_out": 1.0,
    }.items():  # fmt: skip
        status[name] = value
    return status


def test_the_live_line(status):
    assert line(status).plain == (
        "in ▮▮▮▮▮▮▮▯▯▯▯▯  out ▮▮▮▮▮▮▮▮▮▮▮▮  load  20%  dropouts 0  latency 21.0 ms"
    )
    status["late_blocks"] = status["xruns"] = 2
    assert "dropouts 2" in line(status).plain


def test_the_meter_takes_anything():
    assert [meter(p).plain.count("▮") for p in (0.0, 1e-9, 0.25, 1.0, 9.0)] == [0, 0, 9, 12, 12]


def test_the_summary(status):
    status.histogram[30] = 300
    assert summary(status) == (
        "Played 3.0 s in 300 blocks, no dropouts. "
        "Load 31% in the middle, 31% at the 99th percentile."
    )
    status["xruns"] = 1
    assert "1 dropout." in summary(status)
    status["blocks"] = 0
    assert summary(status) == "Nothing was played."


def test_the_live_line_is_drawn_on_a_terminal_and_nowhere_else(status):
    def watch(terminal):
        file = io.StringIO()
        screen = Screen(Console(file=file, force_terminal=terminal, width=120))

        async def main():
            with screen.live(asyncio.get_running_loop(), status):
                logging.getLogger("ondine.osc").warning("OSC: [bold]3[/] were not used")

        asyncio.run(main())
        return file.getvalue()

    assert "latency 21.0 ms" in watch(True)
    assert watch(False) == "OSC: [bold]3[/] were not used\n"

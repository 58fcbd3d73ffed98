"""Rendering: what the engine plays, lined up with what went in, and files that go wrong."""

import numpy as np
import pytest
import soundfile

from device.control.timeline import Event, Timeline
from device.engine.engine import Engine
from device.errors import AudioError, BundleError, ConfigError
from device.params import specs_of
from device.render import render, render_file, write_wav
from tests.bundles import (
    save,
    tiny_autoencoder,
    tiny_breakable,
    tiny_decoder,
    tiny_noise,
    tiny_stereo,
)
from tests.device.engine.playing import RATE, noise, play, table, tone


@pytest.mark.parametrize("frames", [1, 255, 256, 1000])
@pytest.mark.parametrize("delay", [0, 64, 700])
def test_aligned_output_lies_over_its_input(frames, delay):
    sound = noise(1, frames)
    rendered = render(tiny_autoencoder(delay=delay), sound)
    assert rendered.audio.shape == (1, frames)
    np.testing.assert_allclose(rendered.audio, sound, atol=0.05)
    whole = render(tiny_autoencoder(delay=delay), sound, align=False).audio
    assert whole.shape == (1, frames + delay)
    np.testing.assert_array_equal(whole[:, delay:], rendered.audio)


def test_it_is_what_the_engine_plays():
    sound = noise(2, 1024)
    params = table(latent_bias_1=0.3, dry_wet=0.7, input_gain_db=6.0)
    rendered = render(tiny_stereo(delay=0), sound, params=params)
    np.testing.assert_array_equal(rendered.audio, play(Engine(tiny_stereo(delay=0)), sound, params))
    assert (rendered.sample_rate_hz, rendered.precision, rendered.blocks) == (RATE, "fp32", 4)


def test_seed_and_precision_reach_the_engine():
    nothing = np.zeros((0, 512), np.float32)
    one, same, other = (render(tiny_noise(), nothing, seed=s).audio for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert render(tiny_autoencoder(int8=True), noise(1, 10)).precision == "int8"


def test_a_timeline_moves_parameters_at_its_times():
    bundle = tiny_decoder(256, 64)
    line = Timeline([Event(0.1, "latent_bias_0", 0.5)], specs_of(bundle.manifest))
    audio = render(bundle, np.zeros((0, 9600), np.float32), timeline=line).audio
    first = np.flatnonzero(audio[0])[0]
    assert 0 <= first - 0.1 * RATE < 256 + 64
    assert np.abs(audio[0, -1000:]).max() == pytest.approx(0.5, rel=0.01)


def test_it_tells_how_far_it_is_and_what_happened():
    seen = []
    rendered = render(
        tiny_breakable(), noise(1, 256 * 10), params=table(model_0=1.0), progress=seen.append
    )
    assert seen == pytest.approx(np.arange(1, 11) / 10)
    assert rendered.repaired_blocks == rendered.blocks == 10
    loud = render(tiny_autoencoder(delay=0), np.full((1, 256), 3.0, np.float32))
    assert loud.limited_blocks == 1


@pytest.mark.parametrize("shape", [(1, 0), (2, 100), (100,)])
def test_sound_of_the_wrong_shape_is_refused(shape):
    with pytest.raises(ConfigError, match=r"wants \[1, frames\]"):
        render(tiny_autoencoder(), np.zeros(shape, np.float32))


@pytest.fixture
def bundle_path(tmp_path):
    return save(tiny_autoencoder(delay=64), tmp_path / "tiny.ondine")


@pytest.mark.parametrize(
    ("as_float", "subtype", "error"), [(False, "PCM_24", 2e-7), (True, "FLOAT", 0)]
)
def test_a_file_goes_through(tmp_path, bundle_path, as_float, subtype, error):
    sound = tone(1000.0, 4800)
    write_wav(tmp_path / "in.wav", sound, RATE, as_float=True)
    render_file(bundle_path, tmp_path / "in.wav", tmp_path / "out.wav", as_float=as_float)
    audio, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate == RATE
    assert soundfile.info(tmp_path / "out.wav").subtype == subtype
    wanted = render(tiny_autoencoder(delay=64), sound).audio[0]
    np.testing.assert_allclose(audio, wanted, atol=error)


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
def test_other_rates_and_channels_are_brought_to_the_models(tmp_path, bundle_path, rate):
    phase = 2 * np.pi * 1000 * np.arange(rate // 2) / rate
    both = np.repeat((0.3 * np.sin(phase)).astype(np.float32)[None], 2, axis=0)
    write_wav(tmp_path / "in.wav", both, rate, as_float=True)
    rendered = render_file(bundle_path, tmp_path / "in.wav", tmp_path / "out.wav")
    assert rendered.audio.shape == (1, RATE // 2)
    middle = slice(4800, 19_200)
    np.testing.assert_allclose(
        rendered.audio[:, middle], tone(1000.0, 24_000, 0.3)[:, middle], atol=6e-3
    )


def test_mono_goes_to_both_channels_of_a_stereo_model(tmp_path):
    path = save(tiny_stereo(), tmp_path / "stereo.ondine")
    write_wav(tmp_path / "in.wav", noise(1, 500), RATE)
    audio = render_file(path, tmp_path / "in.wav", tmp_path / "out.wav").audio
    assert audio.any()
    np.testing.assert_allclose(audio[0], audio[1], atol=1e-6)


def test_a_synth_is_as_long_as_the_file(tmp_path):
    path = save(tiny_noise(), tmp_path / "noise.ondine")
    write_wav(tmp_path / "in.wav", noise(2, 777), RATE)
    assert render_file(path, tmp_path / "in.wav", tmp_path / "out.wav").audio.shape == (2, 777)


def test_files_that_cannot_be_used_are_named_and_nothing_is_left_behind(tmp_path, bundle_path):
    good, out = tmp_path / "in.wav", tmp_path / "out.wav"
    write_wav(good, noise(1, 500), RATE)
    write_wav(out, tone(440.0, 100), RATE)
    old = out.read_bytes()
    (tmp_path / "broken.wav").write_bytes(good.read_bytes()[:20])
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "zero.wav").write_bytes(b"")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), RATE)
    for name in ("broken.wav", "text.wav", "zero.wav", "empty.wav", "missing.wav", "."):
        with pytest.raises(AudioError, match=str(tmp_path / name)):
            render_file(bundle_path, tmp_path / name, out)
    for place in (tmp_path, tmp_path / "no/out.wav", tmp_path / "out.flac"):
        with pytest.raises(AudioError, match="cannot write"):
            render_file(bundle_path, good, place)
    with pytest.raises(BundleError, match=r"text\.wav"):
        render_file(tmp_path / "text.wav", good, out)
    assert out.read_bytes() == old
    assert not list(tmp_path.glob(".*"))


def test_a_file_may_be_rendered_over_itself(tmp_path, bundle_path):
    path = tmp_path / "in.wav"
    write_wav(path, noise(1, 500), RATE)
    rendered = render_file(bundle_path, path, path)
    audio, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_allclose(audio, rendered.audio[0], atol=2e-7)

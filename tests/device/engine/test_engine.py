"""The engine around a model whose sound one can work out: delays, levels, edits, kinds."""

import dataclasses

import numpy as np
import pytest

from device.bundle import Bundle
from device.engine.engine import Engine
from device.errors import BundleError, ConfigError
from device.params import FIXED
from tests.bundles import (
    INT8_SCALE,
    tiny_autoencoder,
    tiny_decoder,
    tiny_effect,
    tiny_encoder,
    tiny_noise,
    tiny_prior,
    tiny_stereo,
)
from tests.device.engine.playing import noise, play, table, tone


@pytest.mark.parametrize("block", [16, 100, 256])
@pytest.mark.parametrize("delay", [0, 1, 64, 700])
def test_an_impulse_comes_out_exactly_the_delay_later(block, delay):
    engine = Engine(tiny_autoencoder(block, delay=delay))
    sound = np.zeros((1, 2000 - 2000 % block), np.float32)
    sound[0, 37] = 0.5
    out = play(engine, sound)[0]
    assert engine.delay_frames == delay
    assert np.argmax(np.abs(out)) == 37 + delay
    # All but the DC blocker's 0.07 % of an impulse.
    assert out[37 + delay] == pytest.approx(0.5, rel=1e-3)
    assert np.abs(np.delete(out, 37 + delay)).max() < 5e-4


def test_it_plays_the_same_at_every_block_size():
    sound = noise(1, 4096)
    outs = [play(Engine(tiny_autoencoder(block, delay=64)), sound) for block in (64, 256, 2048)]
    np.testing.assert_allclose(outs[1], outs[0], atol=1e-6)
    np.testing.assert_allclose(outs[2], outs[0], atol=1e-6)


@pytest.mark.parametrize("delay", [0, 1, 255, 256, 257, 1000])
def test_dry_lines_up_with_wet_to_the_sample(delay):
    """The model is a pure delay, so every mix of dry and wet must be the same sound."""
    sound = noise(1, 256 * 12)
    wet, half, dry = (
        play(Engine(tiny_autoencoder(delay=delay)), sound, table(dry_wet=share))
        for share in (1.0, 0.5, 0.0)
    )
    np.testing.assert_allclose(half, wet, atol=1e-6)
    np.testing.assert_allclose(dry, wet, atol=1e-6)


def test_a_bias_is_added_to_its_latent_alone():
    """Latent i is frame i of each hop of 4, so its bias lifts every fourth frame."""
    engine = Engine(tiny_autoencoder(256, 4, delay=0))
    out = play(engine, np.zeros((1, 256), np.float32), table(latent_bias_2=0.5))[0]
    pattern = np.tile([0.0, 0.0, 0.5, 0.0], 64)
    # The DC blocker takes the pattern's mean away bit by bit; the steps within it stay.
    np.testing.assert_allclose(np.diff(out), np.diff(pattern), atol=1e-3)


def test_a_scale_multiplies_its_latent_alone():
    engine = Engine(tiny_autoencoder(256, 4, delay=0))
    sound = noise(1, 256)
    params = table(latent_scale_0=0.0, latent_scale_1=-2.0)
    wanted = sound.reshape(64, 4) * [0.0, -2.0, 1.0, 1.0]
    plain = Engine(tiny_autoencoder(256, 4, delay=0))
    out = play(engine, sound, params)
    np.testing.assert_allclose(
        out, play(plain, wanted.reshape(1, 256).astype(np.float32)), atol=1e-6
    )


@pytest.mark.parametrize("gain_db", [-59.9, -20.0, -6.0, 6.0])
def test_gains_are_in_db(gain_db):
    sound = noise(1, 2560, level=0.05)
    plain = play(Engine(tiny_autoencoder()), sound)
    factor = 10 ** (gain_db / 20)
    for id in ("input_gain_db", "output_gain_db"):
        out = play(Engine(tiny_autoencoder()), sound, table(**{id: gain_db}))
        np.testing.assert_allclose(out, factor * plain, atol=1e-6)


def test_an_output_at_its_lowest_fades_into_silence():
    engine = Engine(tiny_autoencoder(delay=0))
    sound = noise(1, 24_064, level=0.5)
    play(engine, sound)
    faded = play(engine, sound, table(output_gain_db=FIXED["output_gain_db"].minimum))[0]
    # A glide of 10 ms, block by block: no step, and after a tenth of a second nothing.
    assert np.abs(faded[:64]).max() > 0.1
    assert not faded[12_000:].any()


def test_peaks_tell_of_the_last_block():
    engine = Engine(tiny_autoencoder(delay=0))
    sound = np.zeros((1, 512), np.float32)
    sound[0, 5] = -0.25
    play(engine, sound[:, :256], table(input_gain_db=6.0))
    assert engine.peak_in == pytest.approx(0.25 * 10**0.3)
    assert engine.peak_out == pytest.approx(0.25 * 10**0.3, rel=2e-3)
    play(engine, sound[:, 256:])
    assert engine.peak_in == 0.0


def test_dc_of_the_model_is_removed_and_low_notes_stay():
    engine = Engine(tiny_autoencoder(delay=0))
    sound = tone(40.0, 256 * 400) + np.float32(0.3)
    out = play(engine, sound)[0, -24_000:]
    assert abs(out.mean()) < 1e-4
    assert out.max() == pytest.approx(0.5, rel=0.02)


def test_channels_of_a_stereo_model_stay_apart():
    engine = Engine(tiny_stereo(delay=64))
    sound = np.vstack([noise(1, 1024, seed=1), np.zeros((1, 1024), np.float32)])
    out = play(engine, sound)
    assert not out[1].any()
    mono = play(Engine(tiny_autoencoder(delay=64)), sound[:1])
    np.testing.assert_allclose(out[0], mono[0], atol=1e-6)


@pytest.mark.parametrize(("ins", "outs"), [(1, 2), (2, 1), (4, 4)])
def test_dry_has_as_many_channels_as_wet(ins, outs):
    bundle = tiny_autoencoder(channels_in=ins, channels_out=outs, delay=10)
    sound = noise(ins, 1024)
    wet, dry = (play(Engine(bundle), sound, table(dry_wet=x)) for x in (1.0, 0.0))
    assert wet.shape == (outs, 1024)
    np.testing.assert_allclose(dry, wet, atol=1e-6)


def test_a_decoder_plays_its_bias():
    """Latent 1 is the amplitude of two cycles a hop of 64: 1500 Hz."""
    engine = Engine(tiny_decoder(256, 64))
    silence = np.zeros((0, 2560), np.float32)
    out = play(engine, silence, table(latent_bias_1=0.5))
    np.testing.assert_allclose(out, tone(1500.0, 2560), atol=5e-3)
    assert (engine.channels_in, engine.peak_in) == (0, 0.0)


def test_a_prior_plays_by_itself_and_can_be_edited():
    silence = np.zeros((0, 2560), np.float32)
    one, same = (play(Engine(tiny_prior(), seed=3), silence) for _ in range(2))
    assert np.abs(one).max() > 0.1
    np.testing.assert_array_equal(one, same)
    held = table(noise_amount=0.0, latent_bias_1=0.5)
    np.testing.assert_array_equal(
        play(Engine(tiny_prior()), silence, held),
        play(Engine(tiny_decoder()), silence, table(latent_bias_1=0.5)),
    )
    assert not play(
        Engine(tiny_prior()),
        silence,
        table(**dict.fromkeys((f"latent_scale_{i}" for i in range(4)), 0.0)),
    ).any()


def test_an_effect_follows_its_own_parameter():
    engine = Engine(tiny_effect(delay=32))
    sound = tone(1000.0, 2560)
    out = play(engine, sound, table(model_0=5.0))
    wanted = np.tanh(5.0 * np.pad(sound, ((0, 0), (32, 0)))[:, :2560])
    ceiling = 10 ** (-1 / 20)
    below = np.abs(out) < 0.5
    np.testing.assert_allclose(out[below], wanted[below], atol=0.13)
    assert out.max() == pytest.approx(ceiling, rel=0.01)


def test_a_parameter_out_of_its_range_is_clamped_and_nan_keeps_the_last():
    sound = noise(1, 256, level=0.01)
    hottest = play(Engine(tiny_effect()), sound, table(model_0=20.0))
    np.testing.assert_array_equal(play(Engine(tiny_effect()), sound, table(model_0=1e9)), hottest)
    engine = Engine(tiny_effect())
    play(engine, sound, table(model_0=20.0, output_gain_db=-3.0))
    play(engine, sound, table(model_0=np.nan, output_gain_db=np.inf))
    again = Engine(tiny_effect())
    play(again, sound, table(model_0=20.0, output_gain_db=-3.0))
    np.testing.assert_array_equal(
        play(engine, sound, table(model_0=np.nan, output_gain_db=-np.inf)),
        play(again, np.tile(sound, 2), table(model_0=20.0, output_gain_db=-3.0))[:, 256:],
    )


def test_an_encoder_alone_is_refused_with_a_sentence():
    with pytest.raises(ConfigError, match="nothing to hear"):
        Engine(tiny_encoder())


def test_auto_precision_is_the_recommended_one_if_it_is_there():
    both = tiny_autoencoder(int8=True)
    assert Engine(both).precision == "int8"
    assert Engine(both, precision="fp32").precision == "fp32"
    only_fp32 = tiny_autoencoder()
    promised = dataclasses.replace(only_fp32.manifest, recommended="int8")
    assert Engine(Bundle(promised, only_fp32.members)).precision == "fp32"
    with pytest.raises(ConfigError, match="no int8 graphs; choose fp32"):
        Engine(only_fp32, precision="int8")


def test_a_method_that_stayed_in_float_plays_beside_one_in_int8():
    bundle = tiny_autoencoder(int8=True, delay=64)
    methods = dict(bundle.manifest.methods)
    fp32 = {"fp32": methods["decode"].graphs["fp32"]}
    methods["decode"] = dataclasses.replace(methods["decode"], graphs=fp32)
    mixed = Bundle(dataclasses.replace(bundle.manifest, methods=methods), bundle.members)
    engine = Engine(mixed)
    assert engine.precision == "int8"
    sound = noise(1, 1024)
    quantised = np.round(sound / INT8_SCALE).astype(np.float32) * np.float32(INT8_SCALE)
    wanted = play(Engine(tiny_autoencoder(delay=64)), quantised)
    np.testing.assert_allclose(play(engine, sound), wanted, atol=1e-5)


def test_reset_gives_the_same_output_again():
    sound = noise(1, 1024)
    params = table(input_gain_db=3.0, dry_wet=0.5, latent_bias_0=0.1)
    engine = Engine(tiny_autoencoder(delay=700))
    first = play(engine, sound, params)
    engine.reset()
    np.testing.assert_array_equal(play(engine, sound, params), first)
    synth = Engine(tiny_noise())
    silence = np.zeros((0, 1024), np.float32)
    first = play(synth, silence)
    synth.reset()
    np.testing.assert_array_equal(play(synth, silence), first)


def test_reset_to_the_exported_start():
    engine = Engine(tiny_autoencoder(delay=64, exported_start=True))
    silence = np.zeros((1, 256), np.float32)
    assert not play(engine, silence).any()
    engine.reset("exported")
    assert play(engine, silence)[0, 5] == pytest.approx(0.25, rel=0.01)


def test_a_warm_engine_starts_like_a_fresh_one():
    sound = noise(1, 1024)
    warm, fresh = Engine(tiny_autoencoder()), Engine(tiny_autoencoder())
    warm.warm_up()
    np.testing.assert_array_equal(play(warm, sound), play(fresh, sound))


def test_ports_that_do_not_fit_are_refused():
    bundle = tiny_autoencoder()
    for change, words in (
        ({"channels_in": 2}, r"encode.audio .* \[1, 1, 256\]"),
        ({"channels_out": 2}, r"decode.audio"),
        ({"latent_size": 3, "latents": ()}, r"decode.latent"),
    ):
        odd = Bundle(dataclasses.replace(bundle.manifest, **change), bundle.members)
        with pytest.raises(BundleError, match=words):
            Engine(odd)


def test_a_parameter_port_without_a_description_is_refused():
    bundle = tiny_effect()
    odd = Bundle(dataclasses.replace(bundle.manifest, parameters=()), bundle.members)
    with pytest.raises(BundleError, match="wants a parameter drive"):
        Engine(odd)


def test_senseless_threads_and_seed_are_refused():
    for wrong in ({"threads": 0}, {"seed": -1}):
        with pytest.raises(ConfigError, match="threads is"):
            Engine(tiny_autoencoder(), **wrong)

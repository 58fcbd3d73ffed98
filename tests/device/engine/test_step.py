"""The step: ping-pong equals feeding a plain session by hand; starts; refusals."""

import dataclasses
import io

import numpy as np
import onnxruntime as ort
import pytest

from device.bundle import Bundle
from device.engine.step import Step
from device.errors import BundleError
from tests.bundles import tiny_autoencoder, tiny_breakable, tiny_effect


@pytest.mark.parametrize(
    ("bundle", "method", "precision"),
    [
        (tiny_autoencoder(delay=700), "encode", "fp32"),
        (tiny_autoencoder(int8=True, channels_in=2, channels_out=2), "decode", "int8"),
        (tiny_breakable(), "forward", "fp32"),
    ],
)
def test_fifty_steps_equal_a_plain_session_fed_by_hand(bundle, method, precision):
    spec = bundle.manifest.methods[method]
    graph = spec.graphs[precision]
    session = ort.InferenceSession(bundle.members[graph.member])
    states = {s.input: np.zeros(s.shape, s.dtype) for s in graph.states}
    step = Step(bundle, method, precision)
    random = np.random.default_rng(0)
    for _ in range(50):
        feed = {
            p.name: random.uniform(-1, 1, p.shape).astype(np.float32)
            for p in spec.inputs
            if p.role != "param"
        }
        feed |= {p.name: np.zeros(p.shape, np.float32) for p in spec.role("param")}
        names = [p.name for p in spec.outputs] + [s.output for s in graph.states]
        wanted = dict(zip(names, session.run(names, feed | states), strict=True))
        states = {s.input: wanted[s.output] for s in graph.states}
        for name, value in feed.items():
            step.inputs[name][...] = value
        step.run()
        for port in spec.outputs:
            np.testing.assert_array_equal(step.outputs[port.name], wanted[port.name])
        for name, held in step.states().items():
            np.testing.assert_array_equal(held, states[name])


@pytest.mark.parametrize("steps_before", [0, 1, 2])
def test_reset_to_zero_forgets_whichever_buffers_are_next(steps_before):
    step = Step(tiny_autoencoder(), "encode", "fp32")
    step.inputs["audio"][...] = 1.0
    for _ in range(steps_before):
        step.run()
    step.reset()
    assert not step.states()["cached_input"].any()
    step.inputs["audio"][...] = 0.0
    step.run()
    assert not step.outputs["latent"].any()


def test_a_quantised_cache_starts_at_silence():
    step = Step(tiny_autoencoder(int8=True), "decode", "int8")
    for _ in range(2):
        held = step.states()["cached_output"]
        assert held.dtype == np.int8
        assert not held.any()
        step.inputs["latent"][...] = 0.5
        step.run()
        assert step.states()["cached_output"].all()
        step.reset()


def test_an_exported_start_is_what_the_source_file_held():
    step = Step(tiny_autoencoder(delay=64, exported_start=True), "decode", "fp32")
    step.run()
    assert not step.outputs["audio"].any()
    step.reset("exported")
    step.run()
    np.testing.assert_array_equal(step.outputs["audio"][0, 0, :32], 0.25)
    assert not step.outputs["audio"][0, 0, 32:].any()
    step.reset("zero")
    step.run()
    assert not step.outputs["audio"].any()


def test_an_exported_start_of_a_model_that_has_none_is_zero():
    step = Step(tiny_effect(), "forward", "fp32")
    step.inputs["drive"][...] = step.inputs["audio"][...] = 1.0
    step.run()
    step.reset("exported")
    assert not step.states()["cached_input"].any()


def test_an_exported_start_that_does_not_fit_is_refused():
    bundle = tiny_autoencoder(exported_start=True)
    for arrays in ({"cached_other": np.zeros(3)}, {"cached_output": np.zeros((1, 1, 5))}):
        data = io.BytesIO()
        np.savez(data, **arrays)
        broken = Bundle(bundle.manifest, {**bundle.members, "decode.start.npz": data.getvalue()})
        with pytest.raises(BundleError, match="start"):
            Step(broken, "decode", "fp32")
    broken = Bundle(bundle.manifest, {**bundle.members, "decode.start.npz": b"PK nothing"})
    with pytest.raises(BundleError, match="start"):
        Step(broken, "decode", "fp32")


def test_the_arrays_stay_where_they_are():
    step = Step(tiny_autoencoder(), "encode", "fp32")
    audio, latent = step.inputs["audio"], step.outputs["latent"]
    for i in range(4):
        audio[...] = i
        step.run()
    assert latent is step.outputs["latent"]
    assert latent[0, 0, -1] == 3.0


def test_a_missing_method_or_precision_is_named_with_what_there_is():
    with pytest.raises(BundleError, match=r"has no prior; it has encode, decode"):
        Step(tiny_autoencoder(), "prior", "fp32")
    with pytest.raises(BundleError, match=r"has no int8 encode; it has fp32"):
        Step(tiny_autoencoder(), "encode", "int8")


def test_a_graph_that_differs_from_its_manifest_is_refused_before_it_is_bound():
    bundle = tiny_autoencoder()
    method = bundle.manifest.methods["encode"]
    wrong = dataclasses.replace(method.inputs[0], shape=(1, 1, 128))
    methods = {"encode": dataclasses.replace(method, inputs=(wrong,))}
    manifest = dataclasses.replace(bundle.manifest, methods=methods)
    with pytest.raises(BundleError, match=r"encode differs from its manifest at .*audio"):
        Step(Bundle(manifest, bundle.members), "encode", "fp32")


def test_bytes_that_are_no_graph_are_refused():
    bundle = tiny_autoencoder()
    members = dict.fromkeys(bundle.members, b"no graph at all")
    with pytest.raises(BundleError, match=r"onnxruntime cannot load encode \(fp32\)"):
        Step(Bundle(bundle.manifest, members), "encode", "fp32")

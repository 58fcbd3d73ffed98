"""The vet: it reads what onnx reads, lets through what we write, and refuses by one rule each."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from device.admission import limits
from device.admission.onnx_file import read_model
from device.admission.passport import check_passport
from device.admission.vet import vet
from device.bundle import Bundle, read_bundle
from device.errors import BundleError
from device.manifest import State
from tests import bundles
from tests.faults.evil.forge import SHAPE, constant, model, node

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "models/bundles").glob("*.ondine"))


@pytest.fixture(scope="module")
def drift() -> Bundle:
    return read_bundle(ROOT / "models/bundles/drift.ondine")


@pytest.mark.parametrize("name", bundles.ALL)
def test_the_tiny_bundles_pass(name):
    bundle = bundles.ALL[name]()
    check_passport(bundle.manifest)
    vet(bundle)


def test_the_shipped_instrument_passes(drift):
    check_passport(drift.manifest)
    vet(drift)


def test_it_reads_what_onnx_reads(drift):
    graphs = [data for name, data in drift.members.items() if name.endswith(".onnx")]
    assert graphs
    for data in graphs:
        ours, theirs = read_model(data), onnx.load_model_from_string(data)
        assert ours.opsets == {o.domain: o.version for o in theirs.opset_import}
        assert [(n.operator, n.domain, n.inputs, n.outputs) for n in ours.nodes] == [
            (n.op_type, n.domain, tuple(n.input), tuple(n.output)) for n in theirs.graph.node
        ]
        assert [(t.name, t.type, t.shape) for t in ours.constants] == [
            (t.name, t.data_type, tuple(t.dims)) for t in theirs.graph.initializer
        ]
        for mine, other in (
            (ours.inputs, theirs.graph.input),
            (ours.outputs, theirs.graph.output),
        ):
            assert [(v.name, v.shape) for v in mine] == [
                (v.name, tuple(d.dim_value for d in v.type.tensor_type.shape.dim)) for v in other
            ]


def with_graph(made: onnx.ModelProto) -> Bundle:
    """A bundle of one method with this graph; its manifest is not looked at."""
    whole = bundles.tiny_effect()
    return dataclasses.replace(whole, members={"forward.fp32.onnx": made.SerializeToString()})


def test_typed_data_are_counted():
    """float_data and int64_data, packed as onnx's own helpers write them."""
    held = [
        helper.make_tensor("w", TensorProto.FLOAT, SHAPE, np.zeros(256)),
        helper.make_tensor("s", TensorProto.INT64, [3], [1, 300, 70000]),
        helper.make_tensor("b", TensorProto.BOOL, [2], [True, False]),
    ]
    vet(with_graph(model([node("Add", "audio w", "wet")], held)))
    held[1].int64_data.append(1)
    with pytest.raises(BundleError, match="data for 4 numbers, not for 3"):
        vet(with_graph(model([node("Add", "audio w", "wet")], held)))


def test_a_shape_may_be_worked_out_from_constants():
    nodes = [
        node("Shape", "audio", "s"),
        node("Gather", "s two", "frames"),
        node("Reshape", "frames one", "length"),
        node("Concat", "ones length", "shape", axis=0),
        node("Reshape", "audio shape", "wet"),
    ]
    held = [constant("two", 2, np.int64), constant("one", [1], np.int64)]
    vet(with_graph(model(nodes, [*held, constant("ones", [1, 1], np.int64)])))


def test_a_shape_may_not_be_heard():
    nodes = [
        node("ReduceMax", "audio", "loud", keepdims=0),
        node("Cast", "loud", "count", to=TensorProto.INT64),
        node("Reshape", "count one", "shape"),
        node("Expand", "loud shape", "wet"),
    ]
    with pytest.raises(BundleError, match="'shape', which is computed as it plays"):
        vet(with_graph(model(nodes, [constant("one", [1], np.int64)])))


def test_one_graph_cannot_serve_two():
    whole = bundles.tiny_effect()
    methods = dict.fromkeys(("forward", "other"), whole.manifest.methods["forward"])
    manifest = dataclasses.replace(whole.manifest, methods=methods)
    with pytest.raises(BundleError, match="used twice"):
        vet(Bundle(manifest, whole.members))


def test_an_exported_start_passes():
    vet(bundles.tiny_autoencoder(exported_start=True))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": "a\u202eb"}, r"U\+202E"),
        ({"licence": "a\x00"}, r"U\+0000"),
        ({"corpus": "x" * 10_001}, "10001 letters"),
        ({"measured": {"a" * 10_001: 1}}, "10001 letters"),
        ({"authors": ("ok", "\ud800")}, r"U\+D800"),
    ],
)
def test_a_passport_is_text_that_can_be_shown(changes, word):
    manifest = dataclasses.replace(bundles.tiny_effect().manifest, **changes)
    with pytest.raises(BundleError, match=word):
        check_passport(manifest)


@pytest.mark.parametrize("name", ["Glas für Zoë", "ガラス", "شیشه\u200cای", "a\nb", "a\u00a0!"])
def test_names_of_all_languages_pass(name):
    check_passport(dataclasses.replace(bundles.tiny_effect().manifest, name=name))


def test_a_passport_asks_for_no_more_memory_than_there_is():
    whole = bundles.tiny_effect().manifest
    method = whole.methods["forward"]
    caches = tuple(State(f"a{i}", f"b{i}", (1, 2**20, 1)) for i in range(8))
    graphs = {"fp32": dataclasses.replace(method.graphs["fp32"], states=caches)}
    methods = {"forward": dataclasses.replace(method, graphs=graphs)}
    with pytest.raises(BundleError, match="numbers for its ports and caches"):
        check_passport(dataclasses.replace(whole, methods=methods))


def test_the_page_for_makers_tells_every_rule():
    page = (ROOT / "docs/bundles.md").read_text()
    words = set(re.findall(r"[A-Za-z0-9]+", page))
    assert {name for _, name in limits.OPERATORS} <= words
    for number in (
        f"{limits.MAX_GRAPH_BYTES >> 20} MiB",
        f"{limits.MAX_NODES} nodes",
        f"{limits.MAX_CONSTANTS} constants",
        f"{limits.MAX_STATES} caches",
        f"{limits.MAX_METHODS} methods",
        f"{limits.MEMORY_BYTES >> 20} MiB of memory",
        f"{limits.TRIAL_S} s",
        f"{limits.WALL_S} s",
        f"{limits.BYTES_PER_S / 1e6:.0f} MB",
        f"{limits.SLOWEST:.0f} times",
    ):
        assert number in page

"""Multiply-accumulates, against what one counts by hand."""

from pathlib import Path

import pytest
from onnx import TensorProto, helper

from device.bundle import read_bundle
from tests.benchmark.macs import count_macs

DRIFT = Path(__file__).parents[2] / "models" / "bundles" / "drift.ondine"


def model(op: str, x: tuple[int, ...], w: tuple[int, ...], y: tuple[int, ...], **how) -> bytes:
    """A graph of one node, x and weights in, y out."""
    domain = how.pop("domain", "")
    ports = {"x": x, "w": w, "y": y}
    x_port, w_port, y_port = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in ports.items()
    )
    node = helper.make_node(op, ["x", "w"], ["y"], domain=domain, **how)
    return helper.make_model(
        helper.make_graph([node], "one", [x_port, w_port], [y_port])
    ).SerializeToString()


def test_a_product_of_three_frames_by_five_channels() -> None:
    assert count_macs(model("MatMul", (1, 3, 4), (4, 5), (1, 3, 5))) == 3 * 4 * 5
    assert count_macs(model("Gemm", (3, 4), (4, 5), (3, 5))) == 3 * 4 * 5
    assert count_macs(model("Gemm", (4, 3), (4, 5), (3, 5), transA=1)) == 3 * 4 * 5


def test_convolutions_count_their_groups_and_strides() -> None:
    assert count_macs(model("Conv", (1, 4, 10), (6, 4, 3), (1, 6, 8))) == 8 * 6 * 4 * 3
    assert count_macs(model("Conv", (1, 4, 10), (4, 1, 3), (1, 4, 8), group=4)) == 8 * 4 * 3
    made = model("ConvTranspose", (1, 4, 10), (4, 6, 8), (1, 6, 80), strides=[8])
    assert count_macs(made) == 10 * 4 * 6 * 8


def test_what_adds_up_is_no_product() -> None:
    assert count_macs(model("Add", (1, 4), (1, 4), (1, 4))) == 0


@pytest.mark.parametrize(
    ("op", "domain"), [("GRU", ""), ("DynamicQuantizeMatMul", "com.microsoft")]
)
def test_products_hidden_in_a_node_are_refused(op: str, domain: str) -> None:
    with pytest.raises(ValueError, match=f"{op} has products that are not counted"):
        count_macs(model(op, (1, 3, 4), (4, 5), (1, 3, 5), domain=domain))


def test_a_shape_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="not known"):
        count_macs(model("MatMul", (0, 4), (4, 5), (0, 5)))


def test_the_converter_counts_its_products_alike() -> None:
    """drift's decoder is all products; its encoder has a filter bank before them."""
    bundle = read_bundle(DRIFT)
    m = bundle.manifest
    found = {
        name: count_macs(bundle.members[method.graphs["fp32"].member])
        for name, method in m.methods.items()
    }
    assert found["decode"] == m.measured["decode"]["macs_per_block"]
    assert found["encode"] > m.measured["encode"]["macs_per_block"]

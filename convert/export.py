"""Export a lifted method to a plain ONNX graph: static shapes, channel-major, float32.

    inputs    audio | latent | input,  cached_0 …,  knobs by name,  noise_0 …
    outputs   audio | latent,          new_cached_0 …

It is the reference that `convert.timemajor` rewrites, and what other ONNX programs would read.
"""

import io
import logging
import re
import warnings

import onnx
import torch

from convert.knobs import defaults
from convert.lift import Lifted
from device.errors import ConvertError

OPSET = 20


def export(lifted: Lifted) -> onnx.ModelProto:
    """The method as an ONNX model in memory.

    Raises:
        ConvertError: naming the operator, if ONNX has none for it.
    """
    states, draws = lifted.states, lifted.draws
    example = (
        torch.zeros(lifted.input_shape),
        *(state.zero for state in states),
        *(torch.full((1,), value) for value in defaults(lifted.knobs)),
        *(torch.zeros(draw.shape) for draw in draws),
    )
    inputs = [input_name(lifted), *(f"cached_{i}" for i in range(len(states)))]
    inputs += [f"knob_{i}" for i in range(len(lifted.knobs))]
    inputs += [draw.name for draw in draws]
    outputs = ["output", *(f"new_cached_{i}" for i in range(len(states)))]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(lifted.graph, example, strict=False)
            exported = torch.onnx.export(
                program, dynamo=True, input_names=inputs, output_names=outputs,
                opset_version=OPSET, optimize=True, verbose=False,
            )  # fmt: skip
    except Exception as error:  # torch's exporter raises a family of its own, chained
        raise ConvertError(_sentence(lifted.method, error)) from None
    assert exported is not None
    buffer = io.BytesIO()
    onnx.save_model(exported.model_proto, buffer)
    model = onnx.load_from_string(buffer.getvalue())
    _name_knobs(model.graph, [knob.parameter.id for knob in lifted.knobs])
    return onnx.shape_inference.infer_shapes(model)


def _name_knobs(graph: onnx.GraphProto, ids: list[str]) -> None:
    """Call the knobs' inputs by their ids, and what happened to be called so by another name."""
    names = {id: f"{id}:value" for id in ids} | {f"knob_{i}": id for i, id in enumerate(ids)}
    for node in graph.node:
        for values in (node.input, node.output):
            for i, name in enumerate(values):
                values[i] = names.get(name, name)
    for value in [*graph.input, *graph.value_info, *graph.initializer]:
        value.name = names.get(value.name, value.name)


def input_name(lifted: Lifted) -> str:
    """What a method is fed: sound at audio rate, else latents."""
    return "audio" if lifted.signature.in_ratio == 1 else "latent"


def _sentence(method: str, error: BaseException) -> str:
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(str(link))
        link = link.__cause__
    found = re.search(r"\b(aten|prims)\.\w+", " ".join(chain))
    operator = found[0] if found else "an operator"
    return (
        f"`{method}` uses {operator}, which cannot be expressed in ONNX, so it cannot be played "
        "on the box. Replace it in the model and export again."
    )

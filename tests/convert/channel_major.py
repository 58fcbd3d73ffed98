"""Steps as `convert.export` gives them, channel-major with explicit caches, but made by hand.

Exporting takes seconds; these take milliseconds, and every kernel, stride and block can be tried.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from convert.builder import Builder
from convert.timemajor import TimeMajorStep
from device.bundle import Bundle
from device.engine.step import Step
from device.manifest import Graph, Manifest, Method, Port, State


class ChannelMajor:
    """A step under construction: `audio` [batch, channels, frames] in, `output` out."""

    def __init__(self, channels: int, frames: int, batch: int = 1) -> None:
        self.batch = batch
        self.input = (batch, channels, frames)
        self.caches: list[tuple[str, tuple[int, ...]]] = []
        self.build = Builder()
        self._names: dict[str, str] = {}

    def cache(self, channels: int, frames: int) -> str:
        name = f"cached_{len(self.caches)}"
        self.caches.append((name, (self.batch, channels, frames)))
        return name

    def keep(self, cache: str, value: str) -> None:
        """`value` is what the next step finds in `cache`."""
        self._names[value] = f"new_{cache}"

    def cut(self, x: str, start: int, end: int) -> str:
        bounds = [self.build.constant([v], np.int64) for v in (start, end, 2, 1)]
        return self.build.emit("Slice", [x, *bounds])

    def joined(self, x: str, channels: int, past: int, frames: int) -> str:
        """`past` frames of before in front of x."""
        if past == 0:
            return x
        cache = self.cache(channels, past)
        whole = self.build.emit("Concat", [cache, x], axis=2)
        self.keep(cache, self.cut(whole, frames, frames + past))
        return whole

    def conv(
        self, x: str, weights: np.ndarray, bias: np.ndarray | None, frames: int, stride: int,
        dilation: int, group: int = 1,
    ) -> str:  # fmt: skip
        """A cached convolution: `weights` [outputs, channels / group, taps]."""
        _, channels, taps = weights.shape
        whole = self.joined(x, channels * group, (taps - 1) * dilation, frames)
        constants = [self.build.constant(weights, np.float32)]
        constants += [] if bias is None else [self.build.constant(bias, np.float32)]
        return self.build.emit(
            "Conv", [whole, *constants], strides=[stride], dilations=[dilation], group=group,
            kernel_shape=[taps], pads=[0, 0],
        )  # fmt: skip

    def conv_transpose(
        self, x: str, weights: np.ndarray, bias: np.ndarray | None, frames: int
    ) -> str:
        """Overlap-add: `weights` [channels, outputs, 2r], stride r, a tail of r frames."""
        _, outputs, taps = weights.shape
        stride = taps // 2
        raw = self.build.emit(
            "ConvTranspose", [x, self.build.constant(weights, np.float32)], strides=[stride],
            kernel_shape=[taps], pads=[0, 0],
        )  # fmt: skip
        cache = self.cache(outputs, stride)
        begun = self.build.emit("Add", [self.cut(raw, 0, stride), cache])
        length = (frames + 1) * stride
        rest = self.cut(raw, stride, length)
        if frames == 1:
            y = begun
            self.keep(cache, rest)
        else:
            whole = self.build.emit("Concat", [begun, rest], axis=2)
            y = self.cut(whole, 0, length - stride)
            self.keep(cache, self.cut(whole, length - stride, length))
        if bias is None:
            return y
        return self.build.emit("Add", [y, self.build.constant(bias[None, :, None], np.float32)])

    def close(self, y: str, shape: Sequence[int]) -> onnx.ModelProto:
        """The finished model with every value's shape inferred."""

        def info(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))

        self.build.rename(self._names | {y: "output"})
        inputs = [info("audio", self.input), *(info(n, s) for n, s in self.caches)]
        outputs = [info("output", shape), *(info(f"new_{n}", s) for n, s in self.caches)]
        model = self.build.model(inputs, outputs)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def running(model: onnx.ModelProto, step: TimeMajorStep | None = None) -> Step:
    """A step to play: the model as it is, or as it was rewritten."""

    def shape(info: onnx.ValueInfoProto) -> tuple[int, ...]:
        return tuple(d.dim_value for d in info.type.tensor_type.shape.dim)

    audio, *caches = model.graph.input
    if step is None:
        states = tuple(State(c.name, f"new_{c.name}", shape(c)) for c in caches)
    else:
        states = tuple(State(s.input, s.output, s.shape, s.dtype, s.written) for s in step.states)
    method = Method(
        {"fp32": Graph("graph", states)},
        (Port("audio", "audio", shape(audio)),),
        (Port("output", "audio", shape(model.graph.output[0])),),
    )
    manifest = Manifest(
        name="made", kind="effect", sample_rate_hz=48_000, block_frames=1, hop_frames=1,
        channels_in=1, channels_out=1, latent_size=0, delay_frames=0, methods={"forward": method},
    )  # fmt: skip
    graph = (step.model if step else model).SerializeToString()
    return Step(Bundle(manifest, {"graph": graph}), "forward", "fp32")


def streamed(step: Step, x: np.ndarray) -> np.ndarray:
    """[batch, channels, total] through the step from where it stands: the outputs joined."""
    port, (output,) = step.inputs["audio"], step.outputs.values()
    made = []
    for block in np.split(x, x.shape[2] // port.shape[2], 2):
        np.copyto(port, block)
        step.run()
        made.append(output.copy())
    return np.concatenate(made, 2)

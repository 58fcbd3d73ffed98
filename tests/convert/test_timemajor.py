"""A time-major step streams what the whole signal gives at once, over many shapes and blocks."""

import itertools

import numpy as np
import onnx
import pytest
import torch
from torch.nn import functional

from convert.products import emit_product
from convert.timemajor import TimeMajorStep, to_time_major
from tests.convert.channel_major import ChannelMajor, running, streamed

BLOCKS = 6


def rewritten(model: onnx.ModelProto) -> TimeMajorStep:
    return to_time_major(model, lambda b, x, p: emit_product(b, x, p, "float"))


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def close(made: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(made - expected).max() <= 2e-6 * np.abs(expected).max())


def whole_conv(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, **how: int) -> np.ndarray:
    """The convolution of the whole signal, which starts from silence, in float64."""
    past = (w.shape[2] - 1) * how.get("dilation", 1)
    padded = functional.pad(torch.from_numpy(x).double(), (past, 0))
    b = None if bias is None else torch.from_numpy(bias).double()
    return functional.conv1d(padded, torch.from_numpy(w).double(), b, **how).numpy()


def operators(step: TimeMajorStep) -> list[str]:
    return [node.op_type for node in step.model.graph.node]


SHAPES = [
    (taps, stride, dilation, channels, frames)
    for taps, stride, dilation, channels, frames in itertools.product(
        (1, 2, 3, 7), (1, 2, 4), (1, 9), (4, 10), (1, 4)
    )
    if frames % stride == 0 and (stride == 1 or dilation == 1) and (taps > 1 or dilation == 1)
]


@pytest.mark.parametrize("bias", [False, True])
def test_cached_convolutions_of_every_shape(bias: bool) -> None:
    for taps, stride, dilation, channels, frames in SHAPES:
        w, b = draw(5, channels, taps), draw(5) if bias else None
        major = ChannelMajor(channels, frames)
        y = major.conv("audio", w, b, frames, stride, dilation)
        step = rewritten(model := major.close(y, (1, 5, frames // stride)))
        x = draw(1, channels, BLOCKS * frames, seed=1)
        made = streamed(running(model, step), x)
        shape = f"{taps=} {stride=} {dilation=} {channels=} {frames=}"
        assert close(made, whole_conv(x, w, b, stride=stride, dilation=dilation)), shape
        assert "Conv" not in operators(step), shape


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("frames", [1, 2, 3, 8])
@pytest.mark.parametrize("stride", [1, 2, 4, 5])
def test_transposed_convolutions(stride: int, frames: int, bias: bool) -> None:
    w, b = draw(6, 4, 2 * stride), draw(4) if bias else None
    major = ChannelMajor(6, frames)
    model = major.close(major.conv_transpose("audio", w, b, frames), (1, 4, frames * stride))
    step = rewritten(model)
    x = draw(1, 6, BLOCKS * frames, seed=1)
    whole = functional.conv_transpose1d(
        torch.from_numpy(x).double(),
        torch.from_numpy(w).double(),
        None if b is None else torch.from_numpy(b).double(),
        stride=stride,
    ).numpy()
    made = streamed(running(model, step), x)
    assert close(made, whole[..., : made.shape[2]])
    assert "ConvTranspose" not in operators(step)
    (state,) = step.states
    assert (state.shape, state.written) == ((1, 1, 6), (1, frames + 1, 6))


@pytest.mark.parametrize("frames", [1, 2, 8])
def test_a_residual_with_a_delayed_branch(frames: int) -> None:
    """y = lrelu(x[t − 4]) + conv(lrelu(conv(lrelu(x))))."""
    inner, outer = draw(4, 4, 3), draw(4, 4, 1, seed=1)
    major = ChannelMajor(4, frames)

    def active(name: str) -> str:
        return major.build.emit("LeakyRelu", [name], alpha=0.2)

    delayed = major.cut(major.joined("audio", 4, 4, frames), 0, frames)
    branch = active(major.conv(active("audio"), inner, None, frames, 1, 3))
    y = major.build.emit("Add", [active(delayed), major.conv(branch, outer, None, frames, 1, 1)])
    step = rewritten(model := major.close(y, (1, 4, frames)))
    x = draw(1, 4, BLOCKS * 2 * frames, seed=2)

    def lrelu(a: np.ndarray) -> np.ndarray:
        return np.where(a > 0, a, 0.2 * a)

    late = np.pad(x, ((0, 0), (0, 0), (4, 0)))[..., : x.shape[2]]
    inside = whole_conv(lrelu(x), inner, None, dilation=3)
    whole = lrelu(late) + whole_conv(lrelu(inside), outer, None)
    assert close(streamed(running(model, step), x), whole)


def test_a_cache_that_ends_a_join_is_kept_where_it_was_written() -> None:
    w = draw(4, 4, 3)
    major = ChannelMajor(4, 8)
    first = major.conv("audio", draw(4, 4, 1), None, 8, 1, 1)
    step = rewritten(major.close(major.conv(first, w, None, 8, 1, 1), (1, 4, 8)))
    (state,) = step.states
    assert (state.shape, state.written) == ((1, 2, 4), (1, 10, 4))
    assert "Slice" not in operators(step)


def test_a_grouped_convolution_stays_channel_major() -> None:
    w = draw(8, 2, 3)
    major = ChannelMajor(4, 8)
    y = major.conv("audio", w, None, 8, 1, 1, group=2)
    step = rewritten(model := major.close(y, (1, 8, 8)))
    x = draw(1, 4, 48, seed=1)
    assert close(streamed(running(model, step), x), whole_conv(x, w, None, groups=2))
    assert operators(step).count("Conv") == 1
    assert not step.products


def test_two_channels_of_sound_are_a_batch_of_two() -> None:
    w, after = draw(6, 4, 3), draw(5, 6, 2, seed=1)
    major = ChannelMajor(4, 8, batch=2)
    y = major.conv(major.conv("audio", w, None, 8, 2, 1), after, None, 4, 1, 1)
    step = rewritten(model := major.close(y, (2, 5, 4)))
    x = draw(2, 4, 48, seed=2)
    whole = whole_conv(whole_conv(x, w, None, stride=2), after, None)
    assert close(streamed(running(model, step), x), whole)
    assert [product.rows for product in step.products] == [8, 8]


def test_a_filter_bank_on_raw_samples_stays_a_convolution() -> None:
    w = draw(16, 1, 33)
    major = ChannelMajor(1, 64)
    y = major.conv("audio", w, None, 64, 16, 1)
    step = rewritten(model := major.close(y, (1, 16, 4)))
    x = draw(1, 1, 64 * BLOCKS, seed=1)
    assert close(streamed(running(model, step), x), whole_conv(x, w, None, stride=16))
    assert operators(step).count("Conv") == 1


@pytest.mark.parametrize("frames", [1, 2, 8])
def test_an_exported_start_is_taken_over(frames: int) -> None:
    """The channel-major caches after some blocks, translated, go on as if nothing had happened."""
    major = ChannelMajor(4, frames)
    y = major.conv("audio", draw(6, 4, 3), None, frames, 1, 2)
    y = major.conv_transpose(y, draw(6, 4, 4, seed=1), draw(4, seed=2), frames)
    step = rewritten(model := major.close(y, (1, 4, 2 * frames)))
    source, made = running(model), running(model, step)
    streamed(source, draw(1, 4, BLOCKS * frames, seed=3))
    for state in step.states:
        start = state.start(source.states()[state.input])
        assert start is not None
        made.states()[state.input][...] = start
    x = draw(1, 4, BLOCKS * frames, seed=4)
    assert close(streamed(made, x), streamed(source, x))


def test_a_tail_that_no_input_leaves_has_no_start() -> None:
    major = ChannelMajor(4, 8)
    y = major.conv_transpose("audio", draw(4, 4, 8), None, 8)
    (state,) = rewritten(major.close(y, (1, 4, 32))).states
    assert state.start(draw(1, 4, 4, seed=9)) is None
    assert state.start(np.full((1, 4, 4), np.nan, np.float32)) is None
    zero = state.start(np.zeros((1, 4, 4), np.float32))
    assert zero is not None
    assert not zero.any()

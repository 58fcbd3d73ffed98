"""Make the int8 graph of a method: measure every product, choose forms, check on held-out sound."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from convert.assemble import bundle_of, make_piece, make_step, ready
from convert.cost import board_seconds
from convert.distances import log_spectral_distance_db, snr_db
from convert.gates import Choice, choose_forms, probe_emitter
from convert.lift import Lifted
from convert.products import Form, emit_product
from convert.stream import cut, draw_blocks, play
from convert.timemajor import TimeMajorStep, to_time_major
from device.engine.step import Step
from device.manifest import Method, Port

SNR_DB = 30.0
DISTANCE_DB = 1.0
_MARGIN_DB = 0.2
_STEP_DB = 2.0
_ROUNDS = 6


@dataclass(frozen=True)
class Quantised:
    """An int8 graph with what was chosen and what it measured on held-out sound."""

    step: TimeMajorStep
    choices: tuple[Choice, ...]
    snr_db: float
    distance_db: float | None
    """Log-spectral distance of the output; None for a method that does not give sound."""

    @property
    def int8_share(self) -> float:
        """Share of the products' MACs that run in int8 (either form)."""
        total = sum(c.product.macs for c in self.choices)
        done = sum(c.product.macs for c in self.choices if c.form != "float")
        return done / max(total, 1)


def quantise(
    lifted: Lifted,
    exported: onnx.ModelProto,
    floating: TimeMajorStep,
    calibration: np.ndarray,
    held_out: np.ndarray,
) -> Quantised:
    """Quantise one method. Both signals are its inputs, [channels, steps].

    The forms are chosen on `calibration`; the result is measured on `held_out`, and the budget
    tightened until that passes (SNR ≥ 30 dB, log-spectral distance ≤ 1 dB) or all is in float.
    """
    errors = _product_errors(lifted, exported, floating, calibration)
    seconds = [board_seconds(product) for product in floating.products]
    steps = lifted.input_shape[2]
    blocks = cut(held_out, steps)
    draws = draw_blocks(lifted.draws, len(blocks), np.random.default_rng(8))
    reference = play(make_step(lifted, floating), blocks, draws)
    target = SNR_DB + _MARGIN_DB
    for attempt in range(_ROUNDS + 1):
        # Should the budget never be met, the last round asks for silence: all in float.
        choices = choose_forms(
            floating.products, errors, seconds, target if attempt < _ROUNDS else np.inf
        )
        step = build_with(exported, [c.form for c in choices])
        made = play(make_step(lifted, step, "int8"), blocks, draws)
        snr, distance = snr_db(reference, made), None
        if lifted.signature.out_ratio == 1:
            distance = log_spectral_distance_db(reference, made)
        if snr >= SNR_DB and (distance or 0.0) <= DISTANCE_DB:
            break
        # From what these choices were expected to reach, on: less was asked than was given, or
        # the spectrum (soft passages) wants more than the power does.
        expected = -10 * np.log10(max(sum(c.error[c.form] for c in choices), 1e-20))
        short_db = SNR_DB + _MARGIN_DB - snr
        target = max(target, expected) + (max(short_db, 0.5) if short_db > 0 else _STEP_DB)
    return Quantised(step, tuple(choices), snr, distance)


def build_with(exported: onnx.ModelProto, forms: Sequence[Form]) -> TimeMajorStep:
    """The time-major step with product i in `forms[i]`."""
    return to_time_major(exported, lambda b, x, p: emit_product(b, x, p, forms[p.index]))


def _product_errors(
    lifted: Lifted, exported: onnx.ModelProto, floating: TimeMajorStep, signal: np.ndarray
) -> list[dict[Form, float]]:
    """For each product the share of error power that int8 and int8x2 put into the output."""
    step = _probe_step(lifted, exported, len(floating.products))
    flags = step.inputs["flags"]
    blocks = cut(signal, lifted.input_shape[2])
    draws = draw_blocks(lifted.draws, len(blocks), np.random.default_rng(7))
    flags[...] = 0.0
    reference = play(step, blocks, draws)
    power = _power(reference) or 1e-20
    found: list[dict[Form, float]] = []
    for i in range(len(floating.products)):
        errors: dict[Form, float] = {"float": 0.0}
        for offset, form in enumerate(("int8", "int8x2")):
            flags[...] = 0.0
            flags[0, 0, 2 * i + offset] = 1.0
            made = play(step, blocks, draws)
            errors[form] = _power(made - reference) / power  # type: ignore[index]
        found.append(errors)
    return found


def _power(signal: np.ndarray) -> float:
    """Of what is finite: a spherical encoder answers silence with NaN."""
    return float((np.nan_to_num(signal, posinf=0.0, neginf=0.0).astype(np.float64) ** 2).sum())


def _probe_step(lifted: Lifted, exported: onnx.ModelProto, count: int) -> Step:
    """The float step with the quantisation errors of every product behind switches."""
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    shape = (1, 1, 2 * count)
    model.graph.input.append(helper.make_tensor_value_info("flags", TensorProto.FLOAT, shape))
    # Emitted time-major nodes read the flags by name: they are an input of the graph as it is.
    step = to_time_major(model, probe_emitter("flags"))
    piece = make_piece(lifted, step, "fp32", start_too=False)
    bundle = bundle_of(lifted, {"fp32": piece})
    method = bundle.manifest.methods[lifted.method]
    ports = (*method.inputs, Port("flags", "param", shape))
    bundle.manifest.methods[lifted.method] = Method(method.graphs, ports, method.outputs)
    return ready(Step(bundle, lifted.method, "fp32"), lifted)

"""What a matrix product costs on a small Arm board, in seconds, by form.

The converting machine is not the box, is shared, and is never quiet: timed there, the same model
would become another bundle every day, tuned for the wrong processor. So forms are chosen by a model
of the board. Its constants are means over Cortex-A72 and A76 of instruction counts measured under
emulation for [1, M, K] · [K, N] (`make bench-arm`), and published rates of a Raspberry Pi 4 and 5.

With few rows a product waits for its weights, and int8 streams a quarter of the bytes; with many it
computes, and int8 gains little on an A72. The measured times of whole steps, which `convert` prints
and `ondine bench` takes on the board itself, decide between the bundle's precisions.
"""

from convert.products import FORMS, Form, Product

_INSTRUCTIONS_PER_S = 2.0e9
_BYTES_PER_S = 4.5e9
_NODE_S = 4e-6
_FLOAT_PER_MAC = {1: 0.44, 8: 0.32}
"""Instructions per multiply-accumulate with one row, and with eight or more."""
_INT8_PER_MAC = {1: 0.31, 8: 0.19}
_QUANTISE_PER_ELEMENT = 1.1
_NODES = {"float": 1, "int8": 1, "int8x2": 6}


def board_seconds(product: Product) -> dict[Form, float]:
    """Seconds of each form of one product on the modelled board."""
    return {form: _seconds(product, form) for form in FORMS}


def _seconds(product: Product, form: Form) -> float:
    passes = 2 if form == "int8x2" else 1
    elements = product.rows * product.weights.shape[0]
    if form == "float":
        instructions = product.macs * _per_mac(_FLOAT_PER_MAC, product.rows)
        weight_bytes = 4 * product.weights.size
    else:
        instructions = product.macs * _per_mac(_INT8_PER_MAC, product.rows)
        instructions += _QUANTISE_PER_ELEMENT * elements
        weight_bytes = product.weights.size
    bound = max(passes * instructions / _INSTRUCTIONS_PER_S, passes * weight_bytes / _BYTES_PER_S)
    return bound + _NODES[form] * _NODE_S


def _per_mac(table: dict[int, float], rows: int) -> float:
    """Between one row and eight the weights' loads are shared by more and more rows."""
    share = (min(rows, 8) - 1) / 7
    return table[1] + share * (table[8] - table[1])

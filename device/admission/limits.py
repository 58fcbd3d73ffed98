"""What a bundle may be, in numbers and names: one table for whoever vets and whoever converts.

The numbers leave every model that we know of room: RAVE v2, the largest, has 31 MB to 64 MB of
weights in a graph, 172 nodes and 128 caches. `docs/bundles.md` is this page for people.
"""

MAX_MANIFEST_BYTES = 1 << 20
MAX_NAME_BYTES = 128
"""Of a member in the file."""

MAX_METHODS = 8
MAX_PORTS = 64
"""Inputs or outputs of a method, without its caches."""
MAX_STATES = 1024
"""Caches of a graph."""
MAX_RANK = 8
MAX_BUFFER_ELEMENTS = 1 << 24
"""Numbers in all ports and caches of one graph together."""
MAX_TEXT = 10_000
"""Characters of one text in the manifest."""
MAX_DEPTH = 16
"""How deep the converter's measurements may be nested."""

MAX_GRAPH_BYTES = 192 << 20
MAX_NODES = 4096
"""onnxruntime's load time grows with the square of some chains: 0.5 s at 5000, 8 s at 20 000."""
MAX_CONSTANTS = 8192
MAX_FIELDS = 150_000
"""Protobuf fields in one graph, before anything is known of their meaning."""
MAX_TENSOR_ELEMENTS = 1 << 26
MAX_LIST = 1024
"""Numbers in one attribute, and inputs or outputs of one node."""
MAX_INTEGER = 1 << 31
"""Magnitude of an attribute: strides, pads and axes are far below."""
MAX_GRAPH_TEXT = 1024
"""Bytes of one name or text in a graph."""

IR_VERSIONS = range(3, 14)
OPSETS = {"": range(11, 27), "com.microsoft": range(1, 2)}
"""Operator sets by domain, with the versions that onnxruntime knows and converters write."""

ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8}
"""ONNX's number of an element type → its bytes. Not there: text, complex, 4 and 8 bit floats."""

STATE_TYPES = ("float32", "uint8", "int8", "int64", "bool")

_PLAIN = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift
Cast Ceil Celu Clip Concat Constant Conv ConvInteger ConvTranspose Cos Cosh DepthToSpace
DequantizeLinear Div DynamicQuantizeLinear Einsum Elu Equal Erf Exp Flatten Floor GRU Gather
GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual
GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LSTM
LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization MatMul MatMulInteger
Max MaxPool Mean Min Mish Mod Mul Neg Not Or PRelu Pow QLinearConv QLinearMatMul QuantizeLinear RNN
Reciprocal Relu Round ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Sinh Size Softmax
Softplus Softsign SpaceToDepth Sqrt Sub Sum Tan Tanh ThresholdedRelu Transpose Trilu Where Xor
"""
_SHAPED = {
    "ConstantOfShape": (0,), "Expand": (1,), "OneHot": (1,), "Pad": (1, 3), "Range": (0, 1, 2),
    "Reshape": (1,), "Resize": (1, 2, 3), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,),
    "Tile": (1,), "TopK": (1,), "Unsqueeze": (1,), "CumSum": (1,),
    "ReduceL1": (1,), "ReduceL2": (1,), "ReduceLogSum": (1,), "ReduceLogSumExp": (1,),
    "ReduceMax": (1,), "ReduceMean": (1,), "ReduceMin": (1,), "ReduceProd": (1,), "ReduceSum": (1,),
    "ReduceSumSquare": (1,),
}  # fmt: skip
OPERATORS: dict[tuple[str, str], tuple[int, ...]] = (
    {("", name): () for name in _PLAIN.split()}
    | {("", name): inputs for name, inputs in _SHAPED.items()}
    | {("com.microsoft", name): () for name in ("DynamicQuantizeMatMul", "MatMulIntegerToFloat")}
)
"""(domain, operator) → which of its inputs set the shape of what it makes, and so must be constant.

So every shape is fixed before the first block, and the trial's memory is the memory on stage. Not
there: Loop, Scan and If, which make the time of a step a matter of what is played; sequences and
maps; NonZero, Unique and Compress, whose shape is a matter of the data; and everything random,
because randomness is an input (`Port.distribution`).
"""

MEMORY_BYTES = 512 << 20
"""What the trial may have, Python and onnxruntime included (RAVE v2: 301 MiB in fp32)."""
TRIAL_S = 1.5
"""Processor time of the whole trial, for a bundle without weights."""
STAGE_S = 1.0
"""The same, of one of its stages."""
BYTES_PER_S = 12e6
"""A Pi 4 reads, checks and loads that much of a model in a second: the seconds above grow by it."""
WALL_S = 1.8
"""The whole trial by the clock on the wall, for a bundle without weights."""
WALL_FACTOR = 4.0
"""A slow card and other programs may make a large bundle's bytes take this much longer."""
SLOWEST = 4.0
"""Steps that all take this many times the sound they make are beyond what any tuning can mend."""

"""A probe: whether onnxruntime loads here, computes, and computes rightly.

A build for a newer processor dies by SIGILL, in the import or in the first product.
"""

import json
import os

from device.gig.tiny_graph import SIZE, float_and_int8


def main() -> None:
    """Print onnxruntime's version, the largest error of a tiny graph, of outputs up to 5, and what
    it can compute with."""
    import numpy as np

    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    graph, weight = float_and_int8()
    session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    x = np.linspace(-1.0, 1.0, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    w = np.frombuffer(weight, np.int8).reshape(SIZE, SIZE).astype(np.float32) / 64.0
    error = 0.0
    for y in session.run(None, {"x": x}):
        error = max(error, float(np.abs(y - x @ w).max()))
    providers = ort.get_available_providers()
    print(json.dumps({"version": ort.__version__, "error": error, "providers": providers}))


if __name__ == "__main__":
    main()

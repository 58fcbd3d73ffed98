"""The engine: one block of sound through a model, on onnxruntime and numpy alone."""

import os

# Before onnxruntime is imported, wherever that is: it would lay a data base of what it means to
# tell its maker into ~/.cache, on a box that has no business with a disk.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# tinygrad's ONNX frontend. Its device PYTHON needs no compiler.
import importlib.metadata
import os

os.environ["DEV"] = "PYTHON"

import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402
from tinygrad import Tensor, dtypes  # noqa: E402
from tinygrad.nn.onnx import OnnxRunner  # noqa: E402

VERSION = importlib.metadata.version("tinygrad")


def run(case, inputs):
    found = OnnxRunner(case["model"])({name: to_tensor(value) for name, value in inputs.items()})
    return [to_array(found[name]) for name in case["outputs"]]


# It has bfloat16, but knows no NumPy arrays of it: their bits are handed over.
def to_tensor(array):
    if array.dtype != ml_dtypes.bfloat16:
        return Tensor(array)
    return Tensor(array.view(np.uint16)).bitcast(dtypes.bfloat16)


def to_array(tensor):
    if tensor.dtype != dtypes.bfloat16:
        return tensor.numpy()
    return tensor.bitcast(dtypes.uint16).numpy().view(ml_dtypes.bfloat16)

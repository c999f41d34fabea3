# tinygrad's ONNX frontend. Its device PYTHON needs no compiler.
import importlib.metadata
import os

os.environ["DEV"] = "PYTHON"

from tinygrad import Tensor  # noqa: E402
from tinygrad.nn.onnx import OnnxRunner  # noqa: E402

VERSION = importlib.metadata.version("tinygrad")


def run(case, inputs):
    found = OnnxRunner(case["model"])({name: Tensor(value) for name, value in inputs.items()})
    return [found[name].numpy() for name in case["outputs"]]

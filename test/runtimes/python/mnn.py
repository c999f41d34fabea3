# MNN: models are converted by its own converter first, which is called below its command: that one reports home.
import importlib.metadata
import os
import tempfile

import _tools
import MNN.expr
import MNN.nn
import numpy as np

VERSION = importlib.metadata.version("mnn")

types = {"float32": MNN.expr.float, "float64": MNN.expr.double, "int64": MNN.expr.int64}


def convert_model(model, target):
    _tools.mnnconvert(
        ["mnnconvert", "-f", "ONNX", "--modelFile", model, "--MNNModel", target, "--bizCode", "case"]
    )
    if not os.path.exists(target):
        raise RuntimeError("the converter wrote no model")


def run(case, inputs):
    for name, value in inputs.items():
        if value.dtype.name not in types:
            raise TypeError(f"MNN for Python takes no {value.dtype.name} for {name}")
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "model.mnn")
        convert_model(case["model"], target)
        net = MNN.nn.load_module_from_file(target, list(inputs), case["outputs"])
        feeds = [
            MNN.expr.const(value.flatten().tolist(), list(value.shape), MNN.expr.NCHW, types[value.dtype.name])
            for value in inputs.values()
        ]
        found = net.forward(feeds)
        return [np.array(output.read()).reshape(output.shape) for output in found]

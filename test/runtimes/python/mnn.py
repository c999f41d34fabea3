# MNN: models are converted by its own converter first, which is called below its command: that one reports home.
import importlib.metadata
import os
import re
import tempfile

import _tools
import MNN.expr
import MNN.nn
import numpy as np

VERSION = importlib.metadata.version("mnn")

names = {"float32": "float", "float64": "double"}


def convert_model(model, target):
    command = ["mnnconvert", "-f", "ONNX", "--modelFile", model, "--MNNModel", target, "--bizCode", "case"]
    words = printed(lambda: _tools.mnnconvert(command))
    if not os.path.exists(target):
        raise RuntimeError(re.sub(r"\[[\d:]+\] \S+ ", "", " ".join(words.splitlines()[-2:])))


def printed(work):
    """What it prints below Python, which is where a converter that fails says why."""
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            work()
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        file.seek(0)
        return file.read().decode(errors="replace")


def run(case, inputs):
    # Where it has no such type, Python says so in its name.
    types = {name: getattr(MNN.expr, names.get(value.dtype.name, value.dtype.name)) for name, value in inputs.items()}
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "model.mnn")
        convert_model(case["model"], target)
        net = MNN.nn.load_module_from_file(target, list(inputs), case["outputs"])
        feeds = [
            MNN.expr.const(value.flatten().tolist(), list(value.shape), MNN.expr.NCHW, types[name])
            for name, value in inputs.items()
        ]
        found = net.forward(feeds)
        return [np.array(output.read()).reshape(output.shape) for output in found]

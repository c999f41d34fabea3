"""Writes the training artifacts of test/fixtures/ort_training: python test/training/makeOrtTraining.py

Needs onnxruntime-training 1.19.2 with what it imports, onnx and numpy. The model is a small MLP with one frozen
parameter among its trained ones: `prediction = relu((x * scale) @ fc1.weight.T + fc1.bias) @ head.kernel`.
"""

import pathlib
import shutil
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.training import artifacts

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "ort_training"
# Checkpoints have no ending; a development server takes such files for scripts.
FILES = {
    "checkpoint": "whole.ckpt",
    "nominal_checkpoint": "nominal.ckpt",
    "training_model.onnx": "training_model.onnx",
    "eval_model.onnx": "eval_model.onnx",
    "optimizer_model.onnx": "optimizer_model.onnx",
}


def make_model() -> onnx.ModelProto:
    rng = np.random.default_rng(7)
    parameters = {
        "head.kernel": rng.normal(size=(6, 3)),
        "scale": np.ones(4),
        "fc1.bias": np.zeros(6),
        "fc1.weight": rng.normal(size=(6, 4)),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "scale"], ["scaled"], "scaling"),
            helper.make_node("Gemm", ["scaled", "fc1.weight", "fc1.bias"], ["hidden"], "fc1", transB=1),
            helper.make_node("Relu", ["hidden"], ["active"], "relu"),
            helper.make_node("MatMul", ["active", "head.kernel"], ["prediction"], "head"),
        ],
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in parameters.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, ir_version=9, opset_imports=opset, producer_name="makeOrtTraining")
    onnx.checker.check_model(model)
    return model


def main() -> None:
    model = make_model()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for nominal in (True, False):
            artifacts.generate_artifacts(
                model,
                requires_grad=["head.kernel", "fc1.bias", "fc1.weight"],
                frozen_params=["scale"],
                loss=artifacts.LossType.MSELoss,
                optimizer=artifacts.OptimType.AdamW,
                artifact_directory=folder,
                nominal_checkpoint=nominal,
            )
        for written, kept in FILES.items():
            shutil.copy(pathlib.Path(folder) / written, OUT / kept)


if __name__ == "__main__":
    main()

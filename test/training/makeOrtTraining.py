"""Writes the training artifacts of test/fixtures/ort_training: python test/training/makeOrtTraining.py

Needs onnxruntime-training 1.19.2, onnx and numpy. The model is a small MLP with one frozen parameter. Its parameters
are in another order in the checkpoint than among the inputs of the training model, and as many elements of a row are
alike, so that slices in the wrong order show.
"""

import pathlib
import shutil
import tempfile

import numpy as np
import onnx
from onnxruntime.training import artifacts

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "ort_training"

MODEL = """
<ir_version: 9, opset_import: ["" : 17], producer_name: "makeOrtTraining">
mlp (float[batch, 4] x) => (float[batch, 3] prediction) {
    scaled = Mul (x, scale)
    hidden = Gemm <transB = 1> (scaled, fc1.weight, fc1.bias)
    active = Relu (hidden)
    prediction = MatMul (active, head.kernel)
}
"""


def main() -> None:
    rng = np.random.default_rng(7)
    parameters = {
        "head.kernel": rng.normal(size=(6, 3)),
        "scale": np.ones(4),
        "fc1.bias": np.zeros(6),
        "fc1.weight": rng.normal(size=(6, 4)),
    }
    model = onnx.parser.parse_model(MODEL.replace("fc1.", "fc1_").replace("head.", "head_"))
    text_names = {name.replace(".", "_"): name for name in parameters}
    for node in model.graph.node:
        node.input[:] = [text_names.get(name, name) for name in node.input]
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in parameters.items()
    )
    onnx.checker.check_model(model)
    with tempfile.TemporaryDirectory() as folder:
        for nominal in (False, True):
            artifacts.generate_artifacts(
                model,
                requires_grad=["head.kernel", "fc1.bias", "fc1.weight"],
                frozen_params=["scale"],
                loss=artifacts.LossType.MSELoss,
                optimizer=artifacts.OptimType.AdamW,
                artifact_directory=folder,
                nominal_checkpoint=nominal,
            )
        OUT.mkdir(parents=True, exist_ok=True)
        for path in pathlib.Path(folder).iterdir():
            print(path.name, path.stat().st_size)
            shutil.copy(path, OUT / path.name)


if __name__ == "__main__":
    main()

# The official checker with full check and strict shape inference. It computes nothing: its outputs are none.
import onnx

VERSION = onnx.__version__


def run(case, inputs):
    onnx.checker.check_model(case["model"], full_check=True)
    model = onnx.load(case["model"])
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return []

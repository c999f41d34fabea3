# OpenVINO on the CPU. Asked for float32, since it may compute in bfloat16 where the machine can.
import ml_dtypes
import numpy as np
import openvino

VERSION = openvino.__version__.split("-")[0]

core = openvino.Core()


def run(case, inputs):
    model = core.read_model(case["model"])
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(inputs)
    return [to_array(compiled.output(name), found[name]) for name in case["outputs"]]


def to_array(output, array):
    # It has no NumPy type for bfloat16 and shows its bits as those of float16.
    if output.get_element_type() != openvino.Type.bf16:
        return array
    return array.view(np.uint16).view(ml_dtypes.bfloat16)

# OpenVINO on the CPU. Asked for float32, since it may compute in bfloat16 where the machine can.
import openvino

VERSION = openvino.__version__.split("-")[0]

core = openvino.Core()


def run(case, inputs):
    model = core.read_model(case["model"])
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(inputs)
    return [found[name] for name in case["outputs"]]

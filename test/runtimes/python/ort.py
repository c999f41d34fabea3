# onnxruntime for Python, on the CPU.
import bfloat16
import onnxruntime

VERSION = onnxruntime.__version__

onnxruntime.set_default_logger_severity(4)


def run(case, inputs):
    session = onnxruntime.InferenceSession(case["model"], providers=["CPUExecutionProvider"])
    return bfloat16.run(session, case["outputs"], inputs)

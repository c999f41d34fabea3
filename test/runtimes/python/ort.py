# onnxruntime for Python, on the CPU.
import onnxruntime

VERSION = onnxruntime.__version__

onnxruntime.set_default_logger_severity(4)


def run(case, inputs):
    session = onnxruntime.InferenceSession(case["model"], providers=["CPUExecutionProvider"])
    return session.run(case["outputs"], inputs)

# ONNX's reference evaluator.
import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

VERSION = onnx.__version__


def run(case, inputs):
    # It follows NumPy, which warns where a norm is zero or infinite.
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(case["model"]).run(case["outputs"], inputs)

# bfloat16 for onnxruntime's Python package, which takes no NumPy array of it: tensors of its own stand for those.
import ctypes
import math

import ml_dtypes
import numpy as np
import onnxruntime

BFLOAT16 = 16  # of TensorProto.DataType


def to_ort_value(array):
    if array.dtype != ml_dtypes.bfloat16:
        return onnxruntime.OrtValue.ortvalue_from_numpy(array)
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(array.view(np.uint16), BFLOAT16)


def to_array(value):
    if value.data_type() != "tensor(bfloat16)":
        return value.numpy()
    data = ctypes.string_at(value.data_ptr(), 2 * math.prod(value.shape()))
    return np.frombuffer(data, ml_dtypes.bfloat16).reshape(value.shape())


def run(session, outputs, inputs):
    """What session.run gives, in bfloat16 too."""
    types = [value.type for value in (*session.get_inputs(), *session.get_outputs())]
    if "tensor(bfloat16)" not in types:
        return session.run(outputs, inputs)
    values = {name: to_ort_value(array) for name, array in inputs.items()}
    return [to_array(value) for value in session.run_with_ort_values(outputs, values)]

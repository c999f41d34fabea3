"""Computes Keras's answers to the golden cases again, from their weights, and writes them beside the weights.

KERAS_BACKEND=jax JAX_ENABLE_X64=1 python test/support/python/goldenAnswers.py [--check]

To add a case, add it to cases.json and its weight `<id>/w` to arrays.safetensors, then run this. --check only compares.
Needs keras, jax, numpy, ml_dtypes and safetensors. Sums differ in the last digit from one processor to another.
"""

import json
import sys
from pathlib import Path

import keras
import ml_dtypes  # noqa: F401  (registers bfloat16 with NumPy)
import numpy as np
from safetensors.numpy import load_file, save_file

folder = Path(__file__).parents[2] / "fixtures" / "golden"
HALF = ("float16", "bfloat16")


def formula(constraint, w):
    """The constraint in float64, for half types, which Keras itself computes in half precision."""
    name, config = constraint["class_name"], constraint["config"]
    if name == "Constraint":
        return w
    if name == "NonNeg":
        return np.maximum(w, 0)
    axis = config["axis"]
    axis = tuple(axis) if isinstance(axis, list) else axis
    norms = np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True))
    if name == "UnitNorm":
        return w / (1e-7 + norms)
    if name == "MaxNorm":
        desired = np.clip(norms, 0, config["max_value"])
    else:
        rate = config["rate"]
        clipped = np.clip(norms, config["min_value"], config["max_value"])
        desired = rate * clipped + (1 - rate) * norms
    return w * (desired / (1e-7 + norms))


def main():
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    arrays = load_file(folder / "arrays.safetensors")
    answers = {}
    for case in cases:
        w = arrays[f"{case['id']}/w"]
        answers[f"{case['id']}/w"] = w
        constraint = keras.constraints.deserialize(case["constraint"])
        answers[f"{case['id']}/keras"] = np.asarray(constraint(keras.ops.convert_to_tensor(w))).astype(w.dtype)
        if case["dtype"] in HALF:
            exact = formula(case["constraint"], w.astype(np.float64))
            answers[f"{case['id']}/exact"] = exact.astype(w.dtype)
    if "--check" not in sys.argv:
        save_file(answers, folder / "arrays.safetensors")
        return
    different = [
        name
        for name, answer in answers.items()
        if not np.array_equal(answer.astype(np.float64), arrays[name].astype(np.float64), equal_nan=True)
    ]
    print(f"{len(answers)} arrays computed, {len(different)} differ from the stored ones", *different[:20])


main()

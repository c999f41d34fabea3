# Runs golden cases through exported models on ONNX's reference evaluator: evaluateGolden.py <golden folder> <runs.json>.
# Prints what is off and the largest error against float64 by dtype; exits 1 when something is off or nothing was run.
import json
import sys
from collections import defaultdict
from pathlib import Path

import ml_dtypes
import numpy as np
from onnx.reference import ReferenceEvaluator

NUMPY = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "BF16": ml_dtypes.bfloat16}
# Half types are compared with the formula in float64, rounded once; the others with Keras.
TOLERANCE = {
    "float32": (2e-6, 1e-7),
    "float64": (1e-12, 0),
    "float16": (2**-10, 2**-24),
    "bfloat16": (2**-7, 2**-133),
}


def read_arrays(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], NUMPY[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def exact(case, w):
    """The formula in float64."""
    w = w.astype(np.float64)
    config, name = case["constraint"]["config"], case["constraint"]["class_name"]
    if name == "Constraint":
        return w
    if name == "NonNeg":
        return np.maximum(w, 0)
    axis = config.get("axis", 0)
    norm = np.sqrt(np.sum(w * w, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True))
    if name == "UnitNorm":
        return w / (1e-7 + norm)
    low, high, rate = config.get("min_value", 0), config["max_value"], config.get("rate", 1)
    wanted = rate * np.clip(norm, low, high) + (1 - rate) * norm if name == "MinMaxNorm" else np.clip(norm, 0, high)
    return w * (wanted / (1e-7 + norm))


def main(folder, runs):
    cases = {case["id"]: case for case in json.loads((Path(folder) / "cases.json").read_text())["cases"]}
    arrays = read_arrays(Path(folder) / "arrays.safetensors")
    evaluators, worst, faults, counts = {}, defaultdict(float), [], defaultdict(int)
    for run in json.loads(Path(runs).read_text()):
        case, w = cases[run["id"]], arrays[f"{run['id']}/w"]
        if run["model"] not in evaluators:
            evaluators[run["model"]] = ReferenceEvaluator(run["model"])
        with np.errstate(all="ignore"):
            (found,) = evaluators[run["model"]].run(None, {"w": w})
            reference = exact(case, w)
        dtype = case["dtype"]
        wanted = arrays[f"{run['id']}/{'exact' if dtype.endswith('float16') else 'keras'}"]
        relative, absolute = TOLERANCE[dtype]
        counts[f"{run['form']} opset {run['opset']}"] += 1
        if found.dtype != w.dtype or not np.allclose(
            found.astype(np.float64), wanted.astype(np.float64), relative, absolute, equal_nan=True
        ):
            faults.append(f"{run['id']} {case['constraint']['class_name']} {case['note']} {run['form']} {run['opset']}")
            continue
        finite = np.isfinite(reference) & np.isfinite(found.astype(np.float64))
        if finite.any():
            scale = max(np.abs(reference[finite]).max(), np.finfo(np.float64).tiny)
            error = np.abs(found.astype(np.float64)[finite] - reference[finite]).max() / scale
            worst[dtype] = max(worst[dtype], float(error))
    for fault in faults:
        print(fault)
    print("; ".join(f"{name}: {count} answers" for name, count in counts.items()))
    errors = ", ".join(f"{dtype} {error:.1e}" for dtype, error in worst.items())
    print(f"reference evaluator: {len(faults)} wrong; largest error against float64: {errors}")
    return 1 if faults or not counts else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

# Runs the cases on one runtime: python answer.py <runtime> <cases> <answers> <first>.
# A runtime is a module beside this one: VERSION, and run(case, inputs), which gives the outputs as NumPy arrays.
# Answers are appended line by line, so that those before a crash are kept.
import base64
import importlib
import json
import sys

import ml_dtypes  # noqa: F401 makes bfloat16 a name that NumPy knows
import numpy as np


def read(tensor):
    data = base64.b64decode(tensor["data"])
    return np.frombuffer(data, tensor["dtype"]).reshape(tensor["dims"]).copy()


def write(array):
    array = np.asarray(array)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "dims": list(array.shape), "data": data}


def answer(runtime, case):
    try:
        inputs = {tensor["name"]: read(tensor) for tensor in case["inputs"]}
        outputs = runtime.run(case, inputs)
        return {"id": case["id"], "outputs": [write(output) for output in outputs]}
    except Exception as error:  # whatever a runtime says is its answer to this case
        words = str(error).strip() or type(error).__name__
        return {"id": case["id"], "error": words}


def main(name, cases, answers, first):
    runtime = importlib.import_module(name)
    with open(cases) as lines, open(answers, "a") as out:
        for number, line in enumerate(lines):
            if number < int(first):
                continue
            out.write(json.dumps(answer(runtime, json.loads(line))) + "\n")
            out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

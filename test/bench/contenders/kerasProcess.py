"""Runs Keras's constraints and train steps for the benchmark: one request a line as JSON on standard input, one answer a line.

python kerasProcess.py --list prints which backends are installed; else KERAS_BACKEND names the one to run.
"""

import importlib.util
import json
import os
import shutil
import sys
from statistics import median
from time import perf_counter

# What Keras imports for each; its NumPy one does linear algebra in SciPy.
BACKENDS = {"jax": ["jax"], "tensorflow": ["tensorflow"], "torch": ["torch"], "numpy": ["numpy", "scipy"]}


def installed():
    found = lambda name: importlib.util.find_spec(name) is not None  # noqa: E731
    return [backend for backend, needed in BACKENDS.items() if all(map(found, ["keras", *needed]))]


if sys.argv[1:] == ["--list"]:
    print(json.dumps(installed()))
    sys.exit()

# Libraries print what they like; the answers need standard output for themselves.
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import keras  # noqa: E402
import numpy as np  # noqa: E402

backend = keras.backend.backend()


def variants(project, donate):
    """Each way to run it, by name."""
    if backend == "jax":
        import jax

        wait = jax.block_until_ready
        if donate:
            donating = jax.jit(project, donate_argnums=0)
            return {"jit, donated": lambda weights: wait(donating(weights))}
        compiled = jax.jit(project)
        return {"eager": lambda weights: wait(project(weights)), "jit": lambda weights: wait(compiled(weights))}
    if backend == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(project, jit_compile=True)
        return {"eager": project, "tf.function": tf.function(project), "tf.function, XLA": compiled}
    if backend == "torch":
        import torch

        calls = {"eager": torch.inference_mode()(project)}
        # Its compiler writes C++.
        if shutil.which(os.environ.get("CXX", "g++")) is not None:
            calls["torch.compile"] = torch.inference_mode()(torch.compile(project))
        return calls
    return {"eager": project}


def copy(weights):
    """Copies of JAX's arrays, for a call that takes its weights over."""
    import jax

    return jax.block_until_ready([jax.numpy.array(weight, copy=True) for weight in weights])


class Case:
    def __init__(self, file, parameters, donate):
        data = np.fromfile(file, np.float32)
        ends = np.cumsum([np.prod(p["dims"]) for p in parameters])
        parts = np.split(data, ends[:-1])
        shaped = [part.reshape(p["dims"]) for part, p in zip(parts, parameters)]
        # The numpy backend would otherwise be the only one whose weights lie in the array read from the file.
        self.weights = [keras.ops.convert_to_tensor(array.copy()) for array in shaped]
        constraints = [keras.constraints.deserialize(p["constraint"]) for p in parameters]
        project = lambda weights: [c(w) for c, w in zip(constraints, weights)]  # noqa: E731
        self.donate = donate
        calls = variants(project, donate)
        self.variant = min(calls, key=lambda name: self.typical(calls[name]))
        self.call = calls[self.variant]

    def typical(self, call):
        self.call = call
        return median([self.refill() or self.run() for _ in range(7)][2:])

    def refill(self):
        self.result = None
        self.given = copy(self.weights) if self.donate else self.weights

    def run(self):
        start = perf_counter()
        self.result = self.call(self.given)
        return (perf_counter() - start) * 1000

    def write(self, file):
        with open(file, "wb") as out:
            for array in self.result:
                out.write(np.ascontiguousarray(keras.ops.convert_to_numpy(array)).tobytes())


class Step:
    """One batch of `train_on_batch`, compiled as Keras does by itself; values lie in the file as float32, then x and y."""

    def __init__(self, file, config, target):
        compiled = config.pop("compile_config")
        self.model = keras.saving.deserialize_keras_object(config)
        optimizer = keras.optimizers.deserialize(compiled["optimizer"])
        loss = keras.losses.deserialize(compiled["loss"])
        self.model.compile(optimizer, loss, jit_compile="auto")
        optimizer.build(self.model.trainable_variables)
        self.velocities = optimizer.variables[2:]
        self.variables = [*self.model.trainable_variables, *self.velocities]
        shape = self.model.input_shape[1:]
        data = np.fromfile(file, np.float32)
        parts, at = [], 0
        for variable in self.variables:
            size = int(np.prod(variable.shape))
            parts.append(data[at:at + size].reshape(variable.shape))
            at += size
        self.start = parts
        rows = (data.size - at) // (int(np.prod(shape)) + int(np.prod(target)))
        self.x = data[at:at + rows * int(np.prod(shape))].reshape(rows, *shape)
        self.y = data[at + self.x.size:].reshape(rows, *target)
        self.variant = f"train_on_batch, jit_compile={self.model.jit_compile}"

    def refill(self):
        for variable, value in zip(self.variables, self.start):
            variable.assign(value)

    def run(self):
        start = perf_counter()
        float(self.model.train_on_batch(self.x, self.y))
        return (perf_counter() - start) * 1000

    def write(self, file):
        with open(file, "wb") as out:
            for variable in self.variables:
                out.write(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())


def versions():
    module = importlib.import_module(backend)
    return {"keras": keras.__version__, backend: module.__version__}


cases = {}
for line in sys.stdin:
    request = json.loads(line)
    answer = {}
    name = request.pop("case", None)
    match request.pop("do"):
        case "versions":
            answer = versions()
        case "load":
            cases[name] = Case(**request)
            answer = {"variant": cases[name].variant}
        case "load step":
            cases[name] = Step(**request)
            answer = {"variant": cases[name].variant}
        case "refill":
            cases[name].refill()
        case "run":
            answer = {"ms": cases[name].run()}
        case "write":
            cases[name].write(**request)
        case "drop":
            del cases[name]
    print(json.dumps(answer), file=replies, flush=True)

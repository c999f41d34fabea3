"""Lets Keras train a tiny network around every layer that can be trained here, in all its settings, and writes what it answers.

    KERAS_BACKEND=jax python test/fit/makeLayerCases.py

The cases are in layerWindowCases.py, layerElementCases.py and layerJoinedCases.py. `test/fixtures/fit/layers.json` has of each its name, the layer class, the model's
config with `compile_config`, and the paths and shapes of its variables; what many cases say alike stands once in `shared`,
and `{"$": 3}` where it belongs. `layers.safetensors` holds `<case>/initial` and `<case>/final` (all variables one after
another), `<case>/loss` (of each step), and what all are trained on: `x` and `ids`, of which a case takes as many numbers
from the beginning as its batches have, and `y`. Needs keras, jax, safetensors.
"""

import json
import os
import zlib
from collections import Counter
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import optimizers
from layerCase import IDS, LARGEST
from layerElementCases import element_cases
from layerJoinedCases import joined_cases
from layerWindowCases import window_cases
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent.parent / "fixtures" / "fit"
STEPS, BATCH = 10, 4
# So many at most, so that the fixtures stay small.
MOST_PARAMETERS = 700


def data():
    random = np.random.default_rng(5)
    return {
        "x": random.normal(size=STEPS * BATCH * LARGEST).astype("float32"),
        "ids": random.integers(0, IDS, STEPS * BATCH * 8).astype("int32"),
        "y": random.normal(size=(STEPS, BATCH, 2)).astype("float32"),
    }


def start(model, name):
    """First values that differ by case, and that the constraints do not hold for."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    values = []
    for variable in model.weights:
        value = random.normal(size=variable.shape, scale=0.6).astype("float32")
        is_positive = variable.name in ("moving_variance", "gamma", "scale")
        # A gamma under NonNeg must have something below zero to cut off.
        flipped = variable.name == "gamma" and isinstance(variable.constraint, keras.constraints.NonNeg)
        value = np.abs(value) + 0.5 if is_positive else value
        if flipped:
            value.flat[0] = -0.4
        values.append(value)
    model.set_weights(values)


def compiled(model, options):
    optimizer = options.get("optimizer", "sgd")
    rate = options.get("rate", 0.02)
    model.compile(optimizers.Adam(rate) if optimizer == "adam" else optimizers.SGD(rate, momentum=0.9), "mse")


def batches(model, arrays):
    (given,) = model.inputs
    pool = arrays["ids" if "int" in given.dtype else "x"]
    shape = (STEPS, BATCH, *given.shape[1:])
    return pool[: np.prod(shape)].reshape(shape)


def flat(variables):
    return np.concatenate([np.asarray(v, "float32").ravel() for v in variables])


def interned(cases):
    """The cases with each piece that several have alike written once."""
    text = lambda value: json.dumps(value, sort_keys=True)
    counts = Counter()

    def count(value):
        if isinstance(value, (dict, list)):
            counts[text(value)] += 1
            # What lies inside a piece seen before is written with it.
            if counts[text(value)] == 1:
                for each in value.values() if isinstance(value, dict) else value:
                    count(each)

    count(cases)
    shared, places = [], {}

    def written(value):
        if not isinstance(value, (dict, list)):
            return value
        key = text(value)
        if key in places:
            return {"$": places[key]}
        found = {k: written(v) for k, v in value.items()} if isinstance(value, dict) else [written(v) for v in value]
        if counts[key] < 2 or len(key) < 40:
            return found
        places[key] = len(shared)
        shared.append(found)
        return {"$": places[key]}

    found = [written(case) for case in cases]
    return {"shared": shared, "cases": found}


def main():
    arrays = data()
    tensors, cases = dict(arrays), []
    for name, layer, make, options in [*element_cases(), *window_cases(), *joined_cases()]:
        keras.utils.set_random_seed(1)
        keras.backend.clear_session()
        model = make()
        assert model.count_params() <= MOST_PARAMETERS, f"{name}: {model.count_params()} parameters"
        start(model, name)
        compiled(model, options)
        tensors[f"{name}/initial"] = flat(model.weights)
        losses = []
        for x, y in zip(batches(model, arrays), arrays["y"]):
            model.reset_metrics()
            losses.append(float(model.train_on_batch(x, y)))
        assert np.isfinite(losses).all() and max(losses) < 1e3, f"{name}: {losses}"
        tensors[f"{name}/loss"] = np.asarray(losses, "float32")
        tensors[f"{name}/final"] = flat(model.weights)
        config = json.loads(model.to_json()) | {"compile_config": model.get_compile_config()}
        variables = [[v.path.removeprefix(model.name + "/"), list(v.shape)] for v in model.weights]
        cases.append({"id": name, "layer": layer, "config": config, "variables": variables})
        print(name, losses[0], losses[-1], flush=True)
    text = json.dumps(interned(cases), separators=(",", ":"))
    (FOLDER / "layers.json").write_text(text + "\n")
    save_file(tensors, FOLDER / "layers.safetensors")


main()

"""Lets Keras train a tiny network around every layer that can be trained here, in all its settings, and writes what it answers.

    KERAS_BACKEND=jax python test/fit/makeLayerCases.py

The cases are in layerWindowCases.py, layerElementCases.py and layerJoinedCases.py. `test/fixtures/fit/layers.json` has of
each its name, the layer class, the model's config with `compile_config`, and the paths and shapes of its variables. What
many cases say alike stands once in `shared`, and `{"$": 3}` where it belongs; `layers` names every class of keras.layers.
`layers.safetensors` holds `<case>/initial` and `<case>/final` (all variables one after another), `<case>/loss` (of each
step), and what all are trained on: `x` and `ids`, of which a case takes as many numbers from the beginning as its batches
have, and `y`. Needs keras, jax, safetensors.
"""

import json
import os
import zlib
from collections import Counter
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers, optimizers
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
    """First values that differ by case, with columns about one long, and that no constraint holds for."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    values = []
    for variable in model.weights:
        value = random.normal(size=variable.shape, scale=1 / np.sqrt(max(np.prod(variable.shape[:-1]), 4)))
        if variable.name in ("moving_variance", "gamma", "scale"):
            value = np.abs(value) + 0.5
        values.append(violating(value, variable.constraint).astype("float32"))
    model.set_weights(values)


def violating(value, constraint):
    """Larger, or below zero at one place, until the constraint would move it by much."""
    if isinstance(constraint, keras.constraints.NonNeg):
        value.flat[0] = -0.4
    while constraint and np.abs(np.asarray(constraint(value)) - value).max() < 0.2 * np.abs(value).max():
        value = 1.3 * value
    return value


def fix_sparsemax():
    """Keras up to 3.15 takes the threshold from the sum of the cumulative sums instead of the last, so that the result does
    not sum to one: https://github.com/keras-team/keras/pull/23469 mends it."""
    def sparsemax(x, axis=-1):
        ordered = -jnp.sort(-x, axis=axis)
        rank = jnp.arange(1, x.shape[axis] + 1).reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
        support = ordered - (jnp.cumsum(ordered, axis=axis) - 1) / rank > 0
        count = jnp.sum(support, axis=axis, keepdims=True)
        return jnp.maximum(x - (jnp.sum(jnp.where(support, ordered, 0), axis=axis, keepdims=True) - 1) / count, 0)
    keras.src.backend.nn.sparsemax = sparsemax


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


def every_layer():
    """The classes of keras.layers, each once."""
    kinds = [getattr(layers, name) for name in dir(layers)]
    return sorted({k.__name__ for k in kinds if isinstance(k, type) and issubclass(k, layers.Layer)})


def paths(model, before=""):
    """Of every variable the names of its layers and its own; Keras's own path lacks some models around it."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= paths(layer, f"{before}{layer.name}/")
        else:
            found |= {id(v): f"{before}{layer.name}/{v.name}" for v in layer.weights}
    return found


def main():
    fix_sparsemax()
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
        assert np.isfinite(losses).all() and max(losses) < 100, f"{name}: {losses}"
        tensors[f"{name}/loss"] = np.asarray(losses, "float32")
        tensors[f"{name}/final"] = flat(model.weights)
        config = json.loads(model.to_json()) | {"compile_config": model.get_compile_config()}
        variables = [[paths(model)[id(v)], list(v.shape)] for v in model.weights]
        cases.append({"id": name, "layer": layer, "config": config, "variables": variables})
        print(name, losses[0], losses[-1], flush=True)
    text = json.dumps({"layers": every_layer()} | interned(cases), separators=(",", ":"))
    (FOLDER / "layers.json").write_text(text + "\n")
    save_file(tensors, FOLDER / "layers.safetensors")


main()

"""Lets Keras train tiny models with several outputs, and writes what it answers, for severalOutputs.test.ts to follow.

    KERAS_BACKEND=jax python test/fit/makeOutputCases.py

`test/fixtures/fit/outputs/cases.json` holds the models, and of each case what it is compiled with and what `fit` and
`evaluate` tell; `arrays.safetensors` holds the data, `<model>/initial`, and by case `<case>/loss` (of each step),
`<case>/final` (all variables one after another, after the steps) and `<case>/fitted` (after `fit`). Needs keras, jax,
safetensors.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import constraints, layers, losses, metrics, optimizers, regularizers
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent.parent / "fixtures" / "fit" / "outputs"
STEPS, BATCH, WIDTH, SAMPLES = 10, 6, 4, 50


def trunk(outputs):
    """A trunk under constraints that the first values violate; `shape` and `price` are not in the order of the alphabet."""
    keras.utils.set_random_seed(3)
    given = keras.Input((WIDTH,), name="given")
    trunk = layers.Dense(6, activation="tanh", name="trunk", kernel_constraint=constraints.MaxNorm(0.7, axis=0),
                         kernel_regularizer=regularizers.L2(0.02))
    shared = layers.Dense(6, activation="tanh", name="shared", kernel_constraint=constraints.UnitNorm(axis=0))
    hidden = shared(shared(trunk(given)))
    shape = layers.Dense(3, activation="softmax", name="shape", kernel_constraint=constraints.NonNeg())(hidden)
    price = layers.Dense(2, name="price", activity_regularizer=regularizers.L1(0.01))(hidden)
    model = keras.Model(given, outputs(shape, price), name="model")
    random = np.random.default_rng(4)
    model.set_weights([random.normal(size=w.shape, scale=0.5).astype("float32") for w in model.weights])
    return model


def nested():
    """Two outputs of one model within another, which Keras calls by one name."""
    keras.utils.set_random_seed(3)
    inner_given = keras.Input((6,), name="inner_given")
    inner = keras.Model(inner_given, [layers.Dense(3, activation="softmax", name="left")(inner_given),
                                      layers.Dense(2, name="right", kernel_constraint=constraints.NonNeg())(inner_given)],
                        name="inner")
    given = keras.Input((WIDTH,), name="given")
    hidden = layers.Dense(6, activation="tanh", name="trunk", kernel_constraint=constraints.MaxNorm(0.7, axis=0))(given)
    model = keras.Model(given, inner(hidden), name="model")
    random = np.random.default_rng(4)
    model.set_weights([random.normal(size=w.shape, scale=0.5).astype("float32") for w in model.weights])
    return model


MODELS = {
    "listed": lambda: trunk(lambda shape, price: [shape, price]),
    # Called by the keys, and in their order: not by the layers.
    "named": lambda: trunk(lambda shape, price: {"what": shape, "cost": price}),
    "nested": nested,
}


def data():
    random = np.random.default_rng(5)
    classes = random.integers(0, 3, (STEPS, BATCH)).astype("int32")
    return {
        "x": random.normal(size=(STEPS, BATCH, WIDTH)).astype("float32"),
        "classes": classes,
        "onehot": np.eye(3, dtype="float32")[classes],
        "values": random.normal(size=(STEPS, BATCH, 2)).astype("float32"),
        "weight": random.uniform(0, 2, (STEPS, BATCH)).astype("float32"),
        "other": random.uniform(0, 2, (STEPS, BATCH)).astype("float32"),
    }


SPARSE = "sparse_categorical_crossentropy"
BOTH = {"shape": "classes", "price": "values"}


def cases():
    """What each is compiled with; the labels by output; the weights of samples, one for all or by output."""
    yield "by-name", dict(
        labels=BOTH, loss={"price": "mse", "shape": SPARSE}, loss_weights={"price": 0.5, "shape": 2.0},
        metrics={"shape": ["accuracy", metrics.SparseTopKCategoricalAccuracy(k=2, name="top")], "price": "mae"})
    yield "lists", dict(
        labels=BOTH, loss=[losses.SparseCategoricalCrossentropy(), losses.Huber()], loss_weights=[0.3, 3],
        metrics=[["accuracy", "accuracy"], ["mae", metrics.RootMeanSquaredError()]],
        optimizer=lambda: optimizers.Adam(0.02))
    yield "lists-of-metrics", dict(labels=BOTH, loss=[SPARSE, "mae"], metrics=["accuracy", "mse"])
    yield "one-loss", dict(labels=BOTH | {"shape": "onehot"}, loss="mse", loss_weights=[0.5], metrics={"price": ["mse"]})
    yield "sample-weights", dict(
        labels=BOTH, loss=[SPARSE, "mse"], sample_weight={"shape": "weight", "price": "other"},
        metrics=[["accuracy"], ["mae"]], weighted_metrics=[["accuracy"], ["mae", "mse"]])
    yield "sample-weights-of-one", dict(
        labels=BOTH, loss=[SPARSE, "mse"], sample_weight={"shape": None, "price": "other"},
        weighted_metrics=[["accuracy"], ["mae"]])
    yield "sample-weights-for-all", dict(
        labels=BOTH, loss=[SPARSE, "mse"], sample_weight="weight", weighted_metrics=[["accuracy"], ["mae"]])
    yield "no-loss", dict(labels=BOTH, loss=[None, "mse"], loss_weights=[9.0, 0.5], metrics=[[SPARSE, "accuracy"], "mae"])
    yield "no-labels", dict(labels={"price": "values"}, loss=[None, "mse"])
    yield "dict", dict(
        model="named", labels={"what": "classes", "cost": "values"}, loss={"what": SPARSE, "cost": "mse"},
        loss_weights={"what": 0.5, "cost": 2.0}, metrics={"what": "accuracy"},
        sample_weight={"what": "weight", "cost": "other"})
    yield "dict-part", dict(
        model="named", labels={"what": "classes", "cost": "values"}, loss={"cost": "mse"}, metrics={"what": [SPARSE]})
    yield "dict-lists", dict(
        model="named", labels={"cost": "values", "what": "classes"}, loss=["mse", SPARSE], loss_weights=[2.0, 0.5])
    yield "twins", dict(
        model="nested", labels={"inner": "classes", "inner_1": "values"}, loss=[SPARSE, "mse"], loss_weights=[0.5, 2.0])


def compiled(spec):
    model = MODELS[spec.get("model", "listed")]()
    model.compile(spec.get("optimizer", lambda: optimizers.SGD(0.1))(), spec["loss"], spec.get("loss_weights"),
                  spec.get("metrics"), spec.get("weighted_metrics"))
    return model


def given(model, spec, arrays):
    """What Keras takes: lists in the order of the outputs, dicts where the model gives a dict."""
    def pack(names):
        if isinstance(names, str):
            return arrays[names]
        found = {output: None if name is None else arrays[name] for output, name in names.items()}
        return found if isinstance(model.output, dict) else list(found.values())
    weights = spec.get("sample_weight")
    return arrays["x"], pack(spec["labels"]), None if weights is None else pack(weights)


def variables(model, around=""):
    """The names of its layers and its own, and the shape, of each."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from variables(layer, f"{around}{layer.name}/")
        else:
            yield from ([f"{around}{layer.name}/{v.name}", list(v.shape)] for v in layer.weights)


def flat(variables):
    return np.concatenate([np.asarray(v, "float32").ravel() for v in variables])


def main():
    arrays = data()
    tensors, models, found = dict(arrays), {}, []
    for name, make in MODELS.items():
        model = make()
        models[name] = {"config": json.loads(model.to_json()), "variables": list(variables(model))}
        tensors[f"{name}/initial"] = flat(model.weights)
    for name, spec in cases():
        model, steps = compiled(spec), []
        config = model.get_compile_config()
        for step in range(STEPS):
            model.reset_metrics()
            told = model.train_on_batch(*given(model, spec, {key: a[step] for key, a in arrays.items()}), return_dict=True)
            steps.append(told["loss"])
        tensors[f"{name}/loss"], tensors[f"{name}/final"] = np.asarray(steps, "float32"), flat(model.weights)
        whole = {key: a.reshape(-1, *a.shape[2:])[:SAMPLES] for key, a in arrays.items()}
        model = compiled(spec)
        x, y, weights = given(model, spec, whole)
        history = model.fit(x, y, batch_size=16, epochs=2, shuffle=False, sample_weight=weights, verbose=0,
                            validation_split=0.25).history
        tensors[f"{name}/fitted"] = flat(model.weights)
        evaluated = model.evaluate(x, y, batch_size=16, sample_weight=weights, verbose=0, return_dict=True)
        found.append({"id": name, "model": spec.get("model", "listed"), "compile_config": config,
                      "labels": spec["labels"], "sample_weight": spec.get("sample_weight"),
                      "history": {key: [float(v) for v in values] for key, values in history.items()},
                      "evaluated": {key: float(v) for key, v in evaluated.items()}})
        print(name, history)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "cases.json").write_text(json.dumps({"models": models, "cases": found}, separators=(",", ":")) + "\n")
    save_file(tensors, FOLDER / "arrays.safetensors")


main()

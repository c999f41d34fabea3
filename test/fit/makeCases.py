"""Lets Keras train small models and writes what it answers, for trajectories.test.ts to follow.

    KERAS_BACKEND=jax python test/fit/makeCases.py [case ...]

For each case test/fixtures/fit/<case>/ gets `initial.keras`, the compiled model before the first step, and
`trajectory.safetensors`: `x` and `y` (batches in the first dimension), the `loss` of each step, and `final/<path>`, every
variable after the last step. Needs keras, jax, safetensors.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import constraints, layers, losses, optimizers
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent.parent / "fixtures" / "fit"
STEPS = 30
BATCH = 8


def labels(random, shape, classes):
    return random.integers(0, classes, shape).astype("int32")


def sequential(*parts):
    return keras.Sequential(list(parts))


def batch_norm(random):
    """Strides, groups and dilation, both poolings with padding, running statistics, Nesterov."""
    model = sequential(
        keras.Input((9, 9, 2), name="input"),
        layers.Conv2D(6, 3, strides=2, padding="same", groups=2, name="c1", use_bias=False,
                      kernel_constraint=constraints.MaxNorm(0.6, axis=[0, 1, 2])),
        layers.BatchNormalization(momentum=0.9, name="bn", gamma_constraint=constraints.NonNeg()),
        layers.Activation("elu", name="act"),
        layers.MaxPooling2D(3, strides=1, padding="same", name="mp"),
        layers.Conv2D(4, 2, dilation_rate=2, use_bias=False, name="c2"),
        layers.AveragePooling2D(2, strides=1, padding="same", name="ap"),
        layers.Flatten(name="flat"),
        layers.Dense(5, name="o", kernel_constraint=constraints.UnitNorm(axis=0)),
    )
    model.compile(optimizers.SGD(0.05, momentum=0.9, nesterov=True),
                  losses.SparseCategoricalCrossentropy(from_logits=True))
    x = random.normal(size=(STEPS, BATCH, 9, 9, 2)).astype("float32")
    return model, x, labels(random, (STEPS, BATCH), 5)


def shared(random):
    """A Functional model with a shared layer, a nested model, merges, and a frozen layer."""
    given = keras.Input((6,), name="given")
    twice = layers.Dense(6, activation="tanh", name="twice", kernel_constraint=constraints.MaxNorm(0.8))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(4, activation="sigmoid", name="deep")], name="inner")
    frozen = layers.Dense(6, name="frozen", kernel_constraint=constraints.UnitNorm(), trainable=False)
    once = twice(given)
    again = twice(frozen(once))
    joined = layers.Concatenate(name="joined")([layers.Add(name="sum")([once, again]), inner(again)])
    model = keras.Model(given, layers.Dense(3, activation="softmax", name="o")(joined), name="shared")
    model.compile(optimizers.Adam(0.02, amsgrad=True),
                  losses.CategoricalCrossentropy(label_smoothing=0.1))
    x = random.normal(size=(STEPS, BATCH, 6)).astype("float32")
    y = np.eye(3, dtype="float32")[labels(random, (STEPS, BATCH), 3)]
    return model, x, y


def autoencoder(random):
    """Two Functional models one behind the other, the second giving the output; inputs by name; a Dropout in its place."""
    given, code = keras.Input((5, 5, 1), name="given"), keras.Input((4,), name="code")
    inner = layers.Conv2D(3, 3, strides=2, activation="relu", name="c", kernel_constraint=constraints.MaxNorm(0.7, [0, 1, 2]))
    made = layers.Dense(4, name="d", kernel_constraint=constraints.UnitNorm())(layers.Flatten(name="flat")(inner(given)))
    encoder = keras.Model({"given": given}, made, name="encoder")
    decoded = layers.Reshape((5, 5, 1), name="r")(layers.Dense(25, name="o")(layers.Dropout(0.0, name="drop")(code)))
    decoder = keras.Model(code, decoded, name="decoder")
    pixels = keras.Input((5, 5, 1), name="pixels")
    model = keras.Model({"pixels": pixels}, decoder(encoder(pixels, training=False)), name="autoencoder")
    model.compile(optimizers.Adam(0.02), "mse", weighted_metrics=["mae"])
    x = random.normal(size=(STEPS, BATCH, 5, 5, 1)).astype("float32")
    return model, x, x


CASES = {"batch_norm": batch_norm, "shared": shared, "autoencoder": autoencoder}
# Of these, `halfway.h5` is the model after half of the steps, with what its optimizer holds then.
HALFWAY = ["autoencoder"]


def main(names):
    for index, (name, make) in enumerate(CASES.items()):
        if names and name not in names:
            continue
        keras.utils.set_random_seed(index)
        model, x, y = make(np.random.default_rng(index))
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        model.save(folder / "initial.keras")
        loss = []
        for number, (a, b) in enumerate(zip(x, y)):
            if name in HALFWAY and number == STEPS // 2:
                model.save(folder / "halfway.h5")
            loss.append(step(model, a, b))
        tensors = {f"final/{path}": np.asarray(v) for path, v in variables(model)}
        save_file({"x": x, "y": y, "loss": np.asarray(loss, "float32"), **tensors},
                  folder / "trajectory.safetensors")
        print(name, loss[0], loss[-1])


def step(model, x, y):
    """The loss of one batch, and not the mean since the last reset."""
    model.reset_metrics()
    return model.train_on_batch(x, y, return_dict=True)["loss"]


def variables(model, around=""):
    """Each variable by the names of its layers and its own, without the outermost model's."""
    for layer in model.layers:
        path = f"{around}{layer.name}/"
        if hasattr(layer, "layers"):
            yield from variables(layer, path)
        else:
            yield from ((path + v.name, v) for v in layer.weights)


main(sys.argv[1:])

"""The cases of makeLayerCases.py with several inputs, shared layers and models inside of models."""

import keras
from keras import layers
from layerCase import IMAGE, LINE, MaxNorm, NonNeg, UnitNorm, dense


def branches(layer, shapes, given=(8,), activation="tanh"):
    """The layer joins what dense ones make of the same input."""
    x = keras.Input(given, name="input")
    parts = []
    for i, shape in enumerate(shapes):
        count = 1
        for size in shape:
            count *= size
        part = dense(count, f"branch{i}", activation=activation)(x)
        parts.append(layers.Reshape(shape, name=f"shape{i}")(part))
    joined = layer(parts)
    if len(joined.shape) > 2:
        joined = layers.Flatten(name="flat")(joined)
    return keras.Model(x, dense()(joined), name="model")


def merging_cases():
    def merge(name, kind, shapes, **options):
        return name, kind.__name__, lambda: branches(kind(name="own", **options), shapes), {}

    pair, three = [(3, 2)] * 2, [(3, 2)] * 3
    for kind in (layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum):
        key = kind.__name__.lower()
        yield merge(key, kind, pair)
        yield merge(f"{key}-three", kind, three)
        yield merge(f"{key}-broadcast", kind, [(3, 2), (1, 2)])
        yield merge(f"{key}-ranks", kind, [(2,), (3, 2)])
    yield merge("subtract", layers.Subtract, pair)
    yield merge("subtract-broadcast", layers.Subtract, [(3, 1), (3, 2)])
    yield merge("concatenate", layers.Concatenate, [(3, 2), (3, 1)])
    yield merge("concatenate-first", layers.Concatenate, [(1, 3), (2, 3), (1, 3)], axis=1)
    yield merge("dot", layers.Dot, [(3,), (3,)], axes=1)
    yield merge("dot-last", layers.Dot, [(2, 3), (2, 3)], axes=-1)
    yield merge("dot-pair", layers.Dot, [(3, 2), (2, 3)], axes=(1, 2))
    yield merge("dot-ranks", layers.Dot, [(3, 2), (3,)], axes=(1, 1))
    yield merge("dot-normalize", layers.Dot, [(2, 3), (2, 3)], axes=2, normalize=True)
    yield merge("dot-normalize-vectors", layers.Dot, [(4,), (4,)], axes=1, normalize=True)


def shared_conv():
    """One convolution called twice, with another between."""
    x = keras.Input(LINE, name="input")
    conv = layers.Conv1D(3, 2, padding="same", activation="tanh", name="own", kernel_constraint=MaxNorm(0.5, axis=[0, 1]))
    joined = layers.Add(name="sum")([conv(x), conv(conv(x))])
    return keras.Model(x, dense()(layers.Flatten(name="flat")(joined)), name="model")


def shared_norm():
    """Running statistics that two calls of one layer move in turn."""
    x = keras.Input((6, 4), name="input")
    norm = layers.BatchNormalization(momentum=0.7, name="own", gamma_constraint=NonNeg())
    once = norm(dense(4, "before")(x))
    again = norm(layers.Activation("tanh", name="bent")(once))
    joined = layers.Concatenate(name="joined")([once, again])
    return keras.Model(x, dense()(layers.Flatten(name="flat")(joined)), name="model")


def nested():
    """Models inside of models, with a convolution and running statistics."""
    inner = keras.Sequential([
        keras.Input(IMAGE), layers.Conv2D(2, 2, name="conv", kernel_constraint=MaxNorm(0.5, axis=[0, 1, 2])),
        layers.BatchNormalization(momentum=0.8, name="norm", gamma_constraint=NonNeg())], name="inner")
    outer = keras.Sequential([keras.Input(IMAGE), inner, layers.MaxPooling2D(name="pool")], name="outer")
    x = keras.Input(IMAGE, name="input")
    return keras.Model(x, dense()(layers.Flatten(name="flat")(outer(x))), name="model")


def nested_shared():
    """A model called twice, and one with two inputs."""
    part = keras.Input((4,), name="part")
    twin = keras.Model(part, layers.Dense(3, activation="tanh", name="deep", kernel_constraint=UnitNorm())(part), name="twin")
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    join = keras.Model([a, b], layers.Multiply(name="product")([a, dense(3, "turned")(b)]), name="join")
    x = keras.Input((4,), name="input")
    return keras.Model(x, dense()(join([twin(x), twin(dense(4, "before")(x))])), name="model")


def frozen():
    """A frozen layer in the middle passes gradients on, and keeps its values against its constraint."""
    return keras.Sequential([
        keras.Input(LINE, name="input"), dense(3, "before"),
        layers.Conv1D(2, 2, name="own", trainable=False, kernel_constraint=MaxNorm(0.1)),
        layers.Flatten(name="flat"), dense()])


def joined_cases():
    yield from merging_cases()
    yield "shared-conv", "Conv1D", shared_conv, {}
    yield "shared-batchnorm", "BatchNormalization", shared_norm, {}
    yield "nested", "Sequential", nested, {}
    yield "nested-shared", "Functional", nested_shared, {}
    yield "frozen-conv", "Conv1D", frozen, {}

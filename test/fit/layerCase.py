"""What the networks of makeLayerCases.py are made of: a layer between two dense ones.

A case is a name, the layer's class, a function that makes the model, and options (`optimizer`, `rate`). Every model has
constraints that its first values do not hold; the layer's own variables have one where Keras takes one.
"""

import keras
from keras import constraints, layers

MaxNorm, MinMaxNorm, NonNeg, UnitNorm = (
    constraints.MaxNorm, constraints.MinMaxNorm, constraints.NonNeg, constraints.UnitNorm)

# How many ids there are for Embedding, and how many numbers the largest sample has.
IDS, LARGEST = 6, 4 * 4 * 3 * 4

LINE, IMAGE, VOLUME = (7, 3), (5, 6, 2), (4, 3, 4, 2)
FIRST_LINE, FIRST_IMAGE, FIRST_VOLUME = (3, 7), (2, 5, 6), (2, 4, 3, 4)
BY_RANK = {1: LINE, 2: IMAGE, 3: VOLUME}
FIRST_BY_RANK = {1: FIRST_LINE, 2: FIRST_IMAGE, 3: FIRST_VOLUME}


def dense(units=2, name="after", **options):
    options.setdefault("kernel_constraint", MaxNorm(0.4, axis=0))
    return layers.Dense(units, name=name, **options)


def around(shape, make, units=None, halves=False):
    """The layer behind a dense one, so that its input has a gradient that counts, and before another.

    `halves` is for glu, of which Keras thinks that it keeps its input's shape: the halved dimension must go at once.
    """
    def model():
        parts = [keras.Input(shape, name="input"), dense(units or shape[-1], "before"), make()]
        built = keras.Sequential(parts)
        if halves:
            built.add(layers.GlobalAveragePooling1D(data_format="channels_first", name="average"))
        elif len(built.output_shape) > 2:
            built.add(layers.Flatten(name="flat"))
        built.add(dense())
        return built
    return model


def case(name, shape, kind, *args, optimizer="sgd", rate=0.02, units=None, halves=False, **options):
    return name, kind.__name__, around(shape, lambda: kind(*args, name="own", **options), units, halves), {
        "optimizer": optimizer, "rate": rate}


def by_rank(rank, first=False):
    return (FIRST_BY_RANK if first else BY_RANK)[rank]

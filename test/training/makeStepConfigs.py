"""Makes the Keras configs of test/fixtures/train_steps/keras: the networks of the train steps as Keras models with the
constraints of the steps' descriptions, and layers whose layouts differ, as `model.to_json()` writes them.

    KERAS_BACKEND=jax python test/training/makeStepConfigs.py        (Keras 3.15.1)
"""

import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import constraints, layers

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "train_steps" / "keras"


def mlp(frozen=False):
    """Names and shapes of `mlp_sgd`, whose weights are PyTorch's: out x in."""
    return keras.Sequential(
        [
            layers.Input((64,)),
            layers.Dense(
                32,
                name="fc1",
                kernel_constraint=constraints.MaxNorm(0.8, axis=0),
                bias_constraint=constraints.NonNeg(),
            ),
            layers.Dense(10, name="fc2", kernel_constraint=constraints.UnitNorm(axis=0), trainable=not frozen),
        ],
        name="mlp",
    )


def jax_momentum():
    """Shapes of `jax_momentum`, whose inputs have no names."""
    return keras.Sequential(
        [
            layers.Input((12,)),
            layers.Dense(
                8,
                name="hidden",
                kernel_constraint=constraints.MaxNorm(0.7, axis=0),
                bias_constraint=constraints.NonNeg(),
            ),
            layers.Dense(4, name="out", kernel_constraint=constraints.MaxNorm(0.5, axis=None)),
        ],
        name="momentum",
    )


def jax_cnn():
    """Shapes of `jax/cnn`: a convolution whose kernel is OIHW there."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(6, 3, name="conv", kernel_constraint=constraints.MaxNorm(0.5, axis=[0, 1, 2])),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(
                4,
                name="dense",
                kernel_constraint=constraints.UnitNorm(axis=0),
                bias_constraint=constraints.NonNeg(),
            ),
        ],
        name="cnn",
    )


def jax_embedding():
    return keras.Sequential(
        [
            layers.Input((5,)),
            layers.Embedding(20, 6, name="table", embeddings_constraint=constraints.MaxNorm(0.5, axis=1)),
            layers.GlobalAveragePooling1D(),
            layers.Dense(4, name="dense", kernel_constraint=constraints.NonNeg()),
        ],
        name="embedding",
    )


def layouts():
    """Layers that frameworks store in several ways."""
    norm = constraints.MaxNorm(0.5, axis=0)
    inputs = layers.Input((6, 6, 4))
    # Its norm takes the channels together and the multipliers apart, which share a dimension elsewhere.
    mixed = constraints.MaxNorm(0.5, axis=[0, 1, 2])
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depth", depthwise_constraint=mixed)(inputs)
    x = layers.Conv2D(8, 3, name="square", kernel_constraint=constraints.MaxNorm(0.5, axis=[0, 1, 2]))(x)
    x = layers.Conv2DTranspose(5, 3, name="up", kernel_constraint=constraints.MaxNorm(0.5, axis=[0, 1, 3]))(x)
    x = layers.Flatten()(x)
    x = layers.Dense(8, name="first", kernel_constraint=norm)(x)
    x = layers.Dense(8, name="second", kernel_constraint=norm)(x)
    return keras.Model(inputs, x, name="layouts")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    models = {
        "mlp": mlp(),
        "mlp_frozen": mlp(frozen=True),
        "jax_momentum": jax_momentum(),
        "jax_cnn": jax_cnn(),
        "jax_embedding": jax_embedding(),
        "layouts": layouts(),
    }
    for name, model in models.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(json.loads(model.to_json())) + "\n")


if __name__ == "__main__":
    main()

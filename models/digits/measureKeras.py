"""Lets Keras train the network of train.py with its constraints, and writes what that needs and how well it does.

    KERAS_BACKEND=jax python measureKeras.py      (needs keras, a backend, scikit-learn and what train.py imports)

digits.bin: scikit-learn's 8x8 digits, 65 bytes each: 64 grey values from 0 to 16, row by row, then the digit; the last 450
are held out. untrained.json: the compiled model's config. keras.json: Keras's accuracy on the 450, for several seeds.
"""

import json
import os
from pathlib import Path
from time import perf_counter

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import constraints, layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).resolve().parent
HELD_OUT = 450
SPLIT_SEED = 7
SEEDS = range(5)
EPOCHS = 30
BATCH = 32


def build():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv_a",
                          kernel_constraint=constraints.MaxNorm(2.0, axis=[0, 1, 2])),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv_b",
                          kernel_constraint=constraints.MaxNorm(2.0, axis=[0, 1, 2])),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="digit", kernel_constraint=constraints.MaxNorm(2.0)),
        ],
        name="digits",
    )
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images, labels, test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=labels)
    x_train, x_test, y_train, y_test = parts
    rows = np.concatenate([np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])[:, None]], axis=1)
    (FOLDER / "digits.bin").write_bytes(rows.astype(np.uint8).tobytes())
    (FOLDER / "untrained.json").write_text(build().to_json(indent=1) + "\n")
    as_input = lambda x: (x / 16.0).astype("float32").reshape(-1, 8, 8, 1)  # noqa: E731
    accuracies, seconds = [], []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        model = build()
        start = perf_counter()
        model.fit(as_input(x_train), y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        seconds.append(perf_counter() - start)
        accuracies.append(float(model.evaluate(as_input(x_test), y_test, verbose=0)[1]))
        print(seed, accuracies[-1], f"{seconds[-1]:.1f} s")
    found = {
        "command": "KERAS_BACKEND=jax python measureKeras.py",
        "heldOutImages": HELD_OUT,
        "epochs": EPOCHS,
        "batchSize": BATCH,
        "accuracy": [round(value, 4) for value in accuracies],
        "versions": {"keras": keras.__version__, "backend": keras.backend.backend()},
    }
    (FOLDER / "keras.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

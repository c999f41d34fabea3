"""Lets Keras train EEGNet-8,2 as its authors define it, for eegnet.test.ts to follow.

    KERAS_BACKEND=jax python test/fit/makeEegnet.py

`test/fixtures/fit/eegnet.json` has the config of the model (Dropout 0.5) with `compile_config`, and the paths and shapes of
its variables; `eegnet.safetensors` has `initial` and `final` (all variables one after another) and the `loss` of each step,
of a training with dropout of rate 0. The data is computed, here and in the test by the same rule. Needs keras, jax,
safetensors.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import layers, optimizers
from keras.constraints import max_norm
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent.parent / "fixtures" / "fit"
CHANNELS, SAMPLES, CLASSES = 64, 128, 4
STEPS, BATCH = 6, 4


def eegnet(rate):
    """F1 = 8 filters in time, D = 2 in space for each of them, F2 = 16 of both together."""
    return keras.Sequential([
        keras.Input((CHANNELS, SAMPLES, 1), name="eeg"),
        layers.Conv2D(8, (1, 64), padding="same", use_bias=False, name="temporal"),
        layers.BatchNormalization(name="norm1"),
        layers.DepthwiseConv2D((CHANNELS, 1), use_bias=False, depth_multiplier=2, depthwise_constraint=max_norm(1.0),
                               name="spatial"),
        layers.BatchNormalization(name="norm2"),
        layers.Activation("elu", name="elu1"),
        layers.AveragePooling2D((1, 4), name="pool1"),
        layers.Dropout(rate, name="drop1"),
        layers.SeparableConv2D(16, (1, 16), use_bias=False, padding="same", name="separable"),
        layers.BatchNormalization(name="norm3"),
        layers.Activation("elu", name="elu2"),
        layers.AveragePooling2D((1, 8), name="pool2"),
        layers.Dropout(rate, name="drop2"),
        layers.Flatten(name="flatten"),
        layers.Dense(CLASSES, name="dense", kernel_constraint=max_norm(0.25)),
        layers.Activation("softmax", name="softmax"),
    ], name="eegnet")


def data(count):
    """Trials of four classes: a rectangular wave of another period for each, on a quarter of the channels, in noise."""
    place = np.arange(count * CHANNELS * SAMPLES, dtype=np.uint64)
    bits = (place * np.uint64(2654435761)) % np.uint64(2**32)
    bits = (bits ^ (bits >> np.uint64(15))) * np.uint64(2246822519) % np.uint64(2**32)
    noise = (bits.astype("float64") / 2**32 * 2 - 1).reshape(count, CHANNELS, SAMPLES)
    classes = np.arange(count) % CLASSES
    period = 2 ** (classes + 1)
    wave = np.where(np.arange(SAMPLES)[None, :] // period[:, None] % 2 == 0, 0.5, -0.5)
    loud = np.arange(CHANNELS)[None, :] % CLASSES == classes[:, None]
    x = noise + wave[:, None, :] * loud[:, :, None]
    return x[..., None].astype("float32"), classes.astype("int32")


def main():
    keras.utils.set_random_seed(1)
    model = eegnet(0.0)
    model.compile(optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    # The next normalization takes a shift of the first away again: its gradient is rounding alone, which shall not be all
    # that there is to compare.
    norm = model.get_layer("norm1")
    gamma, beta, *running = norm.get_weights()
    norm.set_weights([gamma, np.linspace(-0.3, 0.4, 8), *running])
    # Beyond both norms, so that the constraints bite from the first step on.
    model.get_layer("spatial").set_weights([3 * model.get_layer("spatial").get_weights()[0]])
    flat = lambda: np.concatenate([np.asarray(v).ravel() for v in model.weights])
    tensors = {"initial": flat()}
    x, y = data(STEPS * BATCH)
    losses = []
    for step in range(STEPS):
        part = slice(step * BATCH, (step + 1) * BATCH)
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[part], y[part])))
    print(losses, model.count_params())
    tensors |= {"loss": np.asarray(losses, "float32"), "final": flat()}
    config = json.loads(eegnet(0.5).to_json()) | {"compile_config": model.get_compile_config()}
    variables = [[v.path.removeprefix("eegnet/"), list(v.shape)] for v in model.weights]
    (FOLDER / "eegnet.json").write_text(json.dumps({"config": config, "variables": variables}) + "\n")
    save_file(tensors, FOLDER / "eegnet.safetensors")


main()

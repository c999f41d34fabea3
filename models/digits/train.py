# Makes the demo model of this folder: a small Keras CNN on scikit-learn's 8x8 digits whose config names constraints,
# trained without them (as TensorFlow.js trains), so that the stored weights violate what the config promises.
#
# Python 3.11, then:
#   pip install tensorflow-cpu==2.21.0 keras==3.15.1 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0
#   pip install --no-deps tf2onnx==1.16.1      (its protobuf range is older than TensorFlow's)
#   python train.py [folder]                   (default: beside this script)
#
# The seed is fixed, but two runs differ in bytes: a .keras archive stores its date, and sums depend on the CPU.
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import onnx
import onnxruntime
import sklearn
import tensorflow
import tf2onnx
from keras import constraints, layers
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 7
HELD_OUT = 450
STORED = 64


def build(constrained):
    """The network; without constraints it has the same variables in the same order."""

    def only_if(constraint):
        return constraint if constrained else None

    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(
                8,
                3,
                padding="same",
                activation="relu",
                name="conv_a",
                kernel_constraint=only_if(constraints.MaxNorm(1.0, axis=[0, 1, 2])),
                bias_constraint=only_if(constraints.NonNeg()),
            ),
            layers.Conv2D(
                16,
                3,
                strides=2,
                padding="same",
                activation="relu",
                name="conv_b",
                kernel_constraint=only_if(constraints.MinMaxNorm(0.5, 1.2, rate=0.9, axis=[0, 1, 2])),
            ),
            layers.Flatten(name="flatten"),
            layers.Dense(
                24,
                activation="relu",
                name="hidden",
                kernel_constraint=only_if(constraints.MaxNorm(1.5, axis=0)),
                bias_constraint=only_if(constraints.NonNeg()),
            ),
            layers.Dense(10, activation="softmax", name="digit", kernel_constraint=only_if(constraints.UnitNorm(axis=0))),
        ],
        name="digits",
    )


def train(x, y):
    free = build(constrained=False)
    free.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    free.fit(x, y, batch_size=32, epochs=30, verbose=0)
    model = build(constrained=True)
    model.set_weights(free.get_weights())
    return model


def project(model):
    """A copy of the model with every constraint applied once by Keras; prints how far each variable moved."""
    copy = build(constrained=True)
    copy.set_weights(model.get_weights())
    for variable in copy.trainable_variables:
        values = variable.numpy()
        assert np.unique(values).size == values.size, f"{variable.path} repeats a value"
        if variable.constraint is None:
            continue
        variable.assign(variable.constraint(variable))
        moved = np.abs(variable.numpy() - values)
        print(f"{variable.path:22} {type(variable.constraint).__name__:11} moved {np.count_nonzero(moved)} of {values.size}, largest {moved.max():.3f}")
    return copy


def accuracy(predict, x, y):
    return float(np.mean(np.argmax(predict(x), axis=-1) == y))


def main(folder):
    keras.utils.set_random_seed(SEED)
    tensorflow.config.experimental.enable_op_determinism()
    images, labels = load_digits(return_X_y=True)
    x = (images / 16.0).astype("float32").reshape(-1, 8, 8, 1)
    x_train, x_test, y_train, y_test = train_test_split(x, labels, test_size=HELD_OUT, random_state=SEED, stratify=labels)

    model = train(x_train, y_train)
    projected = project(model)
    model(x_test[:1])  # export refuses a model that has never been called
    model.save(folder / "digits.keras")
    model.export(folder / "digits.onnx", format="onnx", verbose=False)
    save_file({"x": x_test[:STORED], "y": y_test[:STORED].astype("int32")}, folder / "test-data.safetensors")

    session = onnxruntime.InferenceSession(folder / "digits.onnx", providers=["CPUExecutionProvider"])

    def run(batch):
        return session.run(None, {session.get_inputs()[0].name: batch})[0]

    def keras_predict(m):
        return lambda batch: m.predict(batch, verbose=0)

    difference = float(np.abs(run(x_test) - keras_predict(model)(x_test)).max())
    assert difference < 1e-5, f"ONNX differs from Keras by {difference}"
    accuracies = {
        name: {"before": accuracy(keras_predict(model), xs, ys), "after": accuracy(keras_predict(projected), xs, ys)}
        for name, xs, ys in [("heldOut", x_test, y_test), ("stored", x_test[:STORED], y_test[:STORED])]
    }
    files = ["digits.keras", "digits.onnx", "test-data.safetensors"]
    manifest = {
        "command": "python train.py",
        "seed": SEED,
        "heldOutImages": HELD_OUT,
        "storedImages": STORED,
        "accuracy": accuracies,
        "versions": {
            "python": sys.version.split()[0],
            "keras": keras.__version__,
            "tensorflow": tensorflow.__version__,
            "tf2onnx": tf2onnx.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"largest ONNX difference {difference:.2g}; accuracy {json.dumps(accuracies)}")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    target.mkdir(parents=True, exist_ok=True)
    main(target)

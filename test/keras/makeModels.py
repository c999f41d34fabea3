"""Makes the models of test/fixtures/keras: every layer of the table of layers, saved by Keras itself.

Writes <model>.keras and <model>.h5 and, in expected.json, what Keras says of each model's variables after it has loaded
the archive again. Every variable holds different numbers, so a variable taken for another one shows.

    KERAS_BACKEND=jax python test/keras/makeModels.py        (Keras 3.15.1, h5py)
"""

import hashlib
import io
import json
import os
import pathlib
import zipfile

os.environ.setdefault("KERAS_BACKEND", "jax")

import h5py
import keras
import numpy as np
from keras import constraints, layers

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "keras"

limit = 0


def norm(**kwargs):
    """A constraint unlike every other one, so that one on the wrong variable shows."""
    global limit
    limit += 1
    return constraints.MaxNorm(max_value=limit, **kwargs)


def kernel():
    return dict(kernel_constraint=norm())


def both():
    return dict(kernel_constraint=norm(), bias_constraint=norm())


def recurrent():
    return dict(kernel_constraint=norm(), recurrent_constraint=norm(), bias_constraint=norm())


def affine():
    return dict(gamma_constraint=norm(), beta_constraint=norm())


def branches(name, *pairs):
    """One model with a branch for each (input shape, layer or function of the input)."""
    inputs = [keras.Input(shape) for shape, _ in pairs]
    return keras.Model(inputs, [make(x) for x, (_, make) in zip(inputs, pairs)], name=name)


def core():
    return branches(
        "core",
        ((4,), layers.Dense(3, **both())),
        ((4,), layers.Dense(2, use_bias=False, **kernel(), name="no_bias")),
        ((5, 4), layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", **both())),
        ((5, 4), layers.EinsumDense("...x,xy->...y", 3, **kernel())),
        ((5, 4), layers.EinsumDense("ab...,bc->ac...", 3, bias_axes="c", **both())),
        ((3,), layers.Embedding(7, 2, embeddings_constraint=norm())),
        ((3,), layers.ReversibleEmbedding(6, 2, tie_weights=False, embeddings_constraint=norm())),
        ((3,), layers.ReversibleEmbedding(5, 2, embeddings_constraint=norm())),
        ((5, 4), layers.PReLU(alpha_constraint=constraints.NonNeg())),
        ((5, 4, 3), layers.PReLU(shared_axes=[1, 2], alpha_constraint=constraints.NonNeg())),
        ((4,), lambda x: layers.Dropout(0.5)(layers.Activation("relu")(x))),
    )


def convolutions():
    def separable():
        return dict(depthwise_constraint=norm(), pointwise_constraint=norm(), bias_constraint=norm())

    def depthwise():
        return dict(depthwise_constraint=norm(), bias_constraint=norm())

    return branches(
        "convolutions",
        ((6, 4), layers.Conv1D(6, 3, groups=2, **both())),
        ((6, 6, 2), layers.Conv2D(3, (3, 2), **both())),
        ((2, 6, 6), layers.Conv2D(3, 2, data_format="channels_first", use_bias=False, **kernel())),
        ((4, 4, 4, 2), layers.Conv3D(3, (2, 1, 2), **both())),
        ((6, 2), layers.Conv1DTranspose(3, 2, **both())),
        ((6, 6, 2), layers.Conv2DTranspose(3, (2, 3), **both())),
        ((4, 4, 4, 2), layers.Conv3DTranspose(3, 2, **both())),
        ((6, 2), layers.DepthwiseConv1D(3, depth_multiplier=2, **depthwise())),
        ((6, 6, 2), layers.DepthwiseConv2D((3, 2), depth_multiplier=3, **depthwise())),
        ((6, 2), layers.SeparableConv1D(3, 2, depth_multiplier=2, **separable())),
        ((6, 6, 2), layers.SeparableConv2D(3, (3, 2), **separable())),
    )


def recurrents():
    return branches(
        "recurrents",
        ((5, 3), layers.SimpleRNN(2, dropout=0.1, **recurrent())),
        ((5, 3), layers.GRU(2, **recurrent())),
        ((5, 3), layers.GRU(2, reset_after=False, **recurrent())),
        ((5, 3), layers.LSTM(2, recurrent_dropout=0.1, **recurrent())),
        ((5, 3), layers.LSTM(2, use_bias=False, kernel_constraint=norm(), recurrent_constraint=norm())),
        ((5, 6, 3), layers.ConvLSTM1D(2, 3, **recurrent())),
        ((5, 6, 6, 3), layers.ConvLSTM2D(2, (3, 2), **recurrent())),
        ((5, 3, 6, 6), layers.ConvLSTM2D(2, 3, data_format="channels_first", **recurrent())),
        ((3, 4, 4, 4, 1), layers.ConvLSTM3D(2, 2, **recurrent())),
        ((5, 3), layers.RNN(layers.SimpleRNNCell(2, **recurrent()))),
        ((5, 3), layers.RNN([layers.LSTMCell(2, **recurrent()), layers.GRUCell(3, **recurrent()), layers.LSTMCell(2)])),
    )


def twins():
    """Cells of one name, which Keras allows in a stack; its HDF5 format cannot hold them."""
    cells = [layers.GRUCell(2, **recurrent(), name="same"), layers.GRUCell(2, **recurrent(), name="same")]
    return keras.Sequential([keras.Input((5, 3)), layers.RNN(cells)], name="twins")


def wrappers():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, **both()), layers.Dense(3, **kernel())], name="inner")
    return branches(
        "wrappers",
        ((5, 3), layers.Bidirectional(layers.LSTM(2, **recurrent()))),
        (
            (5, 3),
            layers.Bidirectional(
                layers.GRU(2, **recurrent()),
                backward_layer=layers.GRU(3, go_backwards=True, **recurrent(), name="other_way"),
            ),
        ),
        ((5, 3), layers.Bidirectional(layers.RNN(layers.LSTMCell(2, **recurrent())))),
        ((5, 4), layers.TimeDistributed(layers.Dense(3, **both()))),
        ((5, 4), layers.TimeDistributed(inner, name="each")),
        ((5, 6, 6, 2), layers.TimeDistributed(layers.Conv2D(2, 2, **both()))),
    )


def attention():
    return branches(
        "attention",
        ((5, 4), lambda x: layers.MultiHeadAttention(2, 3, value_dim=5, dropout=0.1, **both())(x, x)),
        ((5, 4), lambda x: layers.MultiHeadAttention(2, 3, use_gate=True, output_shape=7, **both())(x, x)),
        ((5, 4), lambda x: layers.MultiHeadAttention(2, 3, use_bias=False, **kernel())(x, x)),
        ((4, 5, 6), lambda x: layers.MultiHeadAttention(2, 3, output_shape=(3, 2), attention_axes=(1,), **both())(x, x)),
        ((5, 4), lambda x: layers.GroupQueryAttention(3, 4, 2, use_gate=True, dropout=0.1, **both())(x, x)),
    )


def normalizations():
    statistics = layers.Normalization()
    statistics.adapt(np.arange(6.0).reshape(3, 2))
    return branches(
        "normalizations",
        ((4,), layers.BatchNormalization(**affine())),
        ((4,), layers.BatchNormalization(scale=False, beta_constraint=norm())),
        ((4, 3), layers.BatchNormalization(axis=1, renorm=True, **affine())),
        ((4, 3), layers.LayerNormalization(axis=[1, 2], **affine())),
        ((4, 3), layers.LayerNormalization(center=False, gamma_constraint=norm())),
        ((4, 3), layers.LayerNormalization(rms_scaling=True, scale=False, gamma_constraint=norm())),
        ((4, 6), layers.GroupNormalization(3, **affine())),
        # Not in the table of layers:
        ((4, 3), layers.RMSNormalization()),
        ((2,), statistics),
    )


def nested():
    """Models in models, more layers of one class than the archive has names for, frozen and shared ones, operations."""
    deep = keras.Sequential([keras.Input((3,)), layers.Dense(3, **both(), name="zz")], name="deep")
    branch_in = keras.Input((3,))
    hidden = layers.Dense(3, **both(), name="b")(layers.BatchNormalization(name="bn")(branch_in))
    functional = keras.Model(branch_in, layers.Dense(3, name="a")(hidden) + branch_in, name="functional")
    frozen = keras.Sequential(
        [keras.Input((3,)), layers.BatchNormalization(**affine(), name="fbn"), layers.Dense(3, **both(), name="fd")],
        name="frozen",
    )
    frozen.trainable = False
    shared = layers.Dense(3, **both(), name="shared")
    x = keras.Input((3,))
    y = shared(keras.ops.relu(shared(x)))
    y = keras.Sequential([keras.Input((3,)), deep, layers.Dense(3, **kernel(), name="zz")], name="outer")(y)
    y = functional(functional(y)) * 2.0
    y = layers.Dense(3, trainable=False, **both(), name="stiff")(frozen(y))
    for name in ("d9", "d1", "d5"):
        y = layers.Dense(3, **kernel(), name=name)(y)
    return keras.Model(x, y, name="nested")


def dtypes():
    return keras.Sequential(
        [keras.Input((3,))]
        + [
            layers.Dense(2, dtype=dtype, **both(), name=dtype)
            for dtype in ("float32", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
        ],
        name="dtypes",
    )


def compiled():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, **both()), layers.Dense(1)], name="compiled")
    model.compile("adam", "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 1)), verbose=0)
    return model


@keras.saving.register_keras_serializable(package="fixtures")
class Block(layers.Layer):
    """A layer that is not in the table: own weights, a layer from its config, and one of its own making."""

    def __init__(self, inner, kernel_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.hidden = layers.Dense(2, name="hidden")

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale", constraint=self.kernel_constraint)
        if not self.inner.built:
            self.inner.build(shape)
        self.hidden.build(self.inner.compute_output_shape(shape))

    def call(self, x):
        return self.hidden(self.inner(x * self.scale))

    def get_config(self):
        config = {"inner": keras.saving.serialize_keras_object(self.inner)}
        return {**super().get_config(), **config, "kernel_constraint": constraints.serialize(self.kernel_constraint)}

    @classmethod
    def from_config(cls, config):
        config["inner"] = keras.saving.deserialize_keras_object(config["inner"])
        return cls(**config)


def unknown():
    block = Block(layers.Dense(4, **both(), name="inner_dense"), kernel_constraint=norm(), name="block")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, **both(), name="first"), block], name="inside")
    return keras.Sequential([keras.Input((3,)), inner, layers.Dense(2, **kernel(), name="last")], name="unknown")


@keras.saving.register_keras_serializable(package="fixtures")
class Subclassed(keras.Model):
    """A model that is a program; its config holds one of its layers."""

    def __init__(self, encoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.heads = [layers.Dense(2, name="head_a"), layers.Dense(3, name="head_b")]

    def build(self, shape):
        if not self.encoder.built:
            self.encoder.build(shape)
        for head in self.heads:
            head.build(self.encoder.compute_output_shape(shape))

    def call(self, x):
        return [head(self.encoder(x)) for head in self.heads]

    def get_config(self):
        return {**super().get_config(), "encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config):
        config["encoder"] = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**config)


def subclassed():
    model = Subclassed(layers.Dense(4, **both(), name="encoder_dense"), name="subclassed")
    model.build((None, 3))
    return model


def walk(layer, names=()):
    """Every variable with the names of the layers around it; seeds are not weights, and files do not hold them."""
    own = layer._trainable_variables + layer._non_trainable_variables
    for variable in own:
        yield "/".join((*names, variable.name)), variable
    children = layer.layers if hasattr(layer, "layers") else layer._flatten_layers(include_self=False, recursive=False)
    seen = set()
    for child in children:
        name = child.name
        while name in seen:
            name = f"{child.name}_1"
        seen.add(name)
        yield from walk(child, (*names, name))


def facts(model):
    result = []
    for path, variable in walk(model):
        assert path.endswith(variable.path.split("/", 1)[-1]), (path, variable.path)
        value = np.ascontiguousarray(keras.ops.convert_to_numpy(variable.value))
        constraint = variable.constraint
        result.append(
            {
                "path": path,
                "shape": list(variable.shape),
                "dtype": str(value.dtype),
                "trainable": variable.trainable,
                "constraint": constraint and {"class": type(constraint).__name__, "config": constraint.get_config()},
                "sha256": hashlib.sha256(value.tobytes()).hexdigest(),
            }
        )
    return result


def fill(model):
    """Gives every element of the model a number of its own, as far as its dtype goes."""
    start = 0
    for variable in model.variables:
        if "seed_generator" in variable.path:
            continue
        count = int(np.prod(variable.shape, dtype=int))
        variable.assign((np.arange(start, start + count) % 2048).reshape(variable.shape))
        start += count


def age(archive, target):
    """Rewrites an archive as older Keras versions wrote it: without layer names, and with other attribute names."""
    with zipfile.ZipFile(archive) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    data = io.BytesIO(entries["model.weights.h5"])
    with h5py.File(data, "r+") as file:
        groups = []
        file.visititems(lambda _, item: groups.append(item) if isinstance(item, h5py.Group) else None)
        for group in groups:
            group.attrs.pop("name", None)
            for key in [key for key in group if key.endswith("_dense")]:
                group.move(key, f"_{key.lstrip('_')}")
        file.move("layers", "_layer_checkpoint_dependencies")
    entries["model.weights.h5"] = data.getvalue()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in entries.items():
            file.writestr(zipfile.ZipInfo(name), content)
    pack(target)


def pack(archive):
    """Keras stores its archives unpacked; packed ones are smaller, and zip allows both."""
    with zipfile.ZipFile(archive) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in entries.items():
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = {}
    makers = [core, convolutions, recurrents, wrappers, attention, normalizations, nested, dtypes, compiled, unknown]
    for make in [*makers, twins, subclassed]:
        keras.utils.clear_session()
        model = make()
        fill(model)
        archive = FOLDER / f"{make.__name__}.keras"
        model.save(archive)
        if make in makers:
            model.save(FOLDER / f"{make.__name__}.h5", include_optimizer=False)
        expected[make.__name__] = facts(keras.saving.load_model(archive))
        pack(archive)
        if make in (attention, nested, twins):
            age(archive, FOLDER / f"{make.__name__}.older.keras")
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()

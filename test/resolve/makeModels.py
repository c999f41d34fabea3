"""Makes test/fixtures/layers: each layer with constraints as a small Keras model, exported by every exporter that can.

Writes for each model <model>/model.keras, io.safetensors (x; y_before and y_after: what Keras answers before and after
every constraint was applied to its variable) and <exporter>.onnx; manifest.json says which exporter did what.

    python test/resolve/makeModels.py --backend tensorflow [model ...]     first: it makes the weights
    python test/resolve/makeModels.py --backend jax [--exporter jax] [model ...]
    python test/resolve/makeModels.py --backend torch [model ...]

Keras 3.15.1, NumPy 2.4; TensorFlow 2.21 with tf2onnx 1.16.1; JAX 0.10.2 with jax2onnx 0.17.1; PyTorch 2.15 with
onnxscript 0.7.2; ONNX Runtime 1.32. The weights come from seeds, so a second run makes the same weights and answers; only the date
in model.keras differs.
"""

import argparse
import contextlib
import fcntl
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zlib

parser = argparse.ArgumentParser()
parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], required=True)
parser.add_argument("--exporter", help="only this one")
parser.add_argument("models", nargs="*")
arguments = parser.parse_args()

os.environ["KERAS_BACKEND"] = arguments.backend
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import onnx
import onnxruntime
from keras import layers
from keras.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from safetensors.numpy import load_file, save_file

warnings.filterwarnings("ignore", category=DeprecationWarning)
FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "layers"
BATCH = 3
MODELS = {}
# Models that are exported by one more route, to have that route's names in the tests.
SAVED_MODEL = {"dense", "conv2d", "lstm"}
H5 = {"dense", "lstm", "bidirectional_lstm", "nested", "stacked_rnn_cells", "multi_head_attention"}


def model(function):
    MODELS[function.__name__] = function
    return function


def kernel(limit=0.8, axis=0):
    return dict(kernel_constraint=MaxNorm(limit, axis=axis))


def kernel_and_bias(limit=0.8, axis=0):
    return dict(kernel(limit, axis), bias_constraint=NonNeg())


def functional(shape, *stack):
    inputs = keras.Input(shape)
    outputs = inputs
    for layer in stack:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def register(name, shape, make):
    MODELS[name] = lambda: functional(shape, *make())


register("dense", (5,), lambda: [
    layers.Dense(7, activation="tanh", **kernel_and_bias()),
    layers.Dense(3, kernel_constraint=UnitNorm(axis=0), bias_constraint=MinMaxNorm(0.1, 0.5, rate=0.5, axis=0)),
])
register("dense_on_sequence", (4, 5), lambda: [layers.Dense(7, **kernel_and_bias())])
register("einsum_dense", (5, 6), lambda: [
    layers.EinsumDense("abc,cde->abde", output_shape=(5, 3, 4), bias_axes="de", **kernel_and_bias())
])
register("einsum_dense_two_axes", (5, 6), lambda: [
    layers.EinsumDense("abc,bcd->ad", output_shape=(4,), bias_axes="d", **kernel_and_bias(axis=[0, 1]))
])
register("conv1d", (9, 4), lambda: [layers.Conv1D(5, 3, **kernel_and_bias(axis=[0, 1]))])
register("conv2d", (7, 8, 4), lambda: [layers.Conv2D(5, (2, 3), **kernel_and_bias(axis=[0, 1, 2]))])
register("conv2d_same", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), padding="same", strides=2, activation="relu",
                  kernel_constraint=MinMaxNorm(0.4, 0.9, rate=0.5, axis=[0, 1, 2]), bias_constraint=MaxNorm(0.5))
])
register("conv2d_groups", (7, 8, 4), lambda: [
    layers.Conv2D(6, (2, 3), groups=2, **kernel_and_bias(axis=[0, 1, 2]))
])
register("conv2d_default_axis", (7, 8, 4), lambda: [layers.Conv2D(5, (2, 3), kernel_constraint=MaxNorm(0.5))])
register("conv2d_dilated", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), dilation_rate=2, padding="same", **kernel_and_bias(axis=[0, 1, 2]))
])
register("conv3d", (4, 5, 6, 2), lambda: [layers.Conv3D(3, (2, 3, 4), **kernel_and_bias(axis=[0, 1, 2, 3]))])
register("conv1d_transpose", (6, 4), lambda: [layers.Conv1DTranspose(5, 3, strides=2, **kernel_and_bias(axis=[0, 2]))])
register("conv2d_transpose", (4, 5, 3), lambda: [
    layers.Conv2DTranspose(6, (2, 4), strides=2, **kernel_and_bias(axis=[0, 1, 3]))
])
register("conv3d_transpose", (3, 4, 2, 2), lambda: [
    layers.Conv3DTranspose(3, (2, 3, 4), **kernel_and_bias(axis=[0, 1, 2, 4]))
])
for multiplier in (1, 2):
    for word, axes in (("both", [1, 2]), ("one", [0, 1]), ("none", [0])):
        register(f"depthwise_conv1d_m{multiplier}_{word}", (7, 5), lambda m=multiplier, a=axes: [
            layers.DepthwiseConv1D(3, depth_multiplier=m, depthwise_constraint=MaxNorm(0.6, axis=a), bias_constraint=NonNeg())
        ])
    for word, axes in (("both", [2, 3]), ("one", [0, 1, 2]), ("multiplier", [0, 1, 3]), ("none", [0, 1])):
        register(f"depthwise_conv2d_m{multiplier}_{word}", (6, 7, 5), lambda m=multiplier, a=axes: [
            layers.DepthwiseConv2D((2, 3), depth_multiplier=m, depthwise_constraint=MaxNorm(0.6, axis=a), bias_constraint=NonNeg())
        ])
register("separable_conv1d", (9, 4), lambda: [
    layers.SeparableConv1D(5, 3, depth_multiplier=2, depthwise_constraint=MaxNorm(0.6, axis=0),
                           pointwise_constraint=UnitNorm(axis=[0, 1]), bias_constraint=NonNeg())
])
register("separable_conv2d", (6, 7, 4), lambda: [
    layers.SeparableConv2D(5, (2, 3), depth_multiplier=2, depthwise_constraint=MaxNorm(0.6, axis=[0, 1]),
                           pointwise_constraint=UnitNorm(axis=[0, 1, 2]), bias_constraint=NonNeg())
])
register("separable_conv2d_m1", (6, 7, 4), lambda: [
    layers.SeparableConv2D(5, (2, 3), depthwise_constraint=MaxNorm(0.6, axis=[0, 1]),
                           pointwise_constraint=UnitNorm(axis=[0, 1, 2]), bias_constraint=NonNeg())
])
register("embedding", (4,), lambda: [layers.Embedding(9, 5, embeddings_constraint=MaxNorm(0.8, axis=1))])


def reversible(tie):
    inputs = keras.Input((4,))
    embedding = layers.ReversibleEmbedding(9, 5, tie_weights=tie, embeddings_constraint=MaxNorm(0.8, axis=1))
    return keras.Model(inputs, embedding(embedding(inputs), reverse=True))


MODELS["reversible_embedding"] = lambda: reversible(True)
MODELS["reversible_embedding_untied"] = lambda: reversible(False)


def recurrent(**others):
    return dict(kernel_constraint=MaxNorm(0.8, axis=0), recurrent_constraint=UnitNorm(axis=0),
                bias_constraint=NonNeg(), **others)


register("simple_rnn", (4, 5), lambda: [layers.SimpleRNN(3, **recurrent())])
register("simple_rnn_sequences", (4, 5), lambda: [layers.SimpleRNN(3, return_sequences=True, **recurrent())])
register("gru", (4, 5), lambda: [layers.GRU(3, **recurrent())])
register("gru_reset_before", (4, 5), lambda: [layers.GRU(3, reset_after=False, **recurrent())])
register("gru_bias_axis", (4, 5), lambda: [
    layers.GRU(3, bias_constraint=MaxNorm(0.5, axis=0), recurrent_constraint=MaxNorm(0.7, axis=1))
])
register("lstm", (4, 5), lambda: [layers.LSTM(3, **recurrent())])
register("lstm_sequences", (4, 5), lambda: [layers.LSTM(3, return_sequences=True, go_backwards=True, **recurrent())])
register("lstm_across_gates", (4, 5), lambda: [
    layers.LSTM(3, kernel_constraint=MaxNorm(0.8, axis=1), recurrent_constraint=MinMaxNorm(0.2, 0.5, rate=0.5, axis=[0, 1]),
                bias_constraint=MaxNorm(0.5, axis=0))
])
register("lstm_no_bias", (4, 5), lambda: [
    layers.LSTM(3, use_bias=False, kernel_constraint=MaxNorm(0.8, axis=0), recurrent_constraint=NonNeg())
])
register("lstm_unrolled", (4, 5), lambda: [layers.LSTM(3, unroll=True, **recurrent())])
register("gru_unrolled", (4, 5), lambda: [layers.GRU(3, unroll=True, **recurrent())])
register("conv_lstm1d", (2, 6, 4), lambda: [
    layers.ConvLSTM1D(3, 2, kernel_constraint=MaxNorm(0.8, axis=[0, 1]), recurrent_constraint=UnitNorm(axis=[0, 1]),
                      bias_constraint=NonNeg())
])
register("conv_lstm2d", (2, 5, 6, 4), lambda: [
    layers.ConvLSTM2D(3, (2, 3), kernel_constraint=MaxNorm(0.8, axis=[0, 1, 2]),
                      recurrent_constraint=UnitNorm(axis=[0, 1, 2]), bias_constraint=NonNeg())
])
register("conv_lstm3d", (2, 4, 3, 5, 2), lambda: [
    layers.ConvLSTM3D(2, (1, 2, 3), kernel_constraint=MaxNorm(0.8, axis=[0, 1, 2, 3]),
                      recurrent_constraint=UnitNorm(axis=[0, 1, 2, 3]), bias_constraint=NonNeg())
])
register("bidirectional_lstm", (2, 5), lambda: [layers.Bidirectional(layers.LSTM(3, return_sequences=True, **recurrent()))])
register("bidirectional_gru", (2, 5), lambda: [layers.Bidirectional(layers.GRU(3, **recurrent()))])
register("time_distributed_dense", (4, 5), lambda: [layers.TimeDistributed(layers.Dense(7, **kernel_and_bias()))])
register("time_distributed_conv2d", (2, 5, 6, 3), lambda: [
    layers.TimeDistributed(layers.Conv2D(4, (2, 3), **kernel_and_bias(axis=[0, 1, 2])))
])


def attend(**others):
    inputs = keras.Input((4, 7))
    attention = layers.MultiHeadAttention(2, 3, **kernel_and_bias(0.5), **others)
    return keras.Model(inputs, attention(inputs, inputs))


MODELS["multi_head_attention"] = attend
MODELS["multi_head_attention_value_dim"] = lambda: attend(value_dim=5)


@model
def grouped_query_attention():
    inputs = keras.Input((4, 6))
    attention = layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2, **kernel_and_bias(0.5))
    return keras.Model(inputs, attention(inputs, inputs))


def scale_and_shift(**others):
    return dict(gamma_constraint=MinMaxNorm(0.5, 0.9, axis=0), beta_constraint=NonNeg(), **others)


register("batch_norm", (5, 6, 4), lambda: [layers.BatchNormalization(**scale_and_shift())])
register("batch_norm_on_features", (5,), lambda: [layers.BatchNormalization(**scale_and_shift())])
register("batch_norm_gamma_nonneg", (5, 6, 4), lambda: [layers.BatchNormalization(gamma_constraint=NonNeg())])
register("batch_norm_after_conv", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3)), layers.BatchNormalization(**scale_and_shift())
])
register("batch_norm_beta_after_conv", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), use_bias=False, **kernel(axis=[0, 1, 2])), layers.BatchNormalization(beta_constraint=NonNeg())
])
register("batch_norm_before_conv", (7, 8, 4), lambda: [
    layers.BatchNormalization(**scale_and_shift()), layers.Conv2D(5, (2, 3), **kernel_and_bias(axis=[0, 1, 2]))
])
register("batch_norm_after_dense", (5,), lambda: [
    layers.Dense(7, **kernel_and_bias()), layers.BatchNormalization(**scale_and_shift())
])
register("conv_bn_kernel", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), use_bias=False, **kernel(axis=[0, 1, 2])), layers.BatchNormalization()
])
register("conv_bn_default_axis", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), kernel_constraint=MaxNorm(0.5)), layers.BatchNormalization()
])
register("conv_bn_kernel_bias_beta", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), **kernel_and_bias(axis=[0, 1, 2])), layers.BatchNormalization(beta_constraint=NonNeg())
])
register("conv_bn_kernel_bias", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), **kernel_and_bias(axis=[0, 1, 2])), layers.BatchNormalization()
])
register("conv_bn_relu_conv_bn", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), **kernel(axis=[0, 1, 2])), layers.BatchNormalization(), layers.ReLU(),
    layers.Conv2D(6, 2, use_bias=False, kernel_constraint=UnitNorm(axis=[0, 1, 2])), layers.BatchNormalization(scale=False),
])
register("conv1d_bn_kernel", (9, 4), lambda: [
    layers.Conv1D(5, 3, **kernel_and_bias(axis=[0, 1])), layers.BatchNormalization()
])
register("depthwise_bn_kernel", (6, 7, 5), lambda: [
    layers.DepthwiseConv2D((2, 3), depth_multiplier=2, use_bias=False, depthwise_constraint=MaxNorm(0.6, axis=[0, 1])),
    layers.BatchNormalization(),
])
register("conv_transpose_bn_kernel", (4, 5, 3), lambda: [
    layers.Conv2DTranspose(6, (2, 4), strides=2, use_bias=False, **kernel(axis=[0, 1, 3])), layers.BatchNormalization()
])
register("layer_norm", (4, 5), lambda: [layers.LayerNormalization(**scale_and_shift())])
register("layer_norm_two_axes", (4, 5), lambda: [layers.LayerNormalization(axis=[1, 2], **scale_and_shift())])
register("group_norm", (5, 6, 4), lambda: [layers.GroupNormalization(groups=2, **scale_and_shift())])
register("prelu", (4, 5), lambda: [layers.PReLU(alpha_constraint=NonNeg())])
register("prelu_shared", (5, 6, 4), lambda: [layers.PReLU(shared_axes=[1, 2], alpha_constraint=NonNeg())])
register("prelu_max_norm", (4, 5), lambda: [layers.PReLU(alpha_constraint=MaxNorm(0.5, axis=1))])
register("prelu_after_conv", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), **kernel(axis=[0, 1, 2])), layers.PReLU(shared_axes=[1, 2], alpha_constraint=NonNeg())
])
register("rnn_lstm_cell", (4, 5), lambda: [layers.RNN(layers.LSTMCell(3, **recurrent()))])
register("stacked_rnn_cells", (4, 5), lambda: [
    layers.RNN([layers.GRUCell(3, **recurrent()), layers.SimpleRNNCell(2, **recurrent())])
])


@model
def nested():
    inner = keras.Sequential(
        [keras.Input((7,)), layers.Dense(6, activation="relu", **kernel_and_bias()), layers.Dense(4, **kernel())]
    )
    return functional((5,), layers.Dense(7, activation="tanh", **kernel_and_bias()), inner, layers.Dense(3, **kernel()))


@model
def used_twice():
    inputs = keras.Input((5,))
    shared = layers.Dense(5, activation="tanh", **kernel_and_bias())
    return keras.Model(inputs, layers.Dense(3)(shared(shared(inputs))))


@model
def conv_used_twice():
    inputs = keras.Input((7, 8, 4))
    shared = layers.Conv2D(4, (2, 3), activation="tanh", **kernel_and_bias(axis=[0, 1, 2]))
    return keras.Model(inputs, shared(shared(inputs)))


def equal(second):
    return lambda: functional(
        (5,),
        layers.Dense(5, name="equal_a", activation="tanh", kernel_constraint=MaxNorm(0.8, axis=0)),
        layers.Dense(5, name="equal_b", activation="tanh", kernel_constraint=second),
        layers.Dense(3),
    )


MODELS["equal_kernels_same_constraint"] = equal(MaxNorm(0.8, axis=0))
MODELS["equal_kernels_other_constraint"] = equal(UnitNorm(axis=1))
MODELS["equal_kernels_one_constrained"] = equal(None)
register("zero_bias_non_neg", (5,), lambda: [
    layers.Dense(7, **kernel_and_bias()), layers.Dense(3, **kernel_and_bias())
])
register("zero_bias_unit_norm", (5,), lambda: [
    layers.Dense(7, bias_constraint=UnitNorm(), **kernel()), layers.Dense(3, bias_constraint=UnitNorm(), **kernel())
])
register("zero_bias_conv", (7, 8, 4), lambda: [layers.Conv2D(5, (2, 3), **kernel_and_bias(axis=[0, 1, 2]))])


register("zero_bias_min_max_norm", (5,), lambda: [
    layers.Dense(7, bias_constraint=MinMaxNorm(0.1, 0.5), **kernel()), layers.Dense(3, **kernel())
])
register("conv_bn_folded_default_axis", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), use_bias=False, kernel_constraint=MaxNorm(0.5)), layers.BatchNormalization()
])
register("conv_bn_folded_whole_kernel", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), use_bias=False, kernel_constraint=MinMaxNorm(0.5, 1.5, rate=0.5, axis=[0, 1, 2, 3])),
    layers.BatchNormalization(),
])
register("conv_bn_folded_gamma_and_beta", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), use_bias=False, **kernel(axis=[0, 1, 2])), layers.BatchNormalization(**scale_and_shift())
])
register("conv_bn_folded_zero_gamma", (7, 8, 4), lambda: [
    layers.Conv2D(5, (2, 3), use_bias=False, **kernel(axis=[0, 1, 2])), layers.BatchNormalization()
])
register("prelu_unit_norm", (4, 5), lambda: [layers.PReLU(alpha_constraint=UnitNorm(axis=0))])
# As Keras initializes them: ones and zeros, which exporters like to drop.
register("fresh_batch_norm", (5,), lambda: [layers.Dense(7, **kernel()), layers.BatchNormalization(**scale_and_shift())])
register("fresh_layer_norm", (4, 5), lambda: [
    layers.Dense(7, **kernel()), layers.LayerNormalization(gamma_constraint=MaxNorm(0.5), beta_constraint=NonNeg())
])
register("fresh_group_norm", (5, 6, 4), lambda: [
    layers.GroupNormalization(groups=2, gamma_constraint=MaxNorm(0.5), beta_constraint=NonNeg())
])
register("fresh_prelu", (4, 5), lambda: [layers.Dense(7, **kernel()), layers.PReLU(alpha_constraint=NonNeg())])
register("fresh_lstm", (4, 5), lambda: [layers.LSTM(3, **recurrent())])
register("fresh_gru", (4, 5), lambda: [layers.GRU(3, **recurrent())])


@model
def equal_biases():
    stack = [layers.Dense(5, activation="tanh", name=name, bias_constraint=constraint)
             for name, constraint in (("equal_a", NonNeg()), ("equal_b", MaxNorm(0.5)))]
    return functional((5,), *stack, layers.Dense(3))


@model
def frozen_layer():
    frozen = layers.Dense(7, activation="tanh", trainable=False, **kernel_and_bias())
    return functional((5,), frozen, layers.Dense(3, **kernel_and_bias()))


def randomize(name, made):
    """Numbers that violate every constraint: spread wide, of both signs."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    for variable in made.variables:
        if "seed" in variable.path:
            continue
        fresh = name.startswith("fresh") and not variable.path.endswith("kernel")
        value = np.array(variable) if fresh else random.normal(0.0, 0.7, variable.shape)
        if variable.path.endswith("moving_variance") and not fresh:
            value = random.uniform(0.5, 2.0, variable.shape)
        if name.startswith("zero_bias") and variable.path.endswith("bias"):
            value = np.zeros(variable.shape)
        variable.assign(value.astype("float32"))
    if name == "conv_bn_folded_zero_gamma":
        made.layers[2].gamma.assign([0.7, 0.0, -1.1, 0.4, 1e-4])
    # What is constrained to be non-negative must hold a negative number that shows.
    for variable in made.trainable_variables:
        if isinstance(variable.constraint, NonNeg) and not name.startswith(("zero_bias", "fresh")):
            value = np.array(variable)
            value.flat[0] = -abs(value.flat[0]) - 0.3
            variable.assign(value)
    if name == "equal_biases":
        made.get_layer("equal_b").bias.assign(made.get_layer("equal_a").bias)
    elif name.startswith("equal"):
        made.get_layer("equal_b").kernel.assign(made.get_layer("equal_a").kernel)


def make(name):
    """The model with its weights, x and Keras's answers; the model holds its first weights again when done."""
    keras.backend.clear_session()
    made = MODELS[name]()
    made.name = name
    randomize(name, made)
    random = np.random.default_rng(7)
    shape = (BATCH, *made.inputs[0].shape[1:])
    if "embedding" in name:
        x = random.integers(0, 9, shape).astype("float32")
    else:
        x = random.normal(0.0, 1.0, shape).astype("float32")
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made.save(folder / "model.keras")
    if name in H5:
        made.save(folder / "model.h5")
    before = np.asarray(made(x, training=False))
    first = [np.array(variable) for variable in made.trainable_variables]
    for variable in made.trainable_variables:
        if variable.constraint is not None:
            variable.assign(variable.constraint(variable))
    after = np.asarray(made(x, training=False))
    moved = np.abs(after - before).max() / np.abs(after).max()
    if moved < 1e-2:
        raise RuntimeError(f"{name}: its constraints move its answer by {moved} only")
    for variable, value in zip(made.trainable_variables, first):
        variable.assign(value)
    save_file({"x": x, "y_before": before, "y_after": after}, folder / "io.safetensors")
    return made


def load(name):
    keras.backend.clear_session()
    return keras.saving.load_model(FOLDER / name / "model.keras", compile=False)


def export_keras(made, name, target):
    made.export(str(target), format="onnx", verbose=False)


def export_saved_model(made, name, target):
    with tempfile.TemporaryDirectory() as folder:
        made.export(os.path.join(folder, "saved_model"), verbose=False)
        # tf2onnx 1.16.1 reads np.cast and np.object, which NumPy 2 no longer has; Keras patches the rest in its own route.
        program = (
            "import numpy as np; np.object = object; np.cast = {np.dtype(t): (lambda x, t=t: np.asarray(x).astype(t))"
            " for t in ('float32', 'float64', 'int32', 'int64', 'bool')};"
            "from tf2onnx import convert; convert.main()"
        )
        subprocess.run(
            [sys.executable, "-c", program, "--saved-model", "saved_model", "--output", str(target.resolve()), "--opset", "18"],
            check=True,
            cwd=folder,  # The path goes into the file.
            capture_output=True,
        )


def export_torch(made, name, target):
    """The dynamo exporter, which Keras takes where every dimension is known."""
    import torch

    x = torch.zeros((BATCH, *made.inputs[0].shape[1:]))
    made.eval()
    program = torch.onnx.export(made, (x,), dynamo=True, verbose=False)
    program.optimize()
    program.save(str(target))
    strip_traces(target)


def strip_traces(target):
    """The stack traces that dynamo notes at each node are five times the model."""
    stripped = onnx.load(str(target))
    for item in [*stripped.graph.node, *stripped.graph.value_info, *stripped.graph.input, *stripped.graph.output]:
        del item.metadata_props[:]
        item.doc_string = ""
    onnx.save(stripped, str(target))


def export_torchscript(made, name, target):
    """What Keras takes where the batch is open: the tracing exporter."""
    made.export(str(target), format="onnx", verbose=False)


def exporters(name):
    if arguments.backend == "tensorflow":
        yield "tensorflow", export_keras
        if name in SAVED_MODEL:
            yield "saved_model", export_saved_model
    elif arguments.backend == "jax":
        yield "jax", export_keras
    else:
        yield "torch", export_torch
        yield "torchscript", export_torchscript
        if name in NATIVE:
            yield "pytorch", native_export(dynamo=False)
            yield "pytorch_dynamo", native_export(dynamo=True)
            # As users export for old runtimes: initializers are graph inputs too, and nothing is folded.
            yield "pytorch_unfolded", native_export(
                dynamo=False,
                do_constant_folding=False,
                keep_initializers_as_inputs=True,
                opset_version=13,
            )


def native_export(**options):
    """A PyTorch module of the user's own with the Keras model's weights, exported by PyTorch itself."""

    def export(made, name, target):
        import torch

        module = NATIVE[name]([np.array(variable) for variable in made.layers[1].weights], made).eval()
        x = torch.from_numpy(load_file(FOLDER / name / "io.safetensors")["x"])
        exported = torch.onnx.export(module, (x,), None if options["dynamo"] else str(target), input_names=["x"], **options)
        if options["dynamo"]:
            exported.save(str(target))
            strip_traces(target)

    return export


def parameter(value):
    import torch

    return torch.nn.Parameter(torch.from_numpy(np.ascontiguousarray(value)))


def native_dense(weights, made):
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = torch.nn.Linear(5, 7)
            self.fc2 = torch.nn.Linear(7, 3)
            for linear, layer in ((self.fc1, made.layers[1]), (self.fc2, made.layers[2])):
                linear.weight = parameter(np.array(layer.kernel).T)
                linear.bias = parameter(np.array(layer.bias))

        def forward(self, x):
            return self.fc2(torch.tanh(self.fc1(x)))

    return Net()


def channels_last(inner):
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    return Net()


def native_conv(weights, made):
    import torch

    conv = torch.nn.Conv2d(4, 5, (2, 3))
    conv.weight, conv.bias = parameter(weights[0].transpose(3, 2, 0, 1)), parameter(weights[1])
    return channels_last(conv)


def native_conv_bn(weights, made):
    import torch

    conv = torch.nn.Conv2d(4, 5, (2, 3))
    conv.weight, conv.bias = parameter(weights[0].transpose(3, 2, 0, 1)), parameter(weights[1])
    gamma, beta, mean, variance = [np.array(value) for value in made.layers[2].weights]
    norm = torch.nn.BatchNorm2d(5, eps=1e-3)
    norm.weight, norm.bias = parameter(gamma), parameter(beta)
    norm.running_mean, norm.running_var = torch.from_numpy(mean), torch.from_numpy(variance)
    return channels_last(torch.nn.Sequential(conv, norm))


def native_conv_transpose(weights, made):
    import torch

    conv = torch.nn.ConvTranspose2d(3, 6, (2, 4), stride=2)
    conv.weight, conv.bias = parameter(weights[0].transpose(3, 2, 0, 1)), parameter(weights[1])
    return channels_last(conv)


def native_embedding(weights, made):
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(9, 5)
            self.embed.weight = parameter(weights[0])

        def forward(self, x):
            return self.embed(x.long())

    return Net()


def native_lstm(weights, made):
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            # Keras and PyTorch agree in the order of the gates: i, f, c, o.
            self.lstm = torch.nn.LSTM(5, 3, batch_first=True)
            self.lstm.weight_ih_l0 = parameter(weights[0].T)
            self.lstm.weight_hh_l0 = parameter(weights[1].T)
            self.lstm.bias_ih_l0 = parameter(weights[2])
            self.lstm.bias_hh_l0 = parameter(np.zeros_like(weights[2]))

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    return Net()


NATIVE = {
    "dense": native_dense,
    "conv2d": native_conv,
    "conv2d_transpose": native_conv_transpose,
    "embedding": native_embedding,
    "lstm": native_lstm,
    "conv_bn_kernel_bias": native_conv_bn,
    "conv_bn_kernel_bias_beta": native_conv_bn,
}


def verdict(target, name):
    """Whether the exporter's file answers as Keras does; a file that does not is no test of ours."""
    answers = load_file(FOLDER / name / "io.safetensors")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(target), options, providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: answers["x"]})[0]
    wanted = answers["y_before"]
    distance = np.abs(found - wanted).max() / np.abs(wanted).max()
    if distance > 1e-5:
        return f"its file answers other than Keras by {distance:.1g} of the largest value"
    return None


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    # Keras wraps an error of a layer's: its own line says what happened.
    if lines[0].startswith("Exception encountered") and len(lines) > 1:
        lines = [lines[1].removeprefix("\x1b[1m").removesuffix("\x1b[0m")]
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode().strip().splitlines()[-1:]
    text = f"{type(error).__name__}: {lines[0]}".replace(str(FOLDER.resolve()), "layers").replace(str(FOLDER), "layers")
    return re.sub(r"/\S*/site-packages/", "", text)[:160]


def record(name, exporter, entry):
    """Adds to the manifest; backends may run at the same time."""
    path = FOLDER / "manifest.json"
    with open(pathlib.Path(tempfile.gettempdir()) / "makeModels.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manifest = json.loads(path.read_text()) if path.exists() else {}
        manifest.setdefault(name, {"layers": [], "exports": {}})
        if exporter is None:
            manifest[name]["layers"] = entry
        else:
            manifest[name]["exports"][exporter] = entry
        ordered = {key: manifest[key] for key in [*MODELS, *manifest] if key in manifest}
        for item in ordered.values():
            item["exports"] = dict(sorted(item["exports"].items()))
        path.write_text(json.dumps(ordered, indent=1) + "\n")


def layers_of(made):
    """Class names of the layers that carry a constraint, wrapped ones within their wrapper."""
    names = []
    for layer in made.layers:
        if any(variable.constraint is not None for variable in layer.trainable_variables):
            inner = getattr(layer, "layer", None) or getattr(layer, "forward_layer", None)
            if type(layer) is layers.RNN:
                inner = layer.cell
            name = type(layer).__name__.replace("GroupedQuery", "GroupQuery").replace("GroupQuery", "GroupedQuery")
            names.append(f"{name}({type(inner).__name__})" if inner is not None else name)
    return names


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    assert set(arguments.models) <= set(MODELS), set(arguments.models) - set(MODELS)
    for name in arguments.models or MODELS:
        made = make(name) if arguments.backend == "tensorflow" and arguments.exporter is None else load(name)
        record(name, None, layers_of(made))
        for exporter, export in exporters(name):
            if arguments.exporter not in (None, exporter):
                continue
            target = FOLDER / name / f"{exporter}.onnx"
            target.unlink(missing_ok=True)
            quiet = io.StringIO()
            try:
                with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
                    # Keras exports only what was called.
                    made(np.zeros((BATCH, *made.inputs[0].shape[1:]), "float32"))
                    export(made, name, target)
                    reason = verdict(target, name)
            except Exception as error:
                reason = first_line(error)
            if reason is None:
                record(name, exporter, {"status": "exported"})
            else:
                target.unlink(missing_ok=True)
                record(name, exporter, {"status": "not exportable", "error": reason})
            print(name, exporter, reason or f"{target.stat().st_size} bytes", flush=True)


main()

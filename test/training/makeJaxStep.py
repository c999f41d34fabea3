"""Writes test/fixtures/train_steps/jax_momentum: python test/training/makeJaxStep.py

Needs jax, jax2onnx and onnx. A train step of a small classifier (SGD with momentum) exported from JAX, and what JAX
computes in 30 steps when the constraints are applied after every update, in float32.
"""

import json
import pathlib
import struct

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from jax2onnx import to_onnx

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "train_steps" / "jax_momentum"
STEPS, BATCH, LEARNING_RATE = 30, 16, 0.1
SHAPES = {"kernel1": (12, 8), "bias1": (8,), "kernel2": (8, 4), "bias2": (4,)}


@jax.custom_vjp
def dot(a, b):
    return a @ b


# jax2onnx 0.17 exports the product that JAX itself takes here, over the first dimension of both, as a Gemm of wrong shapes.
dot.defvjp(lambda a, b: (a @ b, (a, b)), lambda saved, g: (g @ saved[1].T, saved[0].T @ g))


def loss_of(parameters, x, y):
    kernel1, bias1, kernel2, bias2 = parameters
    hidden = jnp.tanh(dot(x, kernel1) + bias1)
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(dot(hidden, kernel2) + bias2), axis=-1))


def step(*inputs):
    parameters, momenta, (x, y, lr) = inputs[:4], inputs[4:8], inputs[8:]
    loss, gradients = jax.value_and_grad(loss_of)(list(parameters), x, y)
    momenta = [0.9 * momentum + gradient for momentum, gradient in zip(momenta, gradients)]
    parameters = [parameter - lr * momentum for parameter, momentum in zip(parameters, momenta)]
    return (loss, *parameters, *momenta)


def max_norm(w, limit, axis):
    norm = jnp.sqrt(jnp.sum(jnp.square(w), axis=axis, keepdims=True))
    return w * (jnp.clip(norm, 0, limit) / (1e-7 + norm))


CONSTRAINTS = {
    "kernel1": ({"class_name": "MaxNorm", "config": {"max_value": 0.7, "axis": 0}}, lambda w: max_norm(w, 0.7, 0)),
    "bias1": ({"class_name": "NonNeg", "config": {}}, lambda w: w * (w >= 0)),
    "kernel2": ({"class_name": "MaxNorm", "config": {"max_value": 0.5, "axis": None}}, lambda w: max_norm(w, 0.5, None)),
}


def train(inputs, batches):
    losses = []
    for x, y in batches:
        loss, *inputs = step(*inputs, x, y, jnp.float32(LEARNING_RATE))
        losses.append(loss)
        for i, name in enumerate(SHAPES):
            if name in CONSTRAINTS:
                inputs[i] = CONSTRAINTS[name][1](inputs[i])
    return losses, inputs


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        raw = np.ascontiguousarray(array, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(np.shape(array)), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    shapes = [*SHAPES.values(), *SHAPES.values(), (BATCH, 12), (BATCH, 4), ()]
    specs = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    model = to_onnx(step, inputs=specs, model_name="step", opset=21)
    onnx.checker.check_model(model, full_check=True)
    (OUT / "step.onnx").write_bytes(model.SerializeToString(deterministic=True))

    names = [*SHAPES, *(f"{name}/momentum" for name in SHAPES)]
    inputs, outputs = ([value.name for value in values] for values in (model.graph.input, model.graph.output))
    pairs = {
        name: {"input": inputs[i], "output": outputs[i + 1], "constraint": CONSTRAINTS.get(name, (None,))[0]}
        for i, name in enumerate(names)
    }
    run = {"learning_rate": LEARNING_RATE, "steps": STEPS, "batch": BATCH}
    (OUT / "constraints.json").write_text(json.dumps({"parameters": pairs, **run}, indent=1) + "\n")

    rng = np.random.default_rng(11)
    start = [rng.normal(0, 0.5, shape).astype(np.float32) for shape in SHAPES.values()]
    start += [np.zeros(shape, np.float32) for shape in SHAPES.values()]
    x = rng.normal(0, 1, (STEPS, BATCH, 12)).astype(np.float32)
    y = np.eye(4, dtype=np.float32)[np.argmax(x[:, :, :4], axis=-1)]
    losses, final = train(start, zip(x, y))
    tensors = {f"init/{name}": value for name, value in zip(names, start)}
    tensors |= {"x": x, "y": y, "loss": losses}
    tensors |= {f"final/{name}": value for name, value in zip(names, final)}
    write_safetensors(OUT / "trajectory.safetensors", tensors)


if __name__ == "__main__":
    main()

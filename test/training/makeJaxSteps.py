"""Writes test/fixtures/train_steps/jax: python test/training/makeJaxSteps.py

Needs jax, jax2onnx and onnx. Train steps exported from JAX at opsets 18, 21 and 23; at 13 and 17 by ONNX's version
converter, or where it lacks an adapter by the exporter itself; beside each what JAX computes, in float32, with the constraints applied after every
update by Keras's formulas in float64.
"""

import json
import pathlib
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from jax2onnx import to_onnx
from makeJaxStep import dot, write_safetensors

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "train_steps" / "jax"
DIRECT, CONVERTED = (18, 21, 23), (13, 17)
STEPS, BATCH, CLASSES = 8, 16, 4


def constraint(class_name, **config):
    return {"class_name": class_name, "config": config}


def project(own, w):
    """Keras's formula in float64, rounded once."""
    config = own["config"]
    w = np.asarray(w, np.float64)
    if own["class_name"] == "NonNeg":
        return np.maximum(w, 0).astype(np.float32)
    axis = config["axis"]
    norms = np.sqrt(np.sum(np.square(w), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True))
    if own["class_name"] == "UnitNorm":
        return (w / (1e-7 + norms)).astype(np.float32)
    low, high = config.get("min_value", 0), config["max_value"]
    return (w * (np.clip(norms, low, high) / (1e-7 + norms))).astype(np.float32)


def cross_entropy(logits, y):
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(logits), axis=-1))


def mlp(parameters, x, y):
    kernel1, bias1, kernel2, bias2 = parameters
    return cross_entropy(dot(jnp.tanh(dot(x, kernel1) + bias1), kernel2) + bias2, y)


def convolve(x, kernel):
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"))


@jax.custom_vjp
def first_convolution(x, kernel):
    return convolve(x, kernel)


def swapped(x):
    return jnp.transpose(x, (1, 0, 2, 3))


# jax2onnx 0.17 refuses the layouts in which JAX writes the gradient of a kernel. Of images there is none.
first_convolution.defvjp(
    lambda x, kernel: (convolve(x, kernel), x),
    lambda x, g: (None, swapped(convolve(swapped(x), swapped(g)))),
)


def cnn(parameters, x, y):
    kernel, bias, dense, bias2 = parameters
    hidden = jax.nn.relu(first_convolution(x, kernel) + jnp.reshape(bias, (1, 6, 1, 1)))
    pooled = jnp.max(jnp.reshape(hidden, (BATCH, 6, 3, 2, 3, 2)), axis=(3, 5))
    return cross_entropy(dot(jnp.reshape(pooled, (BATCH, 54)), dense) + bias2, y)


def embedding(parameters, ids, y):
    table, dense, bias = parameters
    return cross_entropy(dot(jnp.mean(table[ids], axis=1), dense) + bias, y)


def momentum(p, g, state, rate, t):
    velocity = 0.9 * state[0] + g
    return p - rate * velocity, [velocity]


def adam(p, g, state, rate, t, decay=0.0):
    m, v = 0.9 * state[0] + 0.1 * g, 0.999 * state[1] + 0.001 * jnp.square(g)
    corrected = m / (1 - jnp.power(jnp.float32(0.9), t))
    size = jnp.sqrt(v / (1 - jnp.power(jnp.float32(0.999), t)))
    return p * (1 - rate * decay) - rate * corrected / (size + 1e-7), [m, v]


def adamw(p, g, state, rate, t):
    return adam(p, g, state, rate, t, decay=0.1)


def step_of(loss_of, optimizer, slots):
    """A step that takes parameters, optimizer state, x, y, rate and t, and gives the loss and what it took."""

    def step(*inputs):
        *carried, x, y, rate, t = inputs
        count = len(carried) // (1 + len(slots))
        parameters, states = carried[:count], [carried[i + count :: count] for i in range(count)]
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, y)
        updates = [optimizer(*each, rate, t) for each in zip(parameters, gradients, states)]
        updated = [new for new, _ in updates]
        return (loss, *updated, *(state[slot] for slot in range(len(slots)) for _, state in updates))

    return step


def half_step(*inputs):
    """Reads float16 weights, updates their float32 masters, and gives both."""
    halves, masters, (x, y, rate, t) = inputs[:4], inputs[4:8], inputs[8:]
    read = [half.astype(jnp.float32) for half in halves]
    loss, gradients = jax.value_and_grad(mlp)(read, x, y)
    masters = [master - rate * gradient for master, gradient in zip(masters, gradients)]
    return (loss, *(master.astype(jnp.float16) for master in masters), *masters)


MLP = {"kernel1": (12, 8), "bias1": (8,), "kernel2": (8, CLASSES), "bias2": (CLASSES,)}
CNN = {"kernel": (6, 1, 3, 3), "bias": (6,), "dense": (54, CLASSES), "bias2": (CLASSES,)}
EMBEDDING = {"table": (20, 6), "dense": (6, CLASSES), "bias": (CLASSES,)}

STEP_CASES = {
    "momentum": (MLP, step_of(mlp, momentum, ["velocity"]), ["velocity"], 0.1, {
        "kernel1": constraint("MaxNorm", max_value=0.7, axis=0), "bias1": constraint("NonNeg"),
        "kernel2": constraint("MaxNorm", max_value=0.5, axis=None)}),
    "adam": (MLP, step_of(mlp, adam, ["m", "v"]), ["m", "v"], 0.02, {
        "kernel1": constraint("UnitNorm", axis=0), "bias1": constraint("NonNeg"),
        "kernel2": constraint("MaxNorm", max_value=0.6, axis=0)}),
    "adamw": (MLP, step_of(mlp, adamw, ["m", "v"]), ["m", "v"], 0.02, {
        "kernel1": constraint("MinMaxNorm", min_value=0.5, max_value=0.8, rate=1.0, axis=0),
        "kernel2": constraint("MaxNorm", max_value=0.6, axis=1)}),
    "cnn": (CNN, step_of(cnn, momentum, ["velocity"]), ["velocity"], 0.05, {
        "kernel": constraint("MaxNorm", max_value=0.5, axis=[1, 2, 3]), "bias2": constraint("NonNeg"),
        "dense": constraint("UnitNorm", axis=0)}),
    "embedding": (EMBEDDING, step_of(embedding, adam, ["m", "v"]), ["m", "v"], 0.02, {
        "table": constraint("MaxNorm", max_value=0.5, axis=1), "dense": constraint("NonNeg")}),
    "float16_masters": (MLP, half_step, ["master"], 0.1, {
        "kernel1/master": constraint("MaxNorm", max_value=0.7, axis=0), "bias1/master": constraint("NonNeg"),
        "kernel2/master": constraint("UnitNorm", axis=0)}),
}


def batches(name, rng):
    if name == "embedding":
        x = rng.integers(0, 20, (STEPS, BATCH, 3)).astype(np.int32)
        return x, np.eye(CLASSES, dtype=np.float32)[x[:, :, 0] % CLASSES]
    x = rng.normal(0, 1, (STEPS, BATCH, *((1, 8, 8) if name == "cnn" else (12,)))).astype(np.float32)
    return x, np.eye(CLASSES, dtype=np.float32)[np.argmax(np.reshape(x, (STEPS, BATCH, -1))[:, :, :CLASSES], axis=-1)]


def start_of(name, shapes, slots, rng):
    """By name: the parameters, then each slot of them."""
    start = {key: rng.normal(0, 0.5, shape).astype(np.float32) for key, shape in shapes.items()}
    if name == "float16_masters":
        halves = {key: value.astype(np.float16) for key, value in start.items()}
        return halves | {f"{key}/master": value.astype(np.float32) for key, value in halves.items()}
    return start | {f"{key}/{slot}": np.zeros(shape, np.float32) for slot in slots for key, shape in shapes.items()}


def train(step, carried, x, y, rate, constraints):
    losses = []
    for i in range(STEPS):
        loss, *values = step(*carried.values(), x[i], y[i], jnp.float32(rate), jnp.float32(i + 1))
        losses.append(loss)
        carried = dict(zip(carried, map(np.asarray, values)))
        for key, own in constraints.items():
            carried[key] = project(own, carried[key])
            copied = key.removesuffix("/master")
            carried[copied] = carried[key].astype(carried[copied].dtype)
    return losses, carried


def convert(model, opset):
    converted = onnx.version_converter.convert_version(model, opset)
    onnx.checker.check_model(converted, full_check=True)
    return converted


def export(folder, step, specs):
    """The models by opset, and of the old ones who made them or why nobody could."""
    exported = lambda opset: to_onnx(step, inputs=specs, model_name="step", opset=opset)  # noqa: E731
    models, old = {opset: exported(opset) for opset in DIRECT}, {}
    for opset in CONVERTED:
        reasons = []
        for maker, make in {"converter": lambda o: convert(models[18], o), "exporter": exported}.items():
            try:
                model = make(opset)
                onnx.checker.check_model(model, full_check=True)
                models[opset], old[str(opset)] = model, maker
                break
            except Exception as error:  # what cannot be made is told, and left out
                reasons.append(f"{maker}: {' '.join(str(error).split())}")
        else:
            old[str(opset)] = reasons
    for opset, model in models.items():
        onnx.checker.check_model(model, full_check=True)
        (folder / f"step_{opset}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    return models, old


def write(name, shapes, step, slots, rate, constraints):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(23)
    start = start_of(name, shapes, slots, rng)
    x, y = batches(name, rng)
    scalar = np.zeros((), np.float32)
    specs = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in (*start.values(), x[0], y[0], scalar, scalar)]
    models, old = export(folder, step, specs)
    ports = {tuple(value.name for value in (*m.graph.input, *m.graph.output)) for m in models.values()}
    assert len(ports) == 1, f"{name}: the names differ from opset to opset"
    graph = models[21].graph
    inputs, outputs = ([value.name for value in values] for values in (graph.input, graph.output))
    pairs = {
        key: {"input": inputs[i], "output": outputs[i + 1], "constraint": constraints.get(key)}
        for i, key in enumerate(start)
    }
    feeds = dict(zip(("x", "y", "rate", "t"), inputs[len(start) :]))
    told = {"opsets": sorted(models), "old": old, "steps": STEPS, "learning_rate": rate, "feeds": feeds}
    # Copies of a master are no parameters of their own.
    copies = {key: pairs.pop(key) for key in list(pairs) if f"{key}/master" in pairs}
    run = {**told, "loss": outputs[0], "copies": copies}
    for file, content in {"constraints": {"parameters": pairs}, "run": run}.items():
        (folder / f"{file}.json").write_text(json.dumps(content, indent=1) + "\n")
    losses, final = train(step, start, x, y, rate, constraints)
    tensors = {f"init/{key}": value for key, value in start.items()} | {"x": x, "y": y, "loss": losses}
    write_safetensors(folder / "trajectory.safetensors", tensors | {f"final/{key}": v for key, v in final.items()})
    print(name, sorted(models), old, losses[0], losses[-1])


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    for case, parts in STEP_CASES.items():
        write(case, *parts)

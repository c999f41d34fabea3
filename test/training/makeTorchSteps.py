"""Writes test/fixtures/train_steps/torch: python test/training/makeTorchSteps.py

Needs torch, onnxscript, onnx, keras and safetensors. Train steps exported from PyTorch at opsets 18, 21, 23 and 26; at 17
by ONNX's version converter, and at 13 where the step is valid there as it is; beside each what PyTorch's own modules,
autograd and optimizers compute when Keras applies its constraints after every update. Steps share but the modules with that.
"""

import json
import logging
import os
import pathlib
import warnings

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch.func import functional_call, grad_and_value  # noqa: E402
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402
from torchModules import CLASSES, DECOMPOSITIONS, Bag, Cnn, Mlp  # noqa: E402

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "train_steps" / "torch"
DIRECT, OLD = (18, 21, 23, 26), (17, 13)
STEPS, BATCH = 8, 16


def momentum(p, g, state, lr, t):
    buffer = 0.9 * state[0] + g
    return p - lr * buffer, [buffer]


# The exporter drops as no sum what is added below 1e-7, so that PyTorch's own 1e-8 would leave 0/0 where no gradient is.
EPSILON = 1e-7


def adam(p, g, state, lr, t):
    m, v = 0.9 * state[0] + 0.1 * g, 0.999 * state[1] + 0.001 * g * g
    size = torch.sqrt(v / (1 - torch.pow(0.999, t))) + EPSILON
    return p - lr * (m / (1 - torch.pow(0.9, t))) / size, [m, v]


def adamw(p, g, state, lr, t):
    return adam(p * (1 - lr * 0.1), g, state, lr, t)


def masters(p, g, state, lr, t):
    master = state[0] - lr * g
    return master.half(), [master]


def step_of(net, update, slots, keys):
    """Takes the values that it carries, x, y, lr and t; gives the loss and what it carries to the next step."""
    names = [name for name, _ in net.named_parameters()]

    def step(*inputs):
        carried, (x, y, lr, t) = dict(zip(keys, inputs)), inputs[len(keys) :]

        def loss_of(parameters):
            buffers = {name: carried.get(name, buffer).clone() for name, buffer in net.named_buffers()}
            return F.cross_entropy(functional_call(net, parameters | buffers, (x,)), y), buffers

        read = {name: carried[name].float() for name in names}
        gradients, (loss, after) = grad_and_value(loss_of, has_aux=True)(read)
        for name in names:
            state = [carried[f"{name}.{slot}"] for slot in slots]
            after[name], state = update(carried[name], gradients[name], state, lr, t)
            after |= {f"{name}.{slot}": value for slot, value in zip(slots, state)}
        return loss, *(after[key] for key in keys)

    return step


def constraint(class_name, **config):
    return {"class_name": class_name, "config": config}


def sgd(parameters, lr):
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)


CASES = {
    "momentum": (Mlp, momentum, sgd, ["momentum_buffer"], 0.1, {
        "fc1.weight": constraint("MaxNorm", max_value=0.7, axis=1), "fc1.bias": constraint("NonNeg"),
        "fc2.weight": constraint("MaxNorm", max_value=0.5, axis=None)}),
    "adam": (Mlp, adam, lambda p, lr: torch.optim.Adam(p, lr=lr, eps=EPSILON), ["exp_avg", "exp_avg_sq"], 0.02, {
        "fc1.weight": constraint("UnitNorm", axis=1), "fc1.bias": constraint("NonNeg"),
        "fc2.weight": constraint("MaxNorm", max_value=0.6, axis=1)}),
    "adamw": (Mlp, adamw, lambda p, lr: torch.optim.AdamW(p, lr=lr, eps=EPSILON, weight_decay=0.1),
              ["exp_avg", "exp_avg_sq"], 0.02, {
        "fc1.weight": constraint("MinMaxNorm", min_value=0.5, max_value=0.8, rate=1.0, axis=1),
        "fc2.weight": constraint("MaxNorm", max_value=0.6, axis=0)}),
    "cnn": (Cnn, momentum, sgd, ["momentum_buffer"], 0.05, {
        "conv1.weight": constraint("MaxNorm", max_value=0.5, axis=[1, 2, 3]), "norm.weight": constraint("NonNeg"),
        "conv2.weight": constraint("UnitNorm", axis=[1, 2, 3]), "fc.weight": constraint("MaxNorm", max_value=1, axis=1)}),
    "embedding": (Bag, adam, lambda p, lr: torch.optim.Adam(p, lr=lr, eps=EPSILON), ["exp_avg", "exp_avg_sq"], 0.02, {
        "table.weight": constraint("MaxNorm", max_value=0.5, axis=1), "fc.weight": constraint("NonNeg")}),
    "float16_masters": (Mlp, masters, torch.optim.SGD, ["master"], 0.1, {
        "fc1.weight.master": constraint("MaxNorm", max_value=0.7, axis=1), "fc1.bias.master": constraint("NonNeg"),
        "fc2.weight.master": constraint("UnitNorm", axis=1)}),
}  # fmt: skip


def start_of(net, slots):
    """By name: the parameters, then each slot of them, then what normalization keeps."""
    half = slots == ["master"]
    values = {name: torch.randn(value.shape) * 0.5 for name, value in net.named_parameters()}
    start = {name: value.half() if half else value for name, value in values.items()}
    for slot in slots:
        start |= {f"{n}.{slot}": start[n].float() if half else torch.zeros_like(v) for n, v in values.items()}
    return start | {name: value.clone() for name, value in net.named_buffers() if value.is_floating_point()}


def batches(net):
    if isinstance(net, Bag):
        x = torch.randint(0, 20, (STEPS, BATCH, 3), dtype=torch.int32)
        return x, F.one_hot(x[:, :, 0].long() % CLASSES, CLASSES).float()
    x = torch.randn(STEPS, BATCH, *((1, 6, 6) if isinstance(net, Cnn) else (12,)))
    return x, F.one_hot(x.flatten(2)[:, :, :CLASSES].argmax(-1), CLASSES).float()


def train(net, make_optimizer, slots, start, batches, lr, constraints):
    """PyTorch's own training, each constraint applied by Keras after each update."""
    own = dict(net.named_parameters())
    half = slots == ["master"]
    key_of = {name: f"{name}.master" if half else name for name in own}
    held = {name: start[key].clone().requires_grad_() for name, key in key_of.items()}
    optimizer = make_optimizer(held.values(), lr=lr)
    losses = []
    for x, y in zip(*batches):
        with torch.no_grad():
            for name, value in held.items():
                own[name].copy_(value.to(start[name].dtype))
        net.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        for name, value in held.items():
            value.grad = own[name].grad
        optimizer.step()
        losses.append(loss.detach())
        with torch.no_grad():
            for name, value in held.items():
                if (projected := keras.constraints.get(constraints.get(key_of[name]))) is not None:
                    value.copy_(projected(value))
    final = {name: value.detach().to(start[name].dtype) for name, value in held.items()}
    state = lambda name, slot: held[name].detach() if half else optimizer.state[held[name]][slot]  # noqa: E731
    final |= {f"{name}.{slot}": state(name, slot) for name in held for slot in slots}
    return torch.stack(losses), {key: final[key] if key in final else net.get_buffer(key) for key in start}


def without_origins(model):
    """Without each node's lines of Python and paths to them, which are most of a file's bytes."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model


def convert(models, opset):
    """By ONNX's version converter, which leaves new attributes in place, even where they say nothing."""
    model = onnx.ModelProto()
    model.CopyFrom(models[18])
    for node in model.graph.node:
        known = onnx.defs.get_schema(node.op_type, 18).attributes
        said = [one for one in node.attribute if one != known[one.name].default_value]
        del node.attribute[:]
        node.attribute.extend(said)
    return onnx.version_converter.convert_version(model, opset)


def relabel(models, opset):
    """A step of opset 17, if all of its operators were like that already; what the checker refuses was not."""
    model = onnx.ModelProto()
    model.CopyFrom(models[17])
    model.opset_import[0].version = opset
    shapes = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in model.graph.node:
        # Of a shape without zeros, whether zeros are allowed says nothing.
        if node.op_type == "Reshape" and 0 not in shapes[node.input[1]]:
            del node.attribute[:]
    return model


def export(folder, step, inputs, input_names, output_names):
    """The models by opset, and of the old ones who made them and why others could not."""
    graph = make_fx(step, decomposition_table=DECOMPOSITIONS)(*inputs)
    models, old = {}, {}
    for opset in DIRECT:
        program = torch.onnx.export(
            graph, inputs, dynamo=True, opset_version=opset, input_names=input_names, output_names=output_names, verbose=False
        )
        models[opset] = without_origins(program.model_proto)
    for opset in OLD:
        told = old[str(opset)] = {}
        for maker, make in {"converter": convert, "relabelled": relabel}.items():
            try:
                model = make(models, opset)
                onnx.checker.check_model(model, full_check=True)
                models[opset], told[maker] = model, "made it"
                break
            except Exception as error:  # what cannot be made is told, and left out
                told[maker] = " ".join(str(error).split())
    for opset, model in models.items():
        onnx.checker.check_model(model, full_check=True)
        assert [(one.domain, one.version) for one in model.opset_import] == [("", opset)]
        (folder / f"step_{opset}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    return sorted(models), old


def write(name, module, update, make_optimizer, slots, lr, constraints):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(23)
    net = module()
    start, (x, y) = start_of(net, slots), batches(net)
    step = step_of(net, update, slots, list(start))
    new_names = {key: f"{key}_new" for key in start}
    inputs = (*start.values(), x[0], y[0], torch.tensor(lr), torch.tensor(1.0))
    # No input may be called t: the exporter calls the first transposed value so, and does not look.
    names = [*start, "x", "y", "lr", "count"]
    opsets, old = export(folder, step, inputs, names, ["loss", *new_names.values()])
    pairs = {key: {"input": key, "output": new_names[key], "constraint": constraints.get(key)} for key in start}
    # Copies of a master are no parameters of their own.
    copies = {key: pairs.pop(key) for key in list(pairs) if f"{key}.master" in pairs}
    feeds = {"x": "x", "y": "y", "rate": "lr", "t": "count"}
    run = {"opsets": opsets, "old": old, "steps": STEPS, "learning_rate": lr, "feeds": feeds, "loss": "loss"}
    for file, content in {"constraints": {"parameters": pairs}, "run": run | {"copies": copies}}.items():
        (folder / f"{file}.json").write_text(json.dumps(content, indent=1) + "\n")
    losses, final = train(net, make_optimizer, slots, start, (x, y), lr, constraints)
    tensors = {"x": x, "y": y, "loss": losses} | {f"init/{key}": value for key, value in start.items()}
    tensors |= {f"final/{key}": value for key, value in final.items()}
    save_file({key: value.float().contiguous() for key, value in tensors.items()}, folder / "trajectory.safetensors")
    print(name, opsets, old, float(losses[0]), float(losses[-1]))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    for case, parts in CASES.items():
        write(case, *parts)

# Trains models with training_info in ONNX's reference evaluator, with a schedule in the model and without, and compares.
# Names a model without constraints, then JSON lines on standard input: {"file", "schedule", "initial", "max_value"}. The
# trainer here applies MaxNorm (axis 1) to `w` itself after the steps of the schedule, and before the first with initial.
import json
import sys

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

STEPS = 9


def max_norm(w, limit):
    norms = np.sqrt(np.sum(np.square(w, dtype=np.float64), axis=1, keepdims=True))
    return (w * np.clip(norms, 0, limit) / (1e-7 + norms)).astype(w.dtype)


def start(model):
    """The values of bound initializers before the first step."""
    training = model.training_info[0]
    stored = [*model.graph.initializer, *training.algorithm.initializer]
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in stored}
    if training.initialization_binding:
        alone = onnx.helper.make_model(
            training.initialization, opset_imports=model.opset_import, ir_version=model.ir_version, functions=model.functions
        )
        names = [binding.value for binding in training.initialization_binding]
        results = ReferenceEvaluator(alone).run(names, {})
        values.update(zip([binding.key for binding in training.initialization_binding], results))
    return {binding.key: values[binding.key] for binding in training.update_binding}


def train(model, between=lambda step, state: None):
    """The weights after each step; `between` may change them, and is called with 0 before the first."""
    training = model.training_info[0]
    graph = onnx.GraphProto()
    graph.CopyFrom(model.graph)
    state = start(model)
    for field in ("node", "initializer", "input", "output"):
        getattr(graph, field).extend(getattr(training.algorithm, field))
    for i in reversed(range(len(graph.initializer))):
        if graph.initializer[i].name in state:
            del graph.initializer[i]
    for name, value in state.items():
        graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    whole = onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version, functions=model.functions
    )
    evaluator = ReferenceEvaluator(whole)
    random = np.random.default_rng(1)
    feeds = {
        value.name: random.normal(size=[dim.dim_value for dim in value.type.tensor_type.shape.dim]).astype(np.float32)
        for value in graph.input
        if value.name not in state
    }
    feeds["lr"] = np.array(0.05, np.float32)
    between(0, state)
    weights = [state["w"]]
    for step in range(1, STEPS + 1):
        outputs = evaluator.run([binding.value for binding in training.update_binding], {**feeds, **state})
        state = dict(zip([binding.key for binding in training.update_binding], outputs))
        between(step, state)
        weights.append(state["w"])
    return weights


def main(source):
    plain = onnx.load(source)
    count = 0
    for line in sys.stdin:
        case = json.loads(line)
        schedule, limit = case["schedule"], case["max_value"]
        every, warm_up = schedule.get("every", 1), schedule.get("warm_up", 0)

        def project(step, state):
            is_due = step > warm_up and (step - warm_up) % every == 0
            if is_due or (step == 0 and schedule.get("initial", False)):
                state["w"] = max_norm(state["w"], limit)

        wanted = train(plain, project)
        found = train(onnx.load(case["file"]))
        unconstrained = train(plain)
        for step, (own, theirs) in enumerate(zip(wanted, found)):
            if not np.allclose(own, theirs, rtol=1e-5, atol=1e-6):
                raise SystemExit(f"{case['file']}: step {step}: {np.abs(own - theirs).max()} apart")
        if np.allclose(wanted[-1], unconstrained[-1], atol=1e-3):
            raise SystemExit(f"{case['file']}: the constraint changes nothing, so nothing was compared")
        count += 1
    print(f"onnx {onnx.__version__}: {count} models with training_info trained in the reference evaluator")
    return 0 if count > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

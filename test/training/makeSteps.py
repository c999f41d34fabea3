"""Writes the train steps of test/fixtures/train_steps/small, the same bytes each time: python test/training/makeSteps.py

Needs onnx. Each is a whole step of a linear model with some trait that splicing must handle; all pass the official
checker.
"""

import pathlib

import onnx

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "train_steps" / "small"

# The gradient of mean((x·wᵀ - y)²) / 2 with respect to w, of shape (4, 3).
GRADIENT = """
    wt = Transpose <perm = [1, 0]> ({w})
    prediction = MatMul (x, wt)
    error = Sub (prediction, y)
    squared = Mul (error, error)
    loss = ReduceMean <keepdims = 0> (squared)
    et = Transpose <perm = [1, 0]> (error)
    gradient = MatMul (et, x)
"""

STEPS = {
    # SGD with momentum and weight decay inside the gradient, so that the momentum comes from w element by element too; a
    # moving average, a log and a branch read the updated weight.
    "momentum_ema": """
<ir_version: 8, opset_import: ["" : 17], producer_name: "makeSteps">
step (float[4,3] w, float[4,3] velocity, float[4,3] average, float[8,3] x, float[8,4] y, float lr, bool verbose)
  => (float loss, float[4,3] w_new, float[4,3] velocity_new, float[4,3] average_new, float largest, float[4,3] shown)
<float decay = {0.01}, float momentum = {0.9}, float keep = {0.99}, float rest = {0.01}> {"""
    + GRADIENT.format(w="w")
    + """
    decayed = Mul (w, decay)
    direction = Add (gradient, decayed)
    old = Mul (velocity, momentum)
    velocity_new = Add (old, direction)
    change = Mul (velocity_new, lr)
    w_new = Sub (w, change)
    kept = Mul (average, keep)
    added = Mul (w_new, rest)
    average_new = Add (kept, added)
    size = Abs (w_new)
    largest = ReduceMax <keepdims = 0> (size)
    shown = If (verbose) <
      then_branch = yes () => (float[4,3] loud) { loud = Add (w_new, w_new) },
      else_branch = no () => (float[4,3] quiet) { quiet = Identity (w) }
    >
}
""",
    # Adam with decoupled weight decay; the step is counted in an integer.
    "adamw": """
<ir_version: 9, opset_import: ["" : 19], producer_name: "makeSteps">
step (float[4,3] w, float[4,3] m, float[4,3] v, int64 t, float[8,3] x, float[8,4] y, float lr)
  => (float loss, float[4,3] out_0, float[4,3] out_1, float[4,3] out_2, int64 out_3)
<float b1 = {0.9}, float c1 = {0.1}, float b2 = {0.999}, float c2 = {0.001}, float eps = {1e-7}, float keep = {0.999},
 int64 one = {1}> {"""
    + GRADIENT.format(w="w")
    + """
    m_old = Mul (m, b1)
    m_add = Mul (gradient, c1)
    out_1 = Add (m_old, m_add)
    v_old = Mul (v, b2)
    g_squared = Mul (gradient, gradient)
    v_add = Mul (g_squared, c2)
    out_2 = Add (v_old, v_add)
    root = Sqrt (out_2)
    below = Add (root, eps)
    direction = Div (out_1, below)
    change = Mul (direction, lr)
    decayed = Mul (w, keep)
    out_0 = Sub (decayed, change)
    out_3 = Add (t, one)
}
""",
    # Gradients are accumulated; the weight is updated inside an If, on steps that say so.
    "accumulate_if": """
<ir_version: 10, opset_import: ["" : 21], producer_name: "makeSteps">
step (float[4,3] w, float[4,3] sum, float[8,3] x, float[8,4] y, float lr, bool update)
  => (float loss, float[4,3] w_new, float[4,3] sum_new)
<float zero = {0}> {"""
    + GRADIENT.format(w="w")
    + """
    total = Add (sum, gradient)
    w_new, sum_new = If (update) <
      then_branch = yes () => (float[4,3] w_then, float[4,3] sum_then) {
        change = Mul (total, lr)
        w_then = Sub (w, change)
        sum_then = Mul (total, zero)
      },
      else_branch = no () => (float[4,3] w_else, float[4,3] sum_else) {
        w_else = Identity (w)
        sum_else = Identity (total)
      }
    >
}
""",
    # Three updates inside one Loop.
    "inner_loop": """
<ir_version: 8, opset_import: ["" : 16], producer_name: "makeSteps">
step (float[4,3] w, float[8,3] x, float[8,4] y, float lr) => (float[4,3] w_new, float[3] losses)
<int64 rounds = {3}, bool go = {1}> {
    w_new, losses = Loop (rounds, go, w) <
      body = once (int64 i, bool on, float[4,3] w_in) => (bool on_out, float[4,3] w_out, float loss) {"""
    + GRADIENT.format(w="w_in")
    + """
        change = Mul (gradient, lr)
        w_out = Sub (w_in, change)
        on_out = Identity (on)
      }
    >
}
""",
    # One update for each of the minibatches that a Scan goes through.
    "inner_scan": """
<ir_version: 7, opset_import: ["" : 13], producer_name: "makeSteps">
step (float[4,3] w, float[5,8,3] xs, float[5,8,4] ys, float lr) => (float[4,3] w_new, float[5] losses) {
    w_new, losses = Scan <num_scan_inputs = 2,
      body = once (float[4,3] w_in, float[8,3] x, float[8,4] y) => (float[4,3] w_out, float loss) {"""
    + GRADIENT.format(w="w_in")
    + """
        change = Mul (gradient, lr)
        w_out = Sub (w_in, change)
      }
    > (w, xs, ys)
}
""",
    # The optimizer is a function of the model.
    "function_sgd": """
<ir_version: 8, opset_import: ["" : 18, "optimizers" : 1], producer_name: "makeSteps">
step (float[4,3] w, float[8,3] x, float[8,4] y, float lr) => (float loss, float[4,3] w_new) {"""
    + GRADIENT.format(w="w")
    + """
    w_new = optimizers.Sgd (w, gradient, lr)
}
<domain: "optimizers", opset_import: ["" : 18]>
Sgd (p, g, rate) => (updated) {
    change = Mul (g, rate)
    updated = Sub (p, change)
}
""",
    # A float16 weight that the forward pass reads, with a float32 master that is updated.
    "masters": """
<ir_version: 8, opset_import: ["" : 17], producer_name: "makeSteps">
step (float16[4,3] w16, float[4,3] master, float[8,3] x, float[8,4] y, float lr)
  => (float loss, float16[4,3] w16_new, float[4,3] master_new) {
    w = Cast <to = 1> (w16)
"""
    + GRADIENT.format(w="w")
    + """
    change = Mul (gradient, lr)
    master_new = Sub (master, change)
    w16_new = Cast <to = 10> (master_new)
}
""",
    # Two layers in one stacked tensor.
    "stacked": """
<ir_version: 8, opset_import: ["" : 17], producer_name: "makeSteps">
step (float[2,4,3] w, float[2,8,3] x, float[2,8,4] y, float lr) => (float loss, float[2,4,3] w_new) {
    wt = Transpose <perm = [0, 2, 1]> (w)
    prediction = MatMul (x, wt)
    error = Sub (prediction, y)
    squared = Mul (error, error)
    loss = ReduceMean <keepdims = 0> (squared)
    et = Transpose <perm = [0, 2, 1]> (error)
    gradient = MatMul (et, x)
    change = Mul (gradient, lr)
    w_new = Sub (w, change)
}
""",
    # Opset 11, from before ReduceSum and Squeeze took their axes as an input.
    "opset11": """
<ir_version: 6, opset_import: ["" : 11], producer_name: "makeSteps">
step (float[4,3] w, float[8,3] x, float[8,4] y, float lr) => (float loss, float[4,3] w_new) {"""
    + GRADIENT.format(w="w")
    + """
    change = Mul (gradient, lr)
    w_new = Sub (w, change)
}
""",
    # Each operator that changed between opsets 9 and 13, in its form of opset 9, in the forward pass and in a branch.
    "opset9": """
<ir_version: 4, opset_import: ["" : 9], producer_name: "makeSteps">
step (float[4,3] w, float[8,3] x, float[8,4] y, float lr, bool flag)
  => (float loss, float[4,3] w_new, float[2,2] topped, float[8,6] padded, float[8,1,4] clipped, float[2,3,4] soft, float[4] chosen)
<int64[2,4] places = {0, 1, 1, 0, 1, 0, 0, 1}, float[2,3,4] cube = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5}> {
    wt = Transpose <perm = [1, 0]> (w)
    prediction = MatMul (x, wt)
    dropped = Dropout <ratio = 0.5> (prediction)
    error = Sub (dropped, y)
    squared = Mul (error, error)
    sums = ReduceSum <axes = [-1], keepdims = 0> (squared)
    total = ReduceSum <keepdims = 1> (sums)
    loss = Squeeze <axes = [0]> (total)
    et = Transpose <perm = [1, 0]> (error)
    gradient = MatMul (et, x)
    change = Mul (gradient, lr)
    w_new = Sub (w, change)
    sliced = Slice <axes = [0, 1], starts = [1, 0], ends = [3, 4]> (prediction)
    topped, top_places = TopK <k = 2> (sliced)
    left, right = Split <axis = 1, split = [1, 3]> (prediction)
    padded = Pad <pads = [0, 1, 0, 2], value = 0.5> (right)
    raised = Unsqueeze <axes = [1]> (prediction)
    limited = Clip <min = -0.5, max = 0.25> (raised)
    softened = Softmax (cube)
    logs = LogSoftmax <axis = 2> (cube)
    hard = Hardmax <axis = 1> (cube)
    both = Add (softened, logs)
    soft = Add (both, hard)
    scattered = Scatter <axis = 0> (sliced, places, sliced)
    clipped = Add (limited, limited)
    chosen = If (flag) <
      then_branch = yes () => (float[4] then_sum) { then_sum = ReduceSum <axes = [0], keepdims = 0> (scattered) },
      else_branch = no () => (float[4] else_sum) { else_sum = ReduceSum <axes = [0], keepdims = 0> (prediction) }
    >
}
""",
    # IR version 3, where every initializer must be an input too.
    "ir3": """
<ir_version: 3, opset_import: ["" : 13], producer_name: "makeSteps">
step (float[4,3] w, float[8,3] x, float[8,4] y, float lr) => (float loss, float[4,3] w_new)
<float lr = {0.1}> {"""
    + GRADIENT.format(w="w")
    + """
    change = Mul (gradient, lr)
    w_new = Sub (w, change)
}
""",
}


# The inference graph of the model with training_info; its training graph is this one with the algorithm behind it.
INFERENCE = """
<ir_version: 8, opset_import: ["" : 17], producer_name: "makeSteps">
linear (float[8,3] x) => (float[8,4] prediction)
<float[4,3] w = {0.5, -1, 2, 1.5, 0.25, -0.75, 1, 1, 1, -2, 0.5, 3}> {
    wt = Transpose <perm = [1, 0]> (w)
    prediction = MatMul (x, wt)
}
"""

ALGORITHM = """
<ir_version: 8, opset_import: ["" : 17]>
momentum (float[8,4] y, float lr) => (float loss, float[4,3] w_new, float[4,3] velocity_new, float largest)
<float[4,3] velocity = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, float decay = {0.9}> {
    error = Sub (prediction, y)
    squared = Mul (error, error)
    loss = ReduceMean <keepdims = 0> (squared)
    et = Transpose <perm = [1, 0]> (error)
    gradient = MatMul (et, x)
    old = Mul (velocity, decay)
    velocity_new = Add (old, gradient)
    change = Mul (velocity_new, lr)
    w_new = Sub (w, change)
    size = Abs (w_new)
    largest = ReduceMax <keepdims = 0> (size)
}
"""


def training_info():
    model = onnx.parser.parse_model(INFERENCE)
    training = model.training_info.add()
    training.algorithm.CopyFrom(onnx.parser.parse_model(ALGORITHM).graph)
    for key in ("w", "velocity"):
        training.update_binding.add(key=key, value=f"{key}_new")
    zeros = onnx.helper.make_node(
        "Constant", [], ["start"], value=onnx.helper.make_tensor("", onnx.TensorProto.FLOAT, [4, 3], [0.0] * 12)
    )
    start = onnx.helper.make_tensor_value_info("start", onnx.TensorProto.FLOAT, [4, 3])
    training.initialization.CopyFrom(onnx.helper.make_graph([zeros], "initialize", [], [start]))
    training.initialization_binding.add(key="velocity", value="start")
    return model


def write(model, name):
    onnx.checker.check_model(model, full_check=True)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, text in STEPS.items():
        model = onnx.parser.parse_model(text)
        # Only some nodes tell the types of their values, as with exporters.
        if name == "opset9":
            model = onnx.shape_inference.infer_shapes(model)
        write(model, name)
    write(training_info(), "training_info")


if __name__ == "__main__":
    main()

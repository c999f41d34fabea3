"""Writes step.onnx, a whole train step of a linear classifier with 64 inputs and 10 classes, the same bytes each time:
python models/train_step/makeStep.py

Needs onnx. Steps exported from PyTorch or JAX look alike: forward, backward and optimizer as plain ONNX operators.
"""

import pathlib

import onnx

STEP = """
<ir_version: 8, opset_import: ["" : 18], producer_name: "makeStep">
train_step (float[10,64] weight, float[10] bias, float[N,64] x, float[N,10] y, float lr)
  => (float loss, float[10,64] weight_new, float[10] bias_new)
<int64[1] first = {0}, int64[1] last = {-1}> {
    logits = Gemm <transB = 1> (x, weight, bias)
    log_probabilities = LogSoftmax <axis = -1> (logits)
    picked = Mul (log_probabilities, y)
    of_each = ReduceSum <keepdims = 0> (picked, last)
    mean = ReduceMean <keepdims = 0> (of_each)
    loss = Neg (mean)
    probabilities = Exp (log_probabilities)
    error = Sub (probabilities, y)
    size = Shape <end = 1> (x)
    count = CastLike (size, lr)
    gradient = Div (error, count)
    weight_gradient = Gemm <transA = 1> (gradient, x)
    bias_gradient = ReduceSum <keepdims = 0> (gradient, first)
    weight_change = Mul (lr, weight_gradient)
    weight_new = Sub (weight, weight_change)
    bias_change = Mul (lr, bias_gradient)
    bias_new = Sub (bias, bias_change)
}
"""

model = onnx.parser.parse_model(STEP)
onnx.checker.check_model(model, full_check=True)
pathlib.Path(__file__).with_name("step.onnx").write_bytes(model.SerializeToString(deterministic=True))

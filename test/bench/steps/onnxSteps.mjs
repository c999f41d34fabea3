// The train steps of the networks as ONNX graphs: forward, backward and optimizer, as exporters write them.
// Must not import anything from src or dist; tfjs's own gradients are what they are checked against.
import { ADAM, BATCH, MOMENTUM, statesOf } from './networks.mjs';
import { StepGraph } from './stepGraph.mjs';

/** Inputs `<parameter>`, `<parameter>/v` and the like, x and y; outputs `loss`, `<parameter>_new`, `<parameter>/v_new`. */
export function encodeStep(network) {
  const graph = new StepGraph();
  for (const { name, dims } of network.parameters) {
    graph.input(name, dims);
    for (const state of statesOf(network)) graph.input(`${name}/${state}`, dims);
  }
  graph.input('x', network.input);
  graph.input('y', network.target);
  graph.output('loss', []);
  const gradients = network.kind === 'mlp' ? mlpGradients(graph, network.target) : cnnGradients(graph);
  addUpdates(graph, network, gradients);
  return graph.encode();
}

function addUpdates(graph, network, gradients) {
  const update = network.optimizer === 'adam' ? addAdam(graph, network) : addMomentum(graph, network);
  for (const { name, dims } of network.parameters) {
    graph.node('Sub', [name, update(name, gradients[name])], {}, `${name}_new`);
    graph.output(`${name}_new`, dims);
    for (const state of statesOf(network)) graph.output(`${name}/${state}_new`, dims);
  }
}

function addMomentum(graph, { learningRate }) {
  const [momentum, rate] = [graph.scalar(MOMENTUM), graph.scalar(learningRate)];
  return (name, gradient) => {
    const kept = graph.node('Mul', [`${name}/v`, momentum]);
    const velocity = graph.node('Add', [kept, gradient], {}, `${name}/v_new`);
    return graph.node('Mul', [velocity, rate]);
  };
}

/** `lr · m̂ / (√v̂ + ε)`, with the moments divided by `1 − βᵗ`. */
function addAdam(graph, { learningRate }) {
  const { beta1, beta2, epsilon, step } = ADAM;
  const average = (before, now, beta, output) => {
    const kept = graph.node('Mul', [before, graph.scalar(beta)]);
    return graph.node('Add', [kept, graph.node('Mul', [now, graph.scalar(1 - beta)])], {}, output);
  };
  const corrected = (moment, beta) => graph.node('Div', [moment, graph.scalar(1 - beta ** step)]);
  return (name, gradient) => {
    const square = graph.node('Mul', [gradient, gradient]);
    const m = corrected(average(`${name}/m`, gradient, beta1, `${name}/m_new`), beta1);
    const v = corrected(average(`${name}/v`, square, beta2, `${name}/v_new`), beta2);
    const root = graph.node('Add', [graph.node('Sqrt', [v]), graph.scalar(epsilon)]);
    return graph.node('Mul', [graph.node('Div', [m, root]), graph.scalar(learningRate)]);
  };
}

/** Dense, ReLU, Dense; the mean of squared errors. */
function mlpGradients(graph, [batch, outputs]) {
  const add = (...node) => graph.node(...node);
  const z = add('Gemm', ['x', 'kernel1', 'bias1']);
  const h = add('Relu', [z]);
  const error = add('Sub', [add('Gemm', [h, 'kernel2', 'bias2']), 'y']);
  add('ReduceMean', [add('Mul', [error, error])], { keepdims: 0 }, 'loss');
  const scaled = add('Mul', [error, graph.scalar(2 / (batch * outputs))]);
  const behind = passed(graph, z, add('Gemm', [scaled, 'kernel2'], { transB: 1 }));
  return {
    kernel1: add('Gemm', ['x', behind], { transA: 1 }),
    bias1: sumOver(graph, behind, [0]),
    kernel2: add('Gemm', [h, scaled], { transA: 1 }),
    bias2: sumOver(graph, scaled, [0]),
  };
}

/** Conv, ReLU, MaxPool, Conv, ReLU, Dense; softmax cross-entropy. */
function cnnGradients(graph) {
  const add = (...node) => graph.node(...node);
  const reshape = (x, dims) => add('Reshape', [x, graph.integers(dims)]);
  const c1 = add('Conv', ['x', 'conv1', 'bias1']);
  const r1 = add('Relu', [c1]);
  const pooled = add('MaxPool', [r1], { kernel_shape: [2, 2], strides: [2, 2] });
  const c2 = add('Conv', [pooled, 'conv2', 'bias2']);
  const flat = reshape(add('Relu', [c2]), [BATCH, 64 * 11 * 11]);
  const logits = add('Gemm', [flat, 'dense', 'bias3']);
  const surprise = add('Mul', ['y', add('LogSoftmax', [logits], { axis: 1 })]);
  const total = add('ReduceSum', [surprise], { keepdims: 0 });
  add('Mul', [total, graph.scalar(-1 / BATCH)], {}, 'loss');

  const error = add('Sub', [add('Softmax', [logits], { axis: 1 }), 'y']);
  const gLogits = add('Mul', [error, graph.scalar(1 / BATCH)]);
  const gFlat = add('Gemm', [gLogits, 'dense'], { transB: 1 });
  const g2 = passed(graph, c2, reshape(gFlat, [BATCH, 64, 11, 11]));
  const gPooled = reshape(add('ConvTranspose', [g2, 'conv2']), [BATCH, 32, 13, 1, 13, 1]);
  // Of each window the largest value alone passes its gradient on.
  const windows = reshape(r1, [BATCH, 32, 13, 2, 13, 2]);
  const isLargest = add('Equal', [windows, reshape(pooled, [BATCH, 32, 13, 1, 13, 1])]);
  const gWindows = add('Where', [isLargest, gPooled, graph.scalar(0)]);
  const g1 = passed(graph, c1, reshape(gWindows, [BATCH, 32, 26, 26]));
  return {
    conv1: kernelGradient(graph, 'x', g1),
    bias1: sumOver(graph, g1, [0, 2, 3]),
    conv2: kernelGradient(graph, pooled, g2),
    bias2: sumOver(graph, g2, [0, 2, 3]),
    dense: add('Gemm', [flat, gLogits], { transA: 1 }),
    bias3: sumOver(graph, gLogits, [0]),
  };
}

/** The gradient where the value before the ReLU was above 0. */
function passed(graph, before, gradient) {
  const zero = graph.scalar(0);
  return graph.node('Where', [graph.node('Greater', [before, zero]), gradient, zero]);
}

/** The gradient of a kernel is a convolution of the input by the output's gradient, batch and channels swapped. */
function kernelGradient(graph, input, gradient) {
  const swapped = (x) => graph.node('Transpose', [x], { perm: [1, 0, 2, 3] });
  return swapped(graph.node('Conv', [swapped(input), swapped(gradient)]));
}

function sumOver(graph, x, axes) {
  return graph.node('ReduceSum', [x, graph.integers(axes)], { keepdims: 0 });
}

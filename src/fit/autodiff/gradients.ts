// Reverse-mode differentiation of symbolic tensors: walks back from a scalar and sums what each use of a tensor gives.
// Must not import other folders of fit.
import { dtypeKind } from '../../graph/dtype.js';
import { ShapeError, UnsupportedError } from '../../graph/errors.js';
import { fromFloat64 } from '../../graph/numbers.js';
import { formatShape } from '../../graph/shape.js';
import { zerosLike } from '../../ops/creation.js';
import { add } from '../../ops/elementwise.js';
import { stopsGradient } from '../../ops/stopGradient.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { constant } from '../../ops/tensorLike.js';
import { vjpOf } from './vjpTable.js';

/**
 * The derivative of a scalar by each of these tensors: `g[i] = ∂loss / ∂params[i]`, of the shape and dtype of
 * `params[i]`; zeros where the loss does not depend on it.
 *
 * @param loss one float element, shape ()
 * @param params tensors behind the loss: inputs, or what was made on the way
 * @throws {ShapeError} when `loss` is no float of one element
 * @throws {UnsupportedError} when an operator on the way has no derivative here
 * @example
 * const w = symbolicInput('w', 'float32', [3]);
 * const [dw] = gradients(ops.sum(ops.square(w)), [w]);
 */
export function gradients(
  loss: SymbolicTensor,
  params: readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  if (dtypeKind(loss.dtype) !== 'float' || loss.shape?.length !== 0) {
    throw new ShapeError(
      `gradients: the loss must be a float of shape (), found ${loss.dtype} of shape ${formatShape(loss.shape)}`,
    );
  }
  const order = dependentOrder(loss, new Set(params));
  const dependent = new Set(order);
  const cotangents = new Map([[loss, constant(fromFloat64([1], loss.dtype, []))]]);
  for (const tensor of order.toReversed()) {
    const cotangent = cotangents.get(tensor);
    if (cotangent !== undefined) passBack(tensor, cotangent, dependent, cotangents);
  }
  return params.map(
    (param) => (dependent.has(param) ? cotangents.get(param) : undefined) ?? zerosLike(param),
  );
}

function passBack(
  tensor: SymbolicTensor,
  cotangent: SymbolicTensor,
  dependent: ReadonlySet<SymbolicTensor>,
  cotangents: Map<SymbolicTensor, SymbolicTensor>,
): void {
  const { source } = tensor;
  if (source.kind !== 'op') return;
  const { inputs, attributes, axes, opType } = source;
  const needs = (index: number): boolean => dependent.has(inputs[index] as SymbolicTensor);
  if (!inputs.some((_, index) => needs(index))) return;
  const vjp = vjpOf(opType);
  if (vjp === undefined || (source.outputs ?? 1) > 1 || source.body !== undefined) {
    throw new UnsupportedError(`gradients: the operator ${opType} has no derivative here`);
  }
  const derivatives = vjp({ result: tensor, inputs, attributes, axes, cotangent, needs });
  for (const [index, derivative] of derivatives.entries()) {
    if (derivative === undefined || !needs(index)) continue;
    const input = inputs[index] as SymbolicTensor;
    const known = cotangents.get(input);
    cotangents.set(input, known === undefined ? derivative : add(known, derivative));
  }
}

/** What lies between the parameters and the loss, each after what it is made of. Iterative: chains can be long. */
function dependentOrder(
  loss: SymbolicTensor,
  params: ReadonlySet<SymbolicTensor>,
): readonly SymbolicTensor[] {
  const depends = new Map<SymbolicTensor, boolean>();
  const order: SymbolicTensor[] = [];
  const stack = [{ tensor: loss, expanded: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { tensor, expanded } = top;
    if (depends.has(tensor)) continue;
    const inputs = differentiableInputs(tensor);
    if (!expanded) {
      stack.push({ tensor, expanded: true });
      for (const input of inputs.toReversed()) stack.push({ tensor: input, expanded: false });
      continue;
    }
    const found = params.has(tensor) || inputs.some((input) => depends.get(input) === true);
    depends.set(tensor, found);
    if (found) order.push(tensor);
  }
  return order;
}

/** Integers and booleans have no derivative, and some floats are held fixed. */
function differentiableInputs(tensor: SymbolicTensor): readonly SymbolicTensor[] {
  const { source, dtype } = tensor;
  if (dtypeKind(dtype) !== 'float' || stopsGradient(tensor)) return [];
  if (source.kind === 'output') return [source.of];
  return source.kind === 'op' ? source.inputs.filter((input) => dtypeKind(input.dtype) === 'float') : [];
}

// What a vector-Jacobian product is given and gives; broadcasts undone.
// Must not import other folders of fit.

import { UnsupportedError } from '../../graph/errors.js';
import type { Attribute } from '../../graph/graph.js';
import { type Dim, formatShape } from '../../graph/shape.js';
import { where } from '../../ops/comparison.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';

/** One operator on the way from the loss back to its parameters. */
export interface VjpCall {
  readonly result: SymbolicTensor;
  readonly inputs: readonly SymbolicTensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly axes: readonly number[] | undefined;
  /** The derivative of the loss by the result, of the result's shape. */
  readonly cotangent: SymbolicTensor;
  /** Whether the derivative by this input is asked for. */
  readonly needs: (index: number) => boolean;
}

/** The derivative of the loss by each input, of the input's shape; `undefined` where it is zero or not asked for. */
export type Vjp = (call: VjpCall) => readonly (SymbolicTensor | undefined)[];

/** The vector-Jacobian products of a family of operators, by ONNX operator. */
export type VjpFamily = Readonly<Record<string, Vjp>>;

/** The input at a place. */
export function inputAt({ inputs }: VjpCall, index: number): SymbolicTensor {
  return inputs[index] as SymbolicTensor;
}

/** A derivative for each input that is asked for. */
export function eachInput(
  call: VjpCall,
  ...rules: readonly (() => SymbolicTensor)[]
): readonly (SymbolicTensor | undefined)[] {
  return rules.map((rule, i) => (call.needs(i) ? rule() : undefined));
}

const gates = new WeakSet<SymbolicTensor>();

/** The cotangent where it passes, and zero elsewhere. */
export function gated(passes: SymbolicTensor, cotangent: SymbolicTensor): SymbolicTensor {
  const gate = where(passes, cotangent, 0);
  gates.add(gate);
  return gate;
}

/** Whether a tensor is a gate's, which may be a product: cotangents are finite as long as a training goes well. */
export function isGate(tensor: SymbolicTensor): boolean {
  return gates.has(tensor);
}

/** Sums a cotangent over what an operand was repeated along, so that it has the operand's shape. */
export function unbroadcast(cotangent: SymbolicTensor, operand: SymbolicTensor): SymbolicTensor {
  const from = dimsOf('gradients', cotangent);
  const to = dimsOf('gradients', operand);
  const lead = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < lead || isRepeated(to[i - lead] as Dim, dim) ? [i] : []));
  return reshapeTo(axes.length === 0 ? cotangent : sum(cotangent, axes, true), to);
}

function isRepeated(operand: Dim, result: Dim): boolean {
  if (operand === result) return false;
  if (operand === 1) return true;
  if (typeof operand === 'number' || typeof result === 'number') return false;
  throw new UnsupportedError(
    `gradients: whether ${formatShape([operand])} was repeated to ${formatShape([result])} is open; name the open dimensions`,
  );
}

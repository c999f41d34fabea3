// Runs ops on ONNX Runtime: a function of symbolic tensors becomes a graph, a session and a result.
// Must not hold reference arithmetic.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { DType } from '../../src/graph/dtype.js';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import { fromFloat64, toFloat64 } from '../../src/graph/numbers.js';
import type { Shape } from '../../src/graph/shape.js';
import type { TensorData, TensorValue } from '../../src/graph/tensorValue.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { lower } from '../../src/ops/lower.js';
import { olderForm } from '../../src/ops/olderForms.js';
import { type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';

export type OpFunction = (...inputs: SymbolicTensor[]) => SymbolicTensor;

/** What the graph is told of its inputs' shapes: sizes, a name for each size, their number, or nothing. */
export type Told = 'sizes' | 'names' | 'rank' | 'nothing';

export interface RunOptions {
  /** Default 18. */
  readonly opset?: number;
  /** Default `sizes`. */
  readonly told?: Told;
}

/** What ONNX Runtime gave, and what was inferred before it ran. */
export interface OpResult {
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly values: Float64Array;
  readonly inferred: SymbolicTensor;
}

/** A tensor of these numbers. */
export function tensor(
  values: ArrayLike<number>,
  dtype: DType = 'float32',
  dims: readonly number[] = [values.length],
): TensorValue {
  return fromFloat64(values, dtype, dims);
}

function toldShape(name: string, dims: readonly number[], told: Told): Shape {
  switch (told) {
    case 'sizes':
      return dims;
    case 'names':
      return dims.map((_, i) => `${name}_d${i}`);
    case 'rank':
      return dims.map(() => null);
    case 'nothing':
      return undefined;
  }
}

/** The model whose output `y` is what `fn` makes of inputs `x0`, `x1`, …, and the symbolic result. */
export function opModel(
  fn: OpFunction,
  inputs: readonly TensorValue[],
  { opset = 18, told = 'sizes' }: RunOptions = {},
): { readonly model: Uint8Array; readonly inferred: SymbolicTensor } {
  const builder = new GraphBuilder({ opset });
  const names = new Map<SymbolicTensor, string>();
  for (const [i, value] of inputs.entries()) {
    const name = `x${i}`;
    const shape = toldShape(name, value.dims, told);
    builder.input({ name, dtype: value.dtype, shape });
    names.set(symbolicInput(name, value.dtype, shape), name);
  }
  const inferred = fn(...names.keys());
  builder.output({ name: 'y', dtype: inferred.dtype, shape: inferred.shape });
  lower(inferred, names, builder, 'y', olderForm);
  return { model: encodeGraph(builder.build('op')), inferred };
}

/** Opens a session that leaves the other tests their processor. */
export function openSession(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
}

/** The tensor for ONNX Runtime. */
export function feed({ dtype, data, dims }: TensorValue): Tensor {
  return new Tensor(dtype as 'float32', data as Float32Array, dims);
}

/** The elements ONNX Runtime returned, as numbers. */
export function numbersOf({ type, data, dims }: Tensor): Float64Array {
  return toFloat64({ dtype: type as DType, data: data as TensorData, dims });
}

/** Runs `fn` on tensors. */
export async function runOp(
  fn: OpFunction,
  inputs: readonly TensorValue[],
  options: RunOptions = {},
): Promise<OpResult> {
  const { model, inferred } = opModel(fn, inputs, options);
  const session = await openSession(model);
  try {
    const { y } = await session.run(Object.fromEntries(inputs.map((value, i) => [`x${i}`, feed(value)])));
    if (y === undefined) throw new RangeError('no output y');
    return { dtype: y.type, dims: y.dims, values: numbersOf(y), inferred };
  } finally {
    await session.release();
  }
}

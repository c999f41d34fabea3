// A constraint as the expression that a file holds, and the inputs that it is of.
// Must not touch ONNX Runtime or files.
import {
  type BuildGraphOptions,
  checkDType,
  INPUT_NAME,
  OUTPUT_NAME,
  readShape,
  traceConstraint,
} from '../constraints/buildGraph.js';
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { UsageError } from '../graph/errors.js';
import { type Dim, formatShape } from '../graph/shape.js';
import { scaleBy } from '../lowering/lowerings.js';
import { projectionOf } from '../lowering/projection.js';
import { computeDType, type WeightDType } from '../lowering/storage.js';
import { reduceSum } from '../lowering/sumOfSquares.js';
import { applyOp, type SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';
import type { ExportOptions } from './exportOptions.js';
import { limitInputsOf, type Scaling, scalingOf } from './scaling.js';

/** What a file computes. */
export interface Trace {
  /** In the order of the file's inputs; the source of each holds its name. */
  readonly inputs: readonly SymbolicTensor[];
  readonly result: SymbolicTensor;
  /** The result's name. */
  readonly output: string;
  /** The arguments that are inputs, by their names in configs. */
  readonly given: readonly string[];
}

/** The names of inputs and outputs beside the weight's. */
export const AXES_NAME = 'axes';
export const SUM_NAME = 'sum_of_squares';

/**
 * @param options checked, with a shape or a rank
 * @throws {ShapeError} when the constraint does not fit the shape
 * @throws {UsageError} when the constraint has no such form
 */
export function traceExport(constraint: Constraint, options: ExportOptions): Trace {
  const { dtype = 'float32', lowering, provider = 'cpu' } = options;
  const w = symbolicInput(INPUT_NAME, checkDType(constraint, dtype), readShape(options as BuildGraphOptions));
  if (lowering === 'fast') {
    checkSizes(w);
    return whole(w, projectionOf(constraint, w, provider).result);
  }
  const isPlain = options.axisInput !== true && options.limitInputs !== true && options.phase === undefined;
  return isPlain ? whole(w, traceConstraint(constraint, w)) : traceScaled(constraint, w, options);
}

function whole(w: SymbolicTensor, result: SymbolicTensor): Trace {
  return { inputs: [w], result, output: OUTPUT_NAME, given: [] };
}

function checkSizes({ shape }: SymbolicTensor): void {
  if (shape?.every((dim) => typeof dim === 'number')) return;
  throw new UsageError(
    `the fast form depends on the sizes of the weight; found ${formatShape(shape)}, give a shape in numbers`,
  );
}

/** A scaled weight with what is not known until it runs: the axis, the limits, or the other shards of a unit. */
function traceScaled(constraint: Constraint, w: SymbolicTensor, options: ExportOptions): Trace {
  const { phase, axisInput = false, axisCount = 'axes_count', limitInputs = false } = options;
  const wide = castTo(w, computeDType(w.dtype as WeightDType));
  const limits = limitInputs ? limitInputsOf(constraint, wide.dtype) : [];
  const scaling = scalingOf(constraint, wide, limits);
  const axes = axisInput ? axesInput(axisCount, w.shape ?? []) : undefined;
  const given = [...(axisInput ? ['axis'] : []), ...limits.map(nameOf)];
  const beside = axes === undefined ? limits : [axes, ...limits];
  if (phase === 'partial') {
    const result = sumsOf(wide, axes ?? scaling.axes);
    return { inputs: [w, ...(axes === undefined ? [] : [axes])], result, output: SUM_NAME, given };
  }
  const sums =
    phase === 'finish' ? symbolicInput(SUM_NAME, wide.dtype, reducedShape(wide, scaling.axes)) : undefined;
  const norms = sums === undefined ? normsOf(wide, axes ?? scaling.axes) : applyOp('Sqrt', [sums], sums);
  const result = castTo(scaleBy(scaling, wide, scaling.factorOf(norms)), w.dtype);
  const inputs = [w, ...(sums === undefined ? [] : [sums]), ...beside];
  return { inputs, result, output: OUTPUT_NAME, given };
}

function axesInput(count: Dim, { length: rank }: readonly Dim[]): SymbolicTensor {
  if (typeof count === 'number' && count > rank)
    throw new UsageError(`axisCount is ${count}, the weight has ${rank} dimensions`);
  return symbolicInput(AXES_NAME, 'int64', [count]);
}

type Axes = Scaling['axes'] | SymbolicTensor;

const keepdims = { keepdims: { type: 'int', value: 1 } } as const;

function normsOf(w: SymbolicTensor, axes: Axes): SymbolicTensor {
  const { dtype } = w;
  if (isFixed(axes)) {
    const shape = reducedShape(w, axes);
    return applyOp('ReduceL2', [w], { dtype, shape }, { attributes: keepdims, axes });
  }
  return applyOp('ReduceL2', [w, axes], { dtype, shape: openShape(w) }, { attributes: keepdims });
}

function sumsOf(w: SymbolicTensor, axes: Axes): SymbolicTensor {
  const squares = applyOp('Mul', [w, w], w);
  if (isFixed(axes)) return reduceSum(squares, axes);
  return applyOp(
    'ReduceSum',
    [squares, axes],
    { dtype: w.dtype, shape: openShape(w) },
    { attributes: keepdims },
  );
}

function isFixed(axes: Axes): axes is Scaling['axes'] {
  return Array.isArray(axes);
}

function reducedShape({ shape = [] }: SymbolicTensor, axes: readonly number[]): readonly Dim[] {
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}

function openShape({ shape = [] }: SymbolicTensor): readonly Dim[] {
  return shape.map(() => null);
}

function nameOf({ source }: SymbolicTensor): string {
  return source.kind === 'input' ? source.name : '';
}

/** What a phase is of, for messages and graph names. */
export function exportName(constraint: Constraint, { phase }: ExportOptions): string {
  const name = classNameOf(constraint);
  return phase === undefined ? name : `${name}_${phase}`;
}

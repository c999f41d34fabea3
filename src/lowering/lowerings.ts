// The one table that says in which form a constraint is run, by provider, shape, axis and dtype. Each form gives the
// answer of the canonical graph, and is tested against it.
// Must not import anything above constraints.
import { traceConstraint } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import type { DType } from '../graph/dtype.js';
import { elementCount } from '../graph/tensorValue.js';
import { rewrite } from '../ops/rewrite.js';
import { applyOp, SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo, constant } from '../ops/tensorLike.js';
import { widenNorms } from '../ops/widenNorms.js';
import { reshapeTo } from './reshapeTo.js';
import { computeDType, load, store, type WeightDType } from './storage.js';
import { type Structure, structureOf } from './structure.js';
import { sumOfSquares } from './sumOfSquares.js';
import { collapse, sizesOf, splitBlocks, unitSize, type View } from './view.js';
import { forWebGpu } from './webGpuForms.js';

/** What a form is chosen for. */
export interface Task {
  readonly constraint: Constraint;
  readonly dtype: WeightDType;
  readonly dims: readonly number[];
  /** The execution provider that runs it. */
  readonly provider: string;
}

/** A constraint in the form that is run. */
export interface Lowering {
  readonly name: LoweringName;
  /** The dims the weight is fed with. */
  readonly dims: readonly number[];
  readonly structure: Structure;
  /** The weight with as few dimensions as its norms allow; empty where it is fed as it is. */
  readonly view: View;
  /** The projected weight, in the stored dtype as `fed` is. */
  readonly project: (fed: SymbolicTensor) => SymbolicTensor;
  /** The projected weight with its own dims, for graphs that it is a part of. */
  readonly projectWhole: (w: SymbolicTensor) => SymbolicTensor;
}

export type LoweringName = 'identity' | 'elementwise' | 'rows' | 'columns' | 'webgpu' | 'canonical';

interface Subject extends Task {
  readonly structure: Structure;
  /** The weight seen with as few dimensions as its norms allow; empty where it has none. */
  readonly view: View;
}

interface Row {
  readonly name: LoweringName;
  readonly providers: readonly string[] | 'any';
  readonly fits: (subject: Subject) => boolean;
  /** Whether the weight is fed with the dims of its view, and not with its own. */
  readonly seenAsView: boolean;
  readonly project: (subject: Subject, w: SymbolicTensor) => SymbolicTensor;
}

/** The providers that the table has forms for. */
export const loweredProviders: readonly string[] = ['cpu', 'wasm', 'webgpu'];

/** The providers that run on the processor's own memory. */
export const hostProviders: readonly string[] = ['cpu', 'wasm'];

/** Above this many weights in a unit, a sum of squares in float32 loses digits that `check` looks at. */
export const LARGE_UNIT: number = 2 ** 16;

/** The forms; the first row that fits is taken. */
const table: readonly Row[] = [
  {
    name: 'identity',
    providers: 'any',
    fits: ({ structure }) => structure.kind === 'identity',
    seenAsView: false,
    project: (_, w) => w,
  },
  {
    name: 'elementwise',
    providers: hostProviders,
    fits: ({ structure }) => structure.kind === 'elementwise',
    seenAsView: true,
    project: viewForm,
  },
  {
    // Norms along the last dimension: `Mul → ReduceSum → Sqrt`.
    name: 'rows',
    providers: hostProviders,
    fits: ({ view }) => view.at(-1)?.reduced === true,
    seenAsView: true,
    project: viewForm,
  },
  {
    // Norms down the dimensions before the last: `Mul → MatMul(ones) → Sqrt`.
    name: 'columns',
    providers: hostProviders,
    fits: ({ view }) => view.some(({ reduced }) => reduced),
    seenAsView: true,
    project: viewForm,
  },
  {
    name: 'webgpu',
    providers: ['webgpu'],
    fits: () => true,
    seenAsView: false,
    project: ({ constraint }, w) => forWebGpu(traceConstraint(constraint, w), w),
  },
  {
    name: 'canonical',
    providers: 'any',
    fits: () => true,
    seenAsView: false,
    project: ({ constraint, provider, dims }, w) => {
      const traced = traceConstraint(constraint, w);
      return hostProviders.includes(provider) && elementCount(dims) > LARGE_UNIT
        ? widenNorms(traced, w)
        : traced;
    },
  },
];

/**
 * The form for a task.
 *
 * @throws {ShapeError} when the constraint does not fit the shape
 */
export function chooseLowering(task: Task): Lowering {
  const structure = structureOf(task.constraint, computeDType(task.dtype), task.dims);
  const subject: Subject = { ...task, structure, view: viewOf(structure, task.dims) };
  const row = table.find(
    ({ providers, fits }) => (providers === 'any' || providers.includes(task.provider)) && fits(subject),
  ) as Row;
  return {
    name: row.name,
    dims: row.seenAsView ? sizesOf(splitBlocks(subject.view)) : task.dims,
    structure,
    view: row.seenAsView ? subject.view : [],
    project: (fed) => store(row.project(subject, load(fed, task.dtype)), task.dtype),
    projectWhole: (w) => store(projectWhole(row, subject, load(w, task.dtype)), task.dtype),
  };
}

/** The weight is not seen as its view: what a Reshape gives as an output of the graph is a copy in ONNX Runtime. */
function projectWhole(row: Row, subject: Subject, w: SymbolicTensor): SymbolicTensor {
  const { structure, view, dims } = subject;
  if (!row.seenAsView) return row.project(subject, w);
  if (structure.kind !== 'scaled') return elementwiseForm(structure, w);
  const factor = unitFactors({ structure, view }, w);
  const { axes } = structure;
  return scaleBy(
    structure,
    w,
    reshapeTo(
      factor,
      dims.map((size, i) => (axes.includes(i) ? 1 : size)),
    ),
  );
}

function viewOf(structure: Structure, dims: readonly number[]): View {
  if (structure.kind === 'scaled') return collapse(dims, structure.axes);
  return structure.kind === 'elementwise' ? [{ size: elementCount(dims), reduced: false }] : [];
}

/** The lowering of a weight that is seen as `view`, with norms over the same units. */
export function onView(lowering: Lowering, dtype: WeightDType, view: View): Lowering {
  const { structure } = lowering;
  return {
    ...lowering,
    view,
    dims: sizesOf(splitBlocks(view)),
    project: (fed) => store(viewForm({ structure, view }, load(fed, dtype)), dtype),
  };
}

function viewForm(
  { structure, view }: Pick<Subject, 'structure' | 'view'>,
  w: SymbolicTensor,
): SymbolicTensor {
  return structure.kind === 'elementwise' ? elementwiseForm(structure, w) : normForm({ structure, view }, w);
}

function elementwiseForm(structure: Structure, w: SymbolicTensor): SymbolicTensor {
  if (structure.kind !== 'elementwise') return w;
  return transplant(structure.result, structure.input, w);
}

function normForm(
  { structure, view }: Pick<Subject, 'structure' | 'view'>,
  w: SymbolicTensor,
): SymbolicTensor {
  return structure.kind === 'scaled' ? scaleBy(structure, w, unitFactors({ structure, view }, w)) : w;
}

/** The factor of each unit of `w`, which has the dims of its view in blocks. */
function unitFactors(
  { structure, view }: { readonly structure: Scaled; readonly view: View },
  w: SymbolicTensor,
): SymbolicTensor {
  const wide = needsWideSums(view, w.dtype);
  return factorOf(structure, sumOfSquares(w, splitBlocks(view), { wide }), w);
}

/** Whether the sums of squares of a view's units are to be summed in float64. */
export function needsWideSums(view: View, dtype: DType): boolean {
  return dtype === 'float32' && unitSize(view) > LARGE_UNIT;
}

export type Scaled = Extract<Structure, { kind: 'scaled' }>;

/** The factors (or divisors) that belong to sums of squares, in the dtype of `w`. */
export function factorOf(structure: Scaled, sums: SymbolicTensor, w: SymbolicTensor): SymbolicTensor {
  return factorOfNorms(structure, castTo(applyOp('Sqrt', [sums], sums), w.dtype));
}

/** The factors (or divisors) that belong to norms. */
export function factorOfNorms({ factor, norm }: Scaled, norms: SymbolicTensor): SymbolicTensor {
  return transplant(factor, norm, norms);
}

/** The weight with its factors applied. */
export function scaleBy(
  structure: Pick<Scaled, 'operator'>,
  w: SymbolicTensor,
  factor: SymbolicTensor,
): SymbolicTensor {
  return applyOp(structure.operator, [w, factor], w);
}

/** An expression of one place on other dims: `from` becomes `to`, and constants of one element fit any dims. */
function transplant(result: SymbolicTensor, from: SymbolicTensor, to: SymbolicTensor): SymbolicTensor {
  return rewrite(result, (tensor, inputs) => {
    if (tensor === from) return to;
    const { source, dtype } = tensor;
    if (source.kind === 'constant') return constant({ ...source.value, dims: [] });
    return source.kind === 'op' ? new SymbolicTensor({ ...source, inputs }, dtype, to.shape) : undefined;
  });
}

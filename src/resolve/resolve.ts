// Which tensors of an ONNX model hold the constrained variables of a Keras model, matched by value.
// Must not import runtime, files or cli.

import { buildGraph } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import { axisInLayout, type Layout } from '../constraints/layout.js';
import { NonNeg } from '../constraints/nonNeg.js';
import { defaultTolerance } from '../constraints/violations.js';
import { type DType, dtypeKind } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { toFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import { expectedOrders } from './consumerLayout.js';
import { fingerprint, isDistinctive, matchingLayouts, VariableValues } from './match.js';
import { namesAgree } from './names.js';
import { type PlacedTensor, type Plan, type PlanEntry, placeTensor } from './plan.js';

export interface ResolveOptions {
  /** Place frozen variables too. Default false: they are listed and left alone, as Keras does. */
  readonly includeFrozen?: boolean;
  /**
   * Values of variables once their constraints have been applied: they are looked for where a variable's own
   * values are not found, so that a model that was projected before resolves too.
   */
  readonly projected?: ReadonlyMap<KerasVariable, TensorValue>;
}

/** A tensor with the values of a variable, and every layout in which it could hold them. */
interface Candidate {
  readonly tensor: ModelTensor;
  readonly layouts: readonly Layout[];
}

/**
 * The plan for the constrained variables of `keras` on the tensors of `model`.
 *
 * A tensor holds a variable when its elements are the variable's, in some order of its dimensions; with
 * `projected` also when they are, within rounding, what the constraint makes of the variable. Where values
 * leave several tensors or orders, names and the operators that read the tensor decide; where those do not
 * either, the variable is `unresolved` with the reason.
 */
export function resolve(model: OnnxModel, keras: KerasModel, options: ResolveOptions = {}): Plan {
  const search = new Search(model, keras, options.projected);
  const entries = keras.variables.flatMap((variable): PlanEntry[] => {
    const { constraint } = variable;
    if (constraint === null) return [];
    const misfit = whyMisfit(variable, constraint);
    const common = { variable, constraint, fits: misfit === undefined };
    if (!variable.trainable && options.includeFrozen !== true) {
      return [{ ...common, status: 'frozen', tensors: [] }];
    }
    const placed = misfit ?? search.place(variable, constraint);
    return typeof placed === 'string'
      ? [{ ...common, status: 'unresolved', tensors: [], reason: placed }]
      : [{ ...common, status: 'resolved', tensors: placed }];
  });
  return { entries };
}

/** A tensor of the model; its values are read again when they are looked at, so that few are in memory at once. */
interface StoredTensor {
  readonly tensor: ModelTensor;
  readonly count: number;
  readonly print: number;
}

/** Tensors and variables by what their values are. */
class Search {
  readonly #tensors: readonly StoredTensor[];
  readonly #variables: { variable: KerasVariable; values: VariableValues }[];
  readonly #candidates = new Map<KerasVariable, readonly Candidate[]>();

  constructor(
    model: OnnxModel,
    keras: KerasModel,
    readonly projected: ReadonlyMap<KerasVariable, TensorValue> = new Map(),
  ) {
    this.#variables = keras.variables.flatMap((variable) =>
      variable.value === undefined ? [] : [{ variable, values: new VariableValues(variable.value) }],
    );
    const counts = new Set(this.#variables.map(({ values }) => elementCount(values.value.dims)));
    this.#tensors = model.tensors().flatMap((tensor) => {
      const readable = tensor.kind !== 'sparse' && dtypeKind(tensor.dtype) === 'float';
      const count = elementCount(tensor.dims);
      if (!readable || !counts.has(count)) return [];
      return [{ tensor, count, print: fingerprint(toFloat64(tensor.read())) }];
    });
  }

  /** The tensors that hold the variable, or why none is known to. */
  place(variable: KerasVariable, constraint: Constraint): readonly PlacedTensor[] | string {
    if (variable.value === undefined) {
      return 'the Keras file holds no weights to match; give the .keras or .h5 file that the model was exported from';
    }
    const all = this.#candidatesOf(variable);
    if (all.length === 0) return this.#whyNone(variable);
    const own = preferNamed(variable, all);
    const rival = this.#rivalOf(variable, own);
    if (rival !== undefined) {
      return `${tensorList(own)} could also hold ${rival.path}, which has the same values, and no name tells them apart`;
    }
    if (own.length > 1 && !this.#isDistinctive(variable)) {
      return `${tensorList(own)} all hold its values, which are too few or too uniform to tell them apart`;
    }
    const placed = own.map((candidate) => decideLayout(variable, constraint, candidate));
    const undecided = placed.find((result) => typeof result === 'string');
    return undecided ?? (placed as readonly PlacedTensor[]);
  }

  #candidatesOf(variable: KerasVariable): readonly Candidate[] {
    const known = this.#candidates.get(variable);
    if (known !== undefined) return known;
    const exact = this.#search(variable);
    const found = exact.length > 0 ? exact : this.#searchProjected(variable);
    this.#candidates.set(variable, found);
    return found;
  }

  #search(variable: KerasVariable): readonly Candidate[] {
    const values = this.#variables.find((item) => item.variable === variable)?.values;
    if (values === undefined) return [];
    return this.#match(
      variable,
      values,
      ({ tensor, print }) => values.fingerprintIn(tensor.dtype) === print,
      () => 0,
    );
  }

  #searchProjected(variable: KerasVariable): readonly Candidate[] {
    const value = this.projected.get(variable);
    if (value === undefined) return [];
    const values = new VariableValues(value);
    const largest = toFloat64(value).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return this.#match(
      variable,
      values,
      () => true,
      (dtype) => defaultTolerance(dtype) * largest,
    );
  }

  #match(
    variable: KerasVariable,
    values: VariableValues,
    mayHold: (stored: StoredTensor) => boolean,
    tolerance: (dtype: DType) => number,
  ): readonly Candidate[] {
    const { dims } = values.value;
    const count = elementCount(dims);
    return this.#tensors.flatMap((stored) => {
      if (stored.count !== count || !mayHold(stored)) return [];
      const { tensor } = stored;
      const elements = toFloat64(tensor.read());
      const layouts = matchingLayouts(values.in(tensor.dtype), dims, elements, tensor.dims, {
        likely: expectedOrders(variable, tensor),
        tolerance: tolerance(tensor.dtype),
      });
      return layouts.length === 0 ? [] : [{ tensor, layouts }];
    });
  }

  /** Another variable that one of the tensors could as well hold. */
  #rivalOf(variable: KerasVariable, own: readonly Candidate[]): KerasVariable | undefined {
    const tensors = new Set(own.map(({ tensor }) => tensor));
    return this.#variables.find(
      (other) =>
        other.variable !== variable &&
        elementCount(other.values.value.dims) === elementCount(variable.shape ?? []) &&
        preferNamed(other.variable, this.#candidatesOf(other.variable)).some(({ tensor }) =>
          tensors.has(tensor),
        ),
    )?.variable;
  }

  #isDistinctive(variable: KerasVariable): boolean {
    const values = this.#variables.find((item) => item.variable === variable)?.values;
    return values !== undefined && isDistinctive(values.in(values.value.dtype));
  }

  #whyNone(variable: KerasVariable): string {
    const count = elementCount(variable.shape ?? []);
    const sameSize = this.#tensors.filter((stored) => stored.count === count);
    const shape = formatShape(variable.shape);
    const named = sameSize
      .filter(({ tensor }) => namesAgree(variable, tensor))
      .map(({ tensor }) => tensor.name);
    if (named.length > 0) {
      return `${named.join(', ')} has its name and size but other values: was the model trained on, or folded, after the Keras file was saved?`;
    }
    return sameSize.length === 0
      ? `no tensor of the model has the ${count} elements of ${shape}`
      : `none of the ${sameSize.length} tensors with ${count} elements holds its values, in any order of ${shape}`;
  }
}

/** Why the constraint cannot be traced on the variable: an axis out of range, a changed shape or dtype. */
function whyMisfit({ dtype, shape }: KerasVariable, constraint: Constraint): string | undefined {
  try {
    buildGraph(constraint, { dtype, shape });
    return undefined;
  } catch (error) {
    if (error instanceof ShapeError) return error.detail;
    throw error;
  }
}

/** The candidates whose names point to the variable, if any does; else all. */
function preferNamed(variable: KerasVariable, candidates: readonly Candidate[]): readonly Candidate[] {
  const named = candidates.filter(({ tensor }) => namesAgree(variable, tensor));
  return named.length > 0 ? named : candidates;
}

function decideLayout(
  variable: KerasVariable,
  constraint: Constraint,
  { tensor, layouts }: Candidate,
): PlacedTensor | string {
  const [first] = layouts as [Layout];
  if (layouts.length === 1 || constraint instanceof NonNeg) return placeTensor(tensor, first);
  const expected = expectedOrders(variable, tensor);
  const called = layouts.find((layout) => expected.some((order) => sameOrder(order, layout)));
  if (called !== undefined) return placeTensor(tensor, called);
  const axes = layouts.map((layout) => JSON.stringify(axisInLayout(constraint, layout)));
  if (axes[0] !== undefined && axes.every((axis) => axis === axes[0])) return placeTensor(tensor, first);
  return `${tensor.name} holds its values in more than one order of the dimensions (${layouts.map(({ perm }) => `[${perm.join(', ')}]`).join(', ')}), and nothing that reads it tells which`;
}

/** Whether two orders agree, apart from dimensions of size 1. */
function sameOrder(order: readonly number[], { perm, kerasShape }: Layout): boolean {
  const wide = (axes: readonly number[]): string => axes.filter((axis) => kerasShape[axis] !== 1).join();
  return wide(order) === wide(perm);
}

function tensorList(candidates: readonly Candidate[]): string {
  return candidates.map(({ tensor }) => tensor.name).join(', ');
}

// Where an ONNX model holds the constrained variables of a Keras model, matched by value.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { toFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import { Catalog, type State } from './catalog.js';
import { findFolded } from './folded.js';
import { findGates } from './gates.js';
import { isDistinctive } from './match.js';
import { keepsZero, mergedPlacement } from './merged.js';
import { whyMisfit } from './misfit.js';
import { namesAgree } from './names.js';
import { findInLarger, findRepeats, findSlices } from './pieces.js';
import { PiecedTensors, type Placement } from './placement.js';
import type { Plan, PlanEntry } from './plan.js';
import { decideLayout, findWholeTensors, indices, type WholeCandidate } from './wholeTensors.js';

export interface ResolveOptions {
  /** Place frozen variables too. Default false: they are listed and left alone, as Keras does. */
  readonly includeFrozen?: boolean;
  /**
   * Values of variables once their constraints have been applied: they are looked for where a variable's own
   * values are not found, so that a model that was projected before resolves too.
   */
  readonly projected?: ReadonlyMap<KerasVariable, TensorValue>;
}

/**
 * The plan for the constrained variables of `keras` on the tensors of `model`.
 *
 * A tensor holds a variable when its elements are the variable's, in some order of its dimensions, in the gates of a
 * recurrent operator, cut into pieces, or folded with a batch normalization; with `projected` also when they are,
 * within rounding, what the constraint makes of the variable. Where values leave several tensors or orders, names and
 * the operators that read the tensor decide; where those do not either, the variable is `unresolved` with the reason.
 */
export function resolve(model: OnnxModel, keras: KerasModel, options: ResolveOptions = {}): Plan {
  const search = new Search(new Catalog(model, keras, options.projected));
  const entries = keras.variables.flatMap((variable): PlanEntry[] => {
    const { constraint } = variable;
    if (constraint === null) return [];
    const misfit = whyMisfit(variable, constraint);
    const common = { variable, constraint, fits: misfit === undefined, placements: [], tensors: [] };
    const { refusal } = variable;
    if (refusal !== undefined) return [{ ...common, fits: false, status: 'unresolved', reason: refusal }];
    if (!variable.trainable && options.includeFrozen !== true) return [{ ...common, status: 'frozen' }];
    const placed = misfit ?? search.place(variable, constraint);
    if (typeof placed !== 'string') {
      const tensors = placed.flatMap((placement) => placement.tensors);
      return [{ ...common, status: 'resolved', placements: placed, tensors }];
    }
    const projected = options.projected?.get(variable);
    const isSatisfied =
      misfit === undefined && keepsZero(variable, projected) && !search.mayHaveGrown(variable);
    const status = isSatisfied ? 'satisfied' : 'unresolved';
    const reason = status === 'satisfied' ? 'all zeros, which the constraint leaves as they are' : placed;
    return [{ ...common, status, reason }];
  });
  return { entries, lost: keras.lost };
}

class Search {
  readonly #whole = new Map<KerasVariable, readonly WholeCandidate[]>();
  readonly #merged = new Map<ModelTensor, Placement>();

  constructor(readonly catalog: Catalog) {}

  /** Where the model holds the variable, or why that is not known. */
  place(variable: KerasVariable, constraint: Constraint): readonly Placement[] | string {
    if (variable.value === undefined) {
      return 'the Keras file holds no weights to match; give the .keras or .h5 file that the model was exported from';
    }
    const whole = this.#wholeOf(variable);
    if (whole.length > 0) {
      const placed = this.#placeWhole(variable, constraint, whole);
      return typeof placed === 'string' ? placed : [...placed, ...this.#repeatsOf(variable)];
    }
    for (const state of ['stored', 'projected'] as const) {
      const found = this.#findParts(variable, state);
      if (found.length > 0) return found;
    }
    return this.#whyNone(variable);
  }

  /** Whether a variable of zeros may be in the model after all, with other values: a tensor of its size is nobody else's. */
  mayHaveGrown(variable: KerasVariable): boolean {
    if (this.#wholeOf(variable).length > 0) return false;
    const count = elementCount(variable.shape ?? []);
    const others = this.catalog.variables.filter((other) => elementCount(other.shape ?? []) === count);
    const claimed = new Set(others.flatMap((other) => this.#wholeOf(other).map(({ tensor }) => tensor)));
    return this.catalog.tensors.some((stored) => stored.count === count && !claimed.has(stored.tensor));
  }

  #wholeOf(variable: KerasVariable): readonly WholeCandidate[] {
    const known = this.#whole.get(variable);
    if (known !== undefined) return known;
    const stored = findWholeTensors(this.catalog, variable, 'stored');
    const found = stored.length > 0 ? stored : findWholeTensors(this.catalog, variable, 'projected');
    const named = found.filter(({ tensor }) => namesAgree(variable, tensor));
    const own = named.length > 0 ? named : found;
    this.#whole.set(variable, own);
    return own;
  }

  /** Tensors that repeat the variable beside one that is it. */
  #repeatsOf(variable: KerasVariable): readonly Placement[] {
    const { shape = [] } = variable;
    const at = indices(elementCount(shape));
    for (const state of ['stored', 'projected'] as const) {
      const pieces = findRepeats(this.catalog, variable, state, at);
      if (pieces.length > 0) return [new PiecedTensors(shape, pieces, ['reshaped'])];
    }
    return [];
  }

  #findParts(variable: KerasVariable, state: State): readonly Placement[] {
    const gates = findGates(this.catalog, variable, state);
    if (gates.length > 0) return gates;
    const other =
      findFolded(this.catalog, variable, state) ??
      findSlices(this.catalog, variable, state) ??
      findInLarger(this.catalog, variable, state);
    return other === undefined ? [] : [other];
  }

  #placeWhole(
    variable: KerasVariable,
    constraint: Constraint,
    own: readonly WholeCandidate[],
  ): readonly Placement[] | string {
    const tensors = new Set(own.map(({ tensor }) => tensor));
    const rivals = this.catalog.variables.filter(
      (other) => other !== variable && this.#wholeOf(other).some(({ tensor }) => tensors.has(tensor)),
    );
    if (rivals.length === 0 && own.length > 1 && !this.#isDistinctive(variable)) {
      return `${names(tensors)} all hold its values, which are too few or too uniform to tell them apart`;
    }
    const placed: Placement[] = [];
    for (const candidate of own) {
      const decided = decideLayout(variable, constraint, candidate);
      if (typeof decided === 'string') return decided;
      const sharers = rivals.filter((other) =>
        this.#wholeOf(other).some(({ tensor }) => tensor === candidate.tensor),
      );
      const merged = sharers.length === 0 ? decided : this.#merge(variable, sharers, candidate, decided);
      if (typeof merged === 'string') return merged;
      placed.push(merged);
    }
    return placed;
  }

  #merge(
    variable: KerasVariable,
    sharers: readonly KerasVariable[],
    { tensor }: WholeCandidate,
    decided: Placement,
  ): Placement | string {
    const merged = mergedPlacement(variable, sharers, tensor, decided);
    if (merged === undefined) {
      const others = sharers.map(({ path }) => path).join(', ');
      return `${tensor.name} could also hold ${others}, which has the same values, and no name tells them apart`;
    }
    if (merged.how.includes('split')) return merged;
    // One for all that share it: projecting it once for each would project it twice.
    const shared = this.#merged.get(tensor) ?? merged;
    this.#merged.set(tensor, shared);
    return shared;
  }

  #isDistinctive({ value }: KerasVariable): boolean {
    return value !== undefined && isDistinctive(toFloat64(value));
  }

  #whyNone(variable: KerasVariable): string {
    const count = elementCount(variable.shape ?? []);
    const sameSize = this.catalog.tensors.filter((stored) => stored.count === count);
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

function names(tensors: ReadonlySet<ModelTensor>): string {
  return [...tensors].map(({ name }) => name).join(', ');
}

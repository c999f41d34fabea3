// What there is to match: the model's tensors and the Keras file's variables, by their values.
// Must not import runtime, files or cli.
import { defaultTolerance } from '../constraints/violations.js';
import { type DType, dtypeKind } from '../graph/dtype.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import { fingerprint } from './match.js';

/** Whether variables are looked for with the values of the Keras file, or with those that their constraints make of them. */
export type State = 'stored' | 'projected';

const SAMPLE = 64;

/** A tensor of the model; its values are read again when they are looked at, so that few are in memory at once. */
export class StoredTensor {
  readonly count: number;
  #print: number | undefined;
  #start: Float64Array | undefined;

  constructor(readonly tensor: ModelTensor) {
    this.count = elementCount(tensor.dims);
  }

  get values(): Float64Array {
    return toFloat64(this.tensor.read());
  }

  /** The first values: enough to see of most tensors that they are not what is looked for, without reading them again. */
  get start(): Float64Array {
    this.#start ??= this.values.slice(0, SAMPLE);
    return this.#start;
  }

  /** A number that is the same for the same values in any order. */
  get print(): number {
    this.#print ??= fingerprint(this.values);
    return this.#print;
  }
}

export class Catalog {
  /** The tensors that can hold weights: dense ones of floats. */
  readonly tensors: readonly StoredTensor[];
  /** The variables whose values are known. */
  readonly variables: readonly KerasVariable[];
  readonly #prints = new Map<KerasVariable, Map<string, number>>();

  /** @param projected the values of variables once their constraints have been applied */
  constructor(
    model: OnnxModel,
    keras: KerasModel,
    readonly projected: ReadonlyMap<KerasVariable, TensorValue> = new Map(),
  ) {
    this.tensors = model
      .tensors()
      .filter(({ kind, dtype }) => kind !== 'sparse' && dtypeKind(dtype) === 'float')
      .map((tensor) => new StoredTensor(tensor));
    this.variables = keras.variables.filter(({ value }) => value !== undefined);
  }

  /** The variable's value in a state; `undefined` where it has none there. */
  valueOf(variable: KerasVariable, state: State): TensorValue | undefined {
    return state === 'projected' ? this.projected.get(variable) : variable.value;
  }

  /** The value as numbers, after rounding to the dtype that an exporter stored it in. */
  numbersOf(variable: KerasVariable, state: State, dtype: DType): Float64Array | undefined {
    const value = this.valueOf(variable, state);
    if (value === undefined) return undefined;
    const own = toFloat64(value);
    return dtype === value.dtype ? own : toFloat64(fromFloat64(own, dtype, value.dims));
  }

  /** The value of the variable in the state, or in the file where it has none: for what is held together with others. */
  nearestOf(variable: KerasVariable, state: State): Float64Array | undefined {
    const value = this.valueOf(variable, state) ?? variable.value;
    return value && toFloat64(value);
  }

  printOf(variable: KerasVariable, state: State, dtype: DType): number | undefined {
    const key = `${state} ${dtype}`;
    const prints = this.#prints.get(variable) ?? new Map<string, number>();
    this.#prints.set(variable, prints);
    const known = prints.get(key);
    if (known !== undefined) return known;
    const values = this.numbersOf(variable, state, dtype);
    if (values === undefined) return undefined;
    const print = fingerprint(values);
    prints.set(key, print);
    return print;
  }
}

/** What a finder found: tensors that hold the variable, and every way in which they could. */
export interface Found<P> {
  readonly tensors: readonly ModelTensor[];
  readonly choices: readonly P[];
}

/** How far a stored value may be from a variable's: not at all, or by the rounding of projecting it in another order. */
export function toleranceFor(values: Float64Array, dtype: DType, state: State): number {
  if (state === 'stored') return 0;
  return defaultTolerance(dtype) * values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
}

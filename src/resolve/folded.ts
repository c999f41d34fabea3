// Finds variables that exporters folded with batch normalization: kernels times a factor for each output channel, biases
// and betas inside one sum, gammas times the inverse deviation.
// Must not import runtime, files or cli.
import { toKerasOrder, toTensorOrder } from '../constraints/layout.js';
import { elementCount } from '../graph/tensorValue.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { Catalog, State, StoredTensor } from './catalog.js';
import { expectedOrders } from './consumerLayout.js';
import { isDistinctive } from './match.js';
import { AddedTensor, type How, PiecedTensors, type Placement } from './placement.js';
import { indices } from './wholeTensors.js';

/** Exporters fold in float32, so that a folded value is right to some units in its last place. */
const TOLERANCE = 1e-5;

/** The epsilons of batch normalization that are tried: Keras's default, PyTorch's, and those people set. */
const EPSILONS = [1e-3, 1e-5, 1e-4, 1e-6, 1e-2, 1e-7, 1e-8, 1e-12, 1.001e-5, 2e-5];

/** A batch normalization of the Keras model, with its variables where it has them. */
interface Normalization {
  readonly path: string;
  readonly gamma: KerasVariable | undefined;
  readonly beta: KerasVariable | undefined;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Where the variable is folded with a batch normalization, if it is. */
export function findFolded(catalog: Catalog, variable: KerasVariable, state: State): Placement | undefined {
  const normalizations = listNormalizations(catalog);
  if (normalizations.length === 0 || variable.shape === undefined) return undefined;
  const own = normalizations.find(({ gamma, beta }) => gamma === variable || beta === variable);
  if (own?.gamma === variable) return findGamma(catalog, own, variable, state);
  if (own !== undefined) return findSum(catalog, [own], variable, state);
  return variable.shape.length === 1
    ? findSum(catalog, normalizations, variable, state)
    : findKernel(catalog, normalizations, variable, state);
}

function listNormalizations(catalog: Catalog): readonly Normalization[] {
  const byPath = new Map<string, Map<string, KerasVariable>>();
  for (const variable of catalog.variables) {
    if (variable.layerClass !== 'BatchNormalization') continue;
    const path = variable.path.split('/').slice(0, -1).join('/');
    byPath.set(path, (byPath.get(path) ?? new Map()).set(variable.name, variable));
  }
  return [...byPath].flatMap(([path, own]) => {
    const statistics = ['moving_mean', 'moving_variance'].map((name) => own.get(name));
    const [mean, variance] = statistics.map((item) => item && catalog.nearestOf(item, 'stored'));
    if (mean === undefined || variance === undefined) return [];
    return [{ path, gamma: own.get('gamma'), beta: own.get('beta'), mean, variance }];
  });
}

/** A convolution's kernel times a factor for each output channel, where that is gamma over the deviation. */
function findKernel(
  catalog: Catalog,
  normalizations: readonly Normalization[],
  variable: KerasVariable,
  state: State,
): Placement | undefined {
  const { shape = [] } = variable;
  const values = catalog.numbersOf(variable, state, 'float64');
  if (values === undefined || !isDistinctive(values)) return undefined;
  for (const stored of catalog.tensors) {
    if (stored.count !== values.length) continue;
    for (const perm of expectedOrders(variable, stored.tensor)) {
      const layout = { kerasShape: shape, perm, tensorShape: stored.tensor.dims };
      const channels = outputChannels(variable, shape);
      const factors = channelFactors(
        values,
        toKerasOrder(stored.values, layout),
        channels.of,
        channels.count,
      );
      if (factors === undefined) continue;
      if (!normalizations.some((own) => isItsFactor(catalog, own, factors, state))) continue;
      const keras = toTensorOrder(indices(values.length), layout);
      const factor = (i: number): number => factors[channels.of(keras[i] as number)] as number;
      const how: How[] = ['permuted', 'folded'];
      return new PiecedTensors(
        shape,
        [{ tensor: stored.tensor, keras, stored: indices(keras.length), factor }],
        how,
      );
    }
  }
  return undefined;
}

/** The output channel of each element of a kernel: for depthwise kernels channel and multiplier together. */
function outputChannels(
  variable: KerasVariable,
  shape: readonly number[],
): { readonly count: number; of(index: number): number } {
  const depthwise = /^Depthwise/.test(variable.layerClass);
  const transposed = /Transpose$/.test(variable.layerClass);
  const last = shape.at(-1) ?? 1;
  const before = shape.at(-2) ?? 1;
  if (depthwise) return { count: last * before, of: (index) => index % (last * before) };
  if (transposed) return { count: before, of: (index) => Math.floor(index / last) % before };
  return { count: last, of: (index) => index % last };
}

/** The factor of each channel, where one makes the stored values of the variable's; none for single elements or zeros. */
function channelFactors(
  values: Float64Array,
  stored: Float64Array,
  channelOf: (index: number) => number,
  count: number,
): Float64Array | undefined {
  // One weight in a channel fits any factor and so proves nothing.
  if (values.length < 2 * count) return undefined;
  const largest = new Int32Array(count).fill(-1);
  values.forEach((value, i) => {
    const channel = channelOf(i);
    const best = largest[channel] as number;
    if (best < 0 || Math.abs(value) > Math.abs(values[best] as number)) largest[channel] = i;
  });
  const factors = Float64Array.from(largest, (i) => (stored[i] as number) / (values[i] as number));
  if (!factors.every((factor) => Number.isFinite(factor) && factor !== 0)) return undefined;
  const fits = values.every((value, i) => {
    const channel = channelOf(i);
    const factor = factors[channel] as number;
    const scale = Math.abs((values[largest[channel] as number] as number) * factor);
    return Math.abs((stored[i] as number) - value * factor) <= TOLERANCE * scale;
  });
  return fits ? factors : undefined;
}

/** Whether the factors are gamma over the root of variance and one epsilon. */
function isItsFactor(
  catalog: Catalog,
  { gamma, variance }: Normalization,
  factors: Float64Array,
  state: State,
): boolean {
  if (variance.length !== factors.length) return false;
  const gammas = gamma && catalog.nearestOf(gamma, state);
  const epsilons = factors.map((factor, i) => ((gammas?.[i] ?? 1) / factor) ** 2 - (variance[i] as number));
  const middle = epsilons.toSorted()[epsilons.length >> 1] as number;
  return (
    middle > -TOLERANCE &&
    middle < 1 &&
    epsilons.every(
      (epsilon, i) => Math.abs(epsilon - middle) <= 4 * TOLERANCE * ((variance[i] as number) + middle),
    )
  );
}

/** A beta, or the bias of a convolution, inside `beta + (bias - mean) · gamma / deviation`. */
function findSum(
  catalog: Catalog,
  normalizations: readonly Normalization[],
  variable: KerasVariable,
  state: State,
): Placement | undefined {
  for (const own of normalizations) {
    const isBeta = own.beta === variable;
    const count = own.mean.length;
    if (elementCount(variable.shape ?? []) !== count) continue;
    const biases = isBeta ? biasesOf(catalog, count) : [variable];
    for (const sum of sums(catalog, own, biases, state)) {
      const stored = catalog.tensors.find((item) => item.count === count && isNear(item, sum.values));
      const value = catalog.valueOf(variable, state) ?? variable.value;
      if (stored === undefined || value === undefined) continue;
      return new AddedTensor(stored.tensor, value, (i) => (isBeta ? 1 : (sum.factors[i] as number)));
    }
  }
  return undefined;
}

/** Variables that may be the bias before a normalization, and none. */
function biasesOf(catalog: Catalog, count: number): readonly (KerasVariable | undefined)[] {
  const biases = catalog.variables.filter(
    ({ name, shape }) => name === 'bias' && shape?.length === 1 && shape[0] === count,
  );
  return [undefined, ...biases];
}

interface Sum {
  readonly values: Float64Array;
  readonly factors: Float64Array;
}

function* sums(
  catalog: Catalog,
  own: Normalization,
  biases: readonly (KerasVariable | undefined)[],
  state: State,
): Generator<Sum> {
  const gammas = own.gamma && catalog.nearestOf(own.gamma, state);
  const betas = own.beta && catalog.nearestOf(own.beta, state);
  for (const epsilon of EPSILONS) {
    const factors = own.variance.map((variance, i) => (gammas?.[i] ?? 1) / Math.sqrt(variance + epsilon));
    for (const bias of biases) {
      const b = bias && catalog.nearestOf(bias, state);
      const values = factors.map(
        (factor, i) => (betas?.[i] ?? 0) + ((b?.[i] ?? 0) - (own.mean[i] as number)) * factor,
      );
      if (isDistinctive(values)) yield { values, factors };
    }
  }
}

function isNear(stored: StoredTensor, values: Float64Array): boolean {
  const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  return stored.values.every((x, i) => Math.abs(x - (values[i] as number)) <= TOLERANCE * largest);
}

/** A gamma times the inverse deviation, and the sum it is in as well. */
function findGamma(
  catalog: Catalog,
  own: Normalization,
  variable: KerasVariable,
  state: State,
): Placement | undefined {
  const value = catalog.valueOf(variable, state);
  const count = own.mean.length;
  if (value === undefined || !isDistinctive(own.variance)) return undefined;
  const gammas = catalog.nearestOf(variable, state) as Float64Array;
  const betas = own.beta && catalog.nearestOf(own.beta, state);
  for (const sum of sums(catalog, own, biasesOf(catalog, count), state)) {
    const scale = catalog.tensors.find((item) => item.count === count && isNear(item, sum.factors));
    if (scale === undefined) continue;
    const inverse = sum.factors.map((factor, i) => factor / (gammas[i] as number));
    const scaled = new AddedTensor(scale.tensor, value, (i) => inverse[i] as number);
    // Where the mean is subtracted before, gamma is in the scale alone.
    if (catalog.tensors.some((item) => item.count === count && isNear(item, own.mean))) return scaled;
    const added = catalog.tensors.find((item) => item.count === count && isNear(item, sum.values));
    const slope = sum.values.map((x, i) => (x - (betas?.[i] ?? 0)) / (gammas[i] as number));
    if (added === undefined || ![...inverse, ...slope].every(Number.isFinite)) continue;
    return new Together([scaled, new AddedTensor(added.tensor, value, (i) => slope[i] as number)]);
  }
  return undefined;
}

/** Placements that all depend on the variable: each is written, any can be read. */
class Together implements Placement {
  readonly how: readonly How[] = ['folded'];

  constructor(readonly parts: readonly Placement[]) {}

  get tensors(): Placement['tensors'] {
    return this.parts.flatMap((part) => part.tensors);
  }

  read(): ReturnType<Placement['read']> {
    return (this.parts[0] as Placement).read();
  }

  write(value: Parameters<Placement['write']>[0]): void {
    for (const part of this.parts) part.write(value);
  }

  over(...args: Parameters<Placement['over']>): Placement {
    return new Together(this.parts.map((part) => part.over(...args)));
  }
}

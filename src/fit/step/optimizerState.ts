// The state of an optimizer between sessions: Keras stores the iteration, the learning rate unless a
// schedule gives it, and then what it keeps for variables.
// Must not import other folders of fit but models.
import { ConfigError } from '../../graph/errors.js';
import { fromFloat64, toFloat64 } from '../../graph/numbers.js';
import { formatShape } from '../../graph/shape.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import type { TrainableModel } from '../models/trainableModel.js';

/** The name under which the number of steps done is carried. */
export const ITERATION = 'optimizer/iteration';

/** What a model's optimizer goes on with. */
export interface OptimizerStart {
  readonly state: ReadonlyMap<string, TensorValue>;
  /** Its learning rate, where it has been trained before and no schedule gives it. */
  readonly learningRate: number | undefined;
}

/**
 * What the stored state says of the optimizer that the model was compiled with; nothing where it has none.
 *
 * @param slots name and shape of each, in Keras's order
 * @param isScheduled whether a schedule gives the learning rate, which is not stored then
 * @throws {ConfigError} where the stored state is of another optimizer
 */
export function initialState(
  { optimizerState, file }: TrainableModel,
  slots: readonly { readonly name: string; readonly shape: readonly number[] }[],
  isScheduled: boolean,
): OptimizerStart {
  const [iteration, ...others] = optimizerState;
  const [learningRate, stored] = isScheduled ? [undefined, others] : [others[0], others.slice(1)];
  if (iteration === undefined || (learningRate === undefined && !isScheduled))
    return { state: new Map(), learningRate: undefined };
  const found = stored.map(({ dims }) => formatShape(dims));
  const wanted = slots.map(({ shape }) => formatShape(shape));
  // Keras 2 may store no learning rate, so that something else is in its place.
  const isOther = (learningRate?.dims.length ?? 0) > 0;
  // A model that was saved before its first step may hold these two alone.
  if (isOther || (found.length > 0 && found.join() !== wanted.join())) {
    throw new ConfigError(
      `the file holds the state of another optimizer: ${found.length} values of shapes ${found.slice(0, 4).join(', ')}; this one has ${wanted.length}, ${wanted.slice(0, 4).join(', ')}; give an optimizer to start anew`,
      { file, path: 'optimizer/vars' },
    );
  }
  const count = fromFloat64(toFloat64(iteration), 'int32', []);
  return {
    state: new Map([[ITERATION, count], ...slots.flatMap(({ name }, i) => pairWith(name, stored[i]))]),
    learningRate: learningRate && toFloat64(learningRate)[0],
  };
}

const pairWith = (name: string, value: TensorValue | undefined): [string, TensorValue][] =>
  value === undefined ? [] : [[name, value]];

/** The state as Keras stores it. @param learningRate `undefined` where a schedule gives it */
export function storedState(
  slots: readonly string[],
  values: Readonly<Record<string, TensorValue>>,
  learningRate: number | undefined,
): readonly TensorValue[] {
  const rate = learningRate === undefined ? [] : [fromFloat64([learningRate], 'float32', [])];
  return [values[ITERATION] as TensorValue, ...rate, ...slots.map((name) => values[name] as TensorValue)];
}

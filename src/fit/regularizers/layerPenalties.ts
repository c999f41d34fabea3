// What the regularizers of one layer add to the loss.
// Must not import other folders of fit but settings.
import { dimsOf } from '../../ops/moving.js';
import { mean, sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';
import { penaltyAt } from './regularizerTable.js';

/** The variables that regularizers are for, as their settings name them. */
export const regularizedNames: readonly string[] = [
  'kernel',
  'bias',
  'gamma',
  'beta',
  'depthwise',
  'pointwise',
  'embeddings',
  'alpha',
];

/** The settings that name regularizers. */
export const regularizerSettings: readonly string[] = [
  ...regularizedNames.map((name) => `${name}_regularizer`),
  'activity_regularizer',
];

/** What the variables of a layer add. @param variables by the names that the table of Keras layers gives them */
export function variablePenalties(
  settings: Settings,
  variables: ReadonlyMap<string, SymbolicTensor>,
): readonly SymbolicTensor[] {
  return regularizedNames.flatMap((name) => {
    const variable = variables.get(name) ?? variables.get(`${name}_kernel`) ?? depthwise(name, variables);
    const penalty = variable === undefined ? undefined : penaltyAt(settings, `${name}_regularizer`, variable);
    return penalty ?? [];
  });
}

/** The one kernel of a depthwise convolution. */
const depthwise = (
  name: string,
  variables: ReadonlyMap<string, SymbolicTensor>,
): SymbolicTensor | undefined => (name === 'depthwise' ? variables.get('kernel') : undefined);

/** What the result of a layer adds, each sample's the mean of the batch. */
export function activityPenalty(settings: Settings, result: SymbolicTensor): SymbolicTensor | undefined {
  const inner = dimsOf('regularizer', result).flatMap((_, i) => (i === 0 ? [] : [i]));
  return penaltyAt(settings, 'activity_regularizer', result, (x) =>
    mean(inner.length === 0 ? x : sum(x, inner)),
  );
}

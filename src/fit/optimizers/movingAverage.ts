// Moving averages of the variables, which take the variables' place now and then.
// Must not import other folders of fit.
import { notEqual, where } from '../../ops/comparison.js';
import { add, multiply, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import { isMultiple } from './accumulation.js';
import type { MovingAverage } from './commonSettings.js';

/**
 * The average of a variable after the step, and the variable, which is the average after each `overwriteFrequency`-th
 * update. In the first update the average is the variable itself.
 */
export function moveAverage(
  { momentum, overwriteFrequency }: MovingAverage,
  updatesBefore: SymbolicTensor,
  value: SymbolicTensor,
  before: SymbolicTensor,
): { readonly value: SymbolicTensor; readonly average: SymbolicTensor } {
  const kept = multiply(castTo(notEqual(updatesBefore, 0), 'float32'), momentum);
  const average = add(multiply(before, kept), multiply(value, subtract(1, kept)));
  if (overwriteFrequency === undefined) return { value, average };
  return { value: where(isMultiple(add(updatesBefore, 1), overwriteFrequency), average, value), average };
}

// Stochastic gradient descent, with momentum and Nesterov's.
// Must not import other folders of fit but settings.
import { add, multiply, subtract } from '../../ops/elementwise.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';

/**
 * `w ← w - lr · g`; with momentum `v ← momentum · v - lr · g` and `w ← w + v`, in Nesterov's form
 * `w ← w + momentum · v - lr · g`.
 */
function update({ settings, variable, gradient, learningRate, slot }: UpdateCall): Update {
  const momentum = settings.number('momentum', 0);
  const step = multiply(gradient, learningRate);
  if (momentum === 0) return { variable: subtract(variable, step), slots: {} };
  const velocity = subtract(multiply(slot('momentum'), momentum), step);
  const isNesterov = settings.boolean('nesterov', false);
  const move = isNesterov ? subtract(multiply(velocity, momentum), step) : velocity;
  return { variable: add(variable, move), slots: { momentum: velocity } };
}

export const sgd: OptimizerKind = {
  settings: ['momentum', 'nesterov'],
  learningRate: 0.01,
  slots: (settings) => (settings.number('momentum', 0) === 0 ? [] : [['momentum']]),
  update,
};

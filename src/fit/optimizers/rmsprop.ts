// RMSprop, with its gradient centred or not, and with momentum.
// Must not import other folders of fit but settings.
import { add, divide, multiply, sqrt, square, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';

/**
 * `v ← ρ v + (1 - ρ) g²`, `w ← w - lr g / √(v + ε)`; centred, `a ← ρ a + (1 - ρ) g` and `v - a²` in place of `v`; with
 * momentum, `m ← momentum · m + lr g / √…` and `w ← w - m`.
 */
function update({ settings, variable, gradient, learningRate, slot }: UpdateCall): Update {
  const rho = settings.number('rho', 0.9);
  const moved = (name: string, towards: SymbolicTensor): SymbolicTensor =>
    add(multiply(slot(name), rho), multiply(towards, 1 - rho));
  const velocity = moved('velocity', square(gradient));
  const average = settings.boolean('centered', false) ? moved('average_gradient', gradient) : undefined;
  const spread = average === undefined ? velocity : subtract(velocity, square(average));
  const scale = sqrt(add(spread, settings.number('epsilon', 1e-7)));
  const increment = divide(multiply(gradient, learningRate), scale);
  const momentum = settings.number('momentum', 0);
  const move = momentum > 0 ? add(multiply(slot('momentum'), momentum), increment) : increment;
  return {
    variable: subtract(variable, move),
    slots: {
      velocity,
      ...(momentum > 0 && { momentum: move }),
      ...(average !== undefined && { average_gradient: average }),
    },
  };
}

export const rmsprop: OptimizerKind = {
  settings: ['rho', 'momentum', 'epsilon', 'centered'],
  learningRate: 0.001,
  slots: (settings) => [
    ['velocity'],
    ...(settings.number('momentum', 0) > 0 ? [['momentum']] : []),
    ...(settings.boolean('centered', false) ? [['average_gradient']] : []),
  ],
  update,
};

// Adagrad.
// Must not import other folders of fit but settings.
import { add, divide, multiply, sqrt, square, subtract } from '../../ops/elementwise.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';

/** `a ← a + g²`, `w ← w - lr g / √(a + ε)` */
function update({ settings, variable, gradient, learningRate, slot }: UpdateCall): Update {
  const accumulator = add(slot('accumulator'), square(gradient));
  const scale = sqrt(add(accumulator, settings.number('epsilon', 1e-7)));
  const move = divide(multiply(gradient, learningRate), scale);
  return { variable: subtract(variable, move), slots: { accumulator } };
}

export const adagrad: OptimizerKind = {
  settings: ['initial_accumulator_value', 'epsilon'],
  learningRate: 0.001,
  slots: () => [['accumulator']],
  initial: (settings) => settings.number('initial_accumulator_value', 0.1),
  update,
};

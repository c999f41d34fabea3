// Lion: steps of one size along the sign of the momentum.
// Must not import other folders of fit but settings.
import { greater, less } from '../../ops/comparison.js';
import { add, multiply, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';

/** Comparisons, since providers hand the operator Sign to the CPU. */
const signOf = (x: SymbolicTensor): SymbolicTensor =>
  subtract(castTo(greater(x, 0), x.dtype), castTo(less(x, 0), x.dtype));

/** `w ← w - lr sign(β₁ m + (1 - β₁) g)`, `m ← β₂ m + (1 - β₂) g` */
function update({ settings, variable, gradient, learningRate, slot }: UpdateCall): Update {
  const mixed = (beta: number): SymbolicTensor =>
    add(multiply(slot('momentum'), beta), multiply(gradient, 1 - beta));
  const direction = signOf(mixed(settings.number('beta_1', 0.9)));
  return {
    variable: subtract(variable, multiply(direction, learningRate)),
    slots: { momentum: mixed(settings.number('beta_2', 0.99)) },
  };
}

export const lion: OptimizerKind = {
  settings: ['beta_1', 'beta_2'],
  learningRate: 0.001,
  slots: () => [['momentum']],
  update,
};

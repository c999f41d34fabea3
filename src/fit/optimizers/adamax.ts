// Adamax: Adam with the largest gradient in place of the mean square.
// Must not import other folders of fit but settings.
import { abs, add, divide, maximum, multiply, subtract } from '../../ops/elementwise.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';
import { wholePower } from './wholePower.js';

/** `m ← m + (g - m)(1 - β₁)`, `u ← max(β₂ u, |g|)`, `w ← w - lr m / ((1 - β₁ᵗ)(u + ε))` */
function update({ settings, variable, gradient, learningRate, step, slot, once }: UpdateCall): Update {
  const [beta1, beta2] = [settings.number('beta_1', 0.9), settings.number('beta_2', 0.999)];
  const momentum = add(slot('momentum'), multiply(subtract(gradient, slot('momentum')), 1 - beta1));
  const norm = maximum(multiply(slot('norm'), beta2), abs(gradient));
  const bias = once('bias', () => subtract(1, wholePower(beta1, step)));
  const scale = multiply(add(norm, settings.number('epsilon', 1e-7)), bias);
  const move = divide(multiply(momentum, learningRate), scale);
  return { variable: subtract(variable, move), slots: { momentum, norm } };
}

export const adamax: OptimizerKind = {
  settings: ['beta_1', 'beta_2', 'epsilon'],
  learningRate: 0.001,
  slots: () => [['momentum', 'norm']],
  update,
};

// Adam, with AMSGrad; AdamW is Adam with a decay of weights.
// Must not import other folders of fit but settings.
import { add, divide, maximum, multiply, sqrt, square, subtract } from '../../ops/elementwise.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';
import { wholePower } from './wholePower.js';

/**
 * `m ← m + (g - m)(1 - β₁)`, `v ← v + (g² - v)(1 - β₂)`, `w ← w - α m / (√v + ε)` with
 * `α = lr √(1 - β₂ᵗ) / (1 - β₁ᵗ)`.
 */
function update({ settings, variable, gradient, learningRate, step, slot, once }: UpdateCall): Update {
  const [beta1, beta2] = [settings.number('beta_1', 0.9), settings.number('beta_2', 0.999)];
  const momentum = add(slot('momentum'), multiply(subtract(gradient, slot('momentum')), 1 - beta1));
  const velocity = add(slot('velocity'), multiply(subtract(square(gradient), slot('velocity')), 1 - beta2));
  const alpha = once('alpha', () => {
    const bias = divide(sqrt(subtract(1, wholePower(beta2, step))), subtract(1, wholePower(beta1, step)));
    return multiply(learningRate, bias);
  });
  const isAmsgrad = settings.boolean('amsgrad', false);
  const largest = isAmsgrad ? maximum(slot('velocity_hat'), velocity) : velocity;
  const move = divide(multiply(momentum, alpha), add(sqrt(largest), settings.number('epsilon', 1e-7)));
  return {
    variable: subtract(variable, move),
    slots: { momentum, velocity, ...(isAmsgrad && { velocity_hat: largest }) },
  };
}

export const adam: OptimizerKind = {
  settings: ['beta_1', 'beta_2', 'epsilon', 'amsgrad'],
  learningRate: 0.001,
  slots: (settings) => [
    ['momentum', 'velocity'],
    ...(settings.boolean('amsgrad', false) ? [['velocity_hat']] : []),
  ],
  update,
};

export const adamW: OptimizerKind = { ...adam, weightDecay: 0.004 };

// Nadam: Adam with Nesterov's momentum.
// Must not import other folders of fit but settings.
import { add, divide, multiply, sqrt, square, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';
import type { OptimizerKind, Update, UpdateCall } from './optimizerKind.js';
import { wholePower } from './wholePower.js';

const beta1Of = (settings: Settings): number => settings.number('beta_1', 0.9);

/** `u(t) = β₁ (1 - ½ 0.96ᵗ)` */
const decay = (settings: Settings, step: SymbolicTensor): SymbolicTensor =>
  multiply(subtract(1, multiply(wholePower(0.96, step), 0.5)), beta1Of(settings));

/**
 * `m ← m + (g - m)(1 - β₁)`, `v ← v + (g² - v)(1 - β₂)`, `w ← w - lr m̂ / (√(v / (1 - β₂ᵗ)) + ε)` with
 * `m̂ = u(t + 1) m / (1 - U u(t + 1)) + (1 - u(t)) g / (1 - U)` and `U` the product of all `u` up to `u(t)`.
 */
function update({
  settings,
  variable,
  gradient,
  learningRate,
  step,
  slot,
  shared,
  once,
}: UpdateCall): Update {
  const beta2 = settings.number('beta_2', 0.999);
  const now = once('now', () => decay(settings, step));
  const next = once('next', () => decay(settings, add(step, 1)));
  const product = shared('u_product');
  const momentum = add(
    slot('momentum'),
    multiply(subtract(gradient, slot('momentum')), 1 - beta1Of(settings)),
  );
  const velocity = add(slot('velocity'), multiply(subtract(square(gradient), slot('velocity')), 1 - beta2));
  const ahead = add(
    multiply(
      momentum,
      once('of momentum', () => divide(next, subtract(1, multiply(product, next)))),
    ),
    multiply(
      gradient,
      once('of gradient', () => divide(subtract(1, now), subtract(1, product))),
    ),
  );
  const bias = once('bias', () => subtract(1, wholePower(beta2, step)));
  const spread = divide(velocity, bias);
  const scale = add(sqrt(spread), settings.number('epsilon', 1e-7));
  return {
    variable: subtract(variable, divide(multiply(ahead, learningRate), scale)),
    slots: { momentum, velocity },
  };
}

export const nadam: OptimizerKind = {
  settings: ['beta_1', 'beta_2', 'epsilon'],
  learningRate: 0.001,
  slots: () => [['momentum', 'velocity']],
  shared: {
    u_product: {
      initial: 1,
      next: (before, { settings, step }) => multiply(before, decay(settings, step)),
    },
  },
  update,
};

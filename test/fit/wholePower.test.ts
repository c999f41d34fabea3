// Powers of decay rates against float64, for the processor and in the form for WebGPU.
import { expect, test } from 'vitest';
import { formsFor } from '../../src/fit/forms/formTable.js';
import { wholePower } from '../../src/fit/optimizers/wholePower.js';
import type { SymbolicTensor } from '../../src/ops/symbolicTensor.js';
import { runOp, tensor } from '../support/runOps.js';

test.each([
  [0.9, 'cpu'],
  [0.999, 'cpu'],
  [0.9999, 'cpu'],
  [0.9, 'webgpu'],
  [0.999, 'webgpu'],
  [0.9999, 'webgpu'],
])('%f to whole powers for %s', async (base, provider) => {
  const inForm = (x: SymbolicTensor): SymbolicTensor =>
    formsFor([wholePower(base, x)], { provider })[0] as SymbolicTensor;
  for (const exponent of [1, 2, 3, 30, 31, 1000, 65535, 2 ** 23 + 5]) {
    const { values } = await runOp((x) => inForm(x as never), [tensor([exponent], 'float32', [])]);
    const wanted = Math.fround(base) ** exponent;
    // Half a unit in the last place of numbers below one.
    expect(Math.abs((values[0] as number) - wanted), `${exponent}`).toBeLessThanOrEqual(2 ** -24);
  }
});

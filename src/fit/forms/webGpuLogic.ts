// Logic of booleans by choices between numbers, since WebGPU providers cannot choose between booleans.
// Must not import other folders of fit.
import { greater, where } from '../../ops/comparison.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import type { FormCall } from './form.js';

export function bothOf({ inputs: [a, b] }: FormCall): SymbolicTensor | undefined {
  return a && b && greater(where(a, castTo(b, 'float32'), 0), 0);
}

export function eitherOf({ inputs: [a, b] }: FormCall): SymbolicTensor | undefined {
  return a && b && greater(where(a, 1, castTo(b, 'float32')), 0);
}

// Choices between a cotangent and zero that the CPU makes faster as products.
// Must not import other folders of fit but autodiff.
import { multiply } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import { isGate } from '../autodiff/vjp.js';
import type { FormCall } from './form.js';

/** One or zero times the cotangent, as TensorFlow has it. Other choices keep what is no number out, and stay. */
export function gateByProduct({ tensor, inputs: [passes, cotangent] }: FormCall): SymbolicTensor | undefined {
  if (!isGate(tensor) || passes === undefined || cotangent === undefined) return undefined;
  return multiply(castTo(passes, cotangent.dtype), cotangent);
}

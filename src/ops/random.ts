// Random tensors.
// Must not import anything above graph; the pure entry point must not import it.
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';

/**
 * Numbers from 0 to below 1 in the shape of `x`, other ones at each run of a session.
 *
 * @param seed the same one gives the same sequence in each session of one build of ONNX Runtime
 */
export function randomLike(x: SymbolicTensor, seed: number): SymbolicTensor {
  return applyOp('RandomUniformLike', [x], x, { attributes: { seed: { type: 'float', value: seed } } });
}

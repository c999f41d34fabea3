// A part of a graph that is run for one step after another, so that what it makes on the way stays in the cache.
// Must not import anything above constraints.
import { applyOpWithResults, type SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';

/**
 * What `body` makes of each step along the first dimension of `x`, its results put one after another.
 *
 * @param body gets a step without that dimension, and must use nothing from outside but constants
 */
export function scan(
  x: SymbolicTensor,
  body: (step: SymbolicTensor) => readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  const [steps = null, ...inner] = x.shape ?? [];
  const step = symbolicInput('step', x.dtype, inner);
  const outputs = body(step);
  const results = outputs.map(({ dtype, shape = [] }) => ({ dtype, shape: [steps, ...shape] }));
  const attributes = { num_scan_inputs: { type: 'int', value: 1 } } as const;
  return applyOpWithResults('Scan', [x], results, { attributes, body: { inputs: [step], outputs } });
}

// A mark on tensors that gradients do not pass.
// Must not import anything above graph; the pure entry point must not import it.
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';

const stopped = new WeakSet<SymbolicTensor>();

/** `x` as a constant to derivatives, as `keras.ops.stop_gradient`. */
export function stopGradient(x: SymbolicTensor): SymbolicTensor {
  const result = applyOp('Identity', [x], x);
  stopped.add(result);
  return result;
}

/** Whether gradients end at a tensor. */
export function stopsGradient(x: SymbolicTensor): boolean {
  return stopped.has(x);
}

// Norms of float32 tensors with the squares summed in float64: for units of so many weights that float32 loses digits.
// Must not import anything above graph.
import { applyOp, SymbolicTensor } from './symbolicTensor.js';
import { castTo } from './tensorLike.js';

/**
 * The same tensor with every float32 norm behind it taken in float64 and rounded once.
 *
 * @param target the result of tracing
 */
export function widenNorms(target: SymbolicTensor): SymbolicTensor {
  const widened = new Map<SymbolicTensor, SymbolicTensor>();
  const stack = [target];
  // Iterative: chains can be long.
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const inputs = top.source.kind === 'op' ? top.source.inputs : [];
    const open = inputs.filter((input) => !widened.has(input));
    if (open.length > 0) {
      stack.push(...open);
      continue;
    }
    stack.pop();
    if (!widened.has(top)) widened.set(top, rebuild(top, widened));
  }
  return widened.get(target) as SymbolicTensor;
}

function rebuild(
  tensor: SymbolicTensor,
  widened: ReadonlyMap<SymbolicTensor, SymbolicTensor>,
): SymbolicTensor {
  const { source, dtype, shape } = tensor;
  if (source.kind !== 'op') return tensor;
  const inputs = source.inputs.map((input) => widened.get(input) as SymbolicTensor);
  if (source.opType !== 'ReduceL2' || dtype !== 'float32') {
    const same = inputs.every((input, i) => input === source.inputs[i]);
    return same ? tensor : new SymbolicTensor({ ...source, inputs }, dtype, shape);
  }
  const { attributes, axes } = source;
  const wide = inputs.map((input) => castTo(input, 'float64'));
  const extra = axes === undefined ? { attributes } : { attributes, axes };
  return castTo(applyOp('ReduceL2', wide, { dtype: 'float64', shape }, extra), 'float32');
}

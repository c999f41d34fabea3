// Rebuilds an expression with some of its tensors replaced.
// Must not import anything above graph.
import { SymbolicTensor } from './symbolicTensor.js';

/**
 * The same tensor with `replace` applied to every tensor behind it, down to `kept`.
 *
 * @param target the result of tracing
 * @param replace the tensor to put in the place of `tensor`, whose inputs are already replaced and given beside it;
 *   `undefined` keeps it
 * @param kept what the target was traced from: it and all behind it stay as they are
 */
export function rewrite(
  target: SymbolicTensor,
  replace: (tensor: SymbolicTensor, inputs: readonly SymbolicTensor[]) => SymbolicTensor | undefined,
  kept?: SymbolicTensor,
): SymbolicTensor {
  return rewriteAll([target], replace, kept)[0] as SymbolicTensor;
}

/** As `rewrite`, of several tensors; what they share is replaced once. */
export function rewriteAll(
  targets: readonly SymbolicTensor[],
  replace: (tensor: SymbolicTensor, inputs: readonly SymbolicTensor[]) => SymbolicTensor | undefined,
  kept?: SymbolicTensor,
): readonly SymbolicTensor[] {
  const done = new Map(kept && [[kept, kept]]);
  const stack = [...targets];
  // Iterative: chains can be long.
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const inputs = top.source.kind === 'op' ? top.source.inputs : [];
    const open = inputs.filter((input) => !done.has(input));
    if (open.length > 0) {
      stack.push(...open);
      continue;
    }
    stack.pop();
    if (done.has(top)) continue;
    const replaced = inputs.map((input) => done.get(input) as SymbolicTensor);
    done.set(top, replace(top, replaced) ?? withInputs(top, replaced));
  }
  return targets.map((target) => done.get(target) as SymbolicTensor);
}

function withInputs(tensor: SymbolicTensor, inputs: readonly SymbolicTensor[]): SymbolicTensor {
  const { source, dtype, shape } = tensor;
  if (source.kind !== 'op' || inputs.every((input, i) => input === source.inputs[i])) return tensor;
  return new SymbolicTensor({ ...source, inputs }, dtype, shape);
}

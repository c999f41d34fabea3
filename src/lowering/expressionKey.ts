// A text that two expressions share when they are the same operators on the same constants.
// Must not import anything above ops.
import type { SymbolicTensor } from '../ops/symbolicTensor.js';

/**
 * The key of an expression.
 *
 * @param leaf where it ends: the place that differs between expressions of one key
 */
export function expressionKey(target: SymbolicTensor, leaf: SymbolicTensor): string {
  const numbers = new Map<SymbolicTensor, number>();
  const lines: string[] = [];
  const visit = (tensor: SymbolicTensor): number => {
    const known = numbers.get(tensor);
    if (known !== undefined) return known;
    const line = tensor === leaf ? 'leaf' : describe(tensor, visit);
    numbers.set(tensor, lines.push(line) - 1);
    return lines.length - 1;
  };
  visit(target);
  return lines.join('\n');
}

function describe({ source, dtype }: SymbolicTensor, visit: (tensor: SymbolicTensor) => number): string {
  if (source.kind === 'input') return `input ${source.name} ${dtype}`;
  if (source.kind === 'constant') {
    const { data, dims } = source.value;
    // Object.is-style: 0 and -0 differ.
    return `constant ${dtype} [${dims}] ${Array.from(data as ArrayLike<unknown>, (x) => (Object.is(x, -0) ? '-0' : String(x)))}`;
  }
  if (source.kind === 'output') return `output ${source.index} of ${visit(source.of)}`;
  const { opType, inputs, attributes, axes } = source;
  return JSON.stringify([opType, dtype, attributes, axes ?? null, inputs.map(visit)]);
}

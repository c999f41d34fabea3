// The incident weights of each unit, by the operator that reads a weight: the axes that it sums over.
// Must not import runtime, files or cli.
import { formatShape } from '../graph/shape.js';
import type { Consumer, ModelTensor } from '../onnx/model.js';

/** The axes of a tensor over which each unit's norm is taken, and what its units are called. */
export interface UnitAxes {
  readonly axes: readonly number[];
  readonly noun: 'unit' | 'filter' | 'vector';
}

/**
 * The axes that `axis: "units"` stands for, or the reason why the nodes that read the tensor do not tell.
 *
 * MatMul and Gemm: the dimension they sum over. Conv: all but the first, ConvTranspose without groups: all but the
 * second, so that each output channel is a unit. Gather: all but the dimension it looks up, so that each vector is.
 */
export function unitAxes(tensor: ModelTensor): UnitAxes | string {
  const { consumers, name } = tensor;
  if (consumers.length === 0)
    return `no node reads ${name}, so what its units are is not known; give the axis`;
  const all = consumers.map((consumer) => unitsOf(tensor, consumer));
  const reason = all.find((each) => typeof each === 'string');
  if (reason !== undefined) return `${reason}; give the axis`;
  const [first, ...rest] = all as [UnitAxes, ...UnitAxes[]];
  const other = rest.findIndex(({ axes }) => axes.join() !== first.axes.join());
  if (other < 0) return first;
  return `the nodes that read ${name} disagree on its units: ${describeUse(consumers[0] as Consumer)} sums over [${first.axes.join(', ')}], ${describeUse(consumers[other + 1] as Consumer)} over [${rest[other]?.axes.join(', ')}]; give the axis`;
}

function unitsOf(tensor: ModelTensor, consumer: Consumer): UnitAxes | string {
  const { opType, domain, inputIndex, attributes } = consumer;
  const { dims } = tensor;
  const rank = dims.length;
  const use = describeUse(consumer);
  const operator = domain === '' ? opType : '';
  if (operator === 'MatMul' && rank > 0) {
    // The right operand is (…, in, out), the left one (…, out, in); of a vector there is one dimension to sum over.
    const axis = inputIndex === 1 ? Math.max(0, rank - 2) : rank - 1;
    return { axes: [axis], noun: 'unit' };
  }
  if (operator === 'Gemm' && inputIndex < 2 && rank === 2) {
    const transposed = Boolean(attributes[inputIndex === 1 ? 'transB' : 'transA']);
    return { axes: [transposed === (inputIndex === 1) ? 1 : 0], noun: 'unit' };
  }
  if ((operator === 'Conv' || operator === 'ConvTranspose') && inputIndex === 1 && rank >= 3) {
    const group = Number(attributes.group ?? 1);
    if (operator === 'Conv') return { axes: allBut(0, rank), noun: 'filter' };
    if (group === 1) return { axes: allBut(1, rank), noun: 'filter' };
    return `${use} has ${group} groups: its filters lie in both of the first dimensions of ${formatShape(dims)}, which no axis names`;
  }
  if (operator === 'Gather' && inputIndex === 0 && rank >= 2) {
    const axis = Number(attributes.axis ?? 0);
    if (axis >= -rank && axis < rank) return { axes: allBut((axis + rank) % rank, rank), noun: 'vector' };
  }
  return `what the units of ${tensor.name} ${formatShape(dims)} are is not known from input ${inputIndex} of ${use}`;
}

function allBut(kept: number, rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== kept);
}

function describeUse({ opType, nodeName, domain }: Consumer): string {
  const operator = domain === '' ? opType : `${domain}.${opType}`;
  return nodeName === '' ? operator : `${operator} ${nodeName}`;
}

// Turns symbolic tensors into ONNX nodes for one opset: the only place that knows how operators changed.
// Must not import anything above graph.
import type { DType } from '../graph/dtype.js';
import { UnsupportedError, UsageError } from '../graph/errors.js';
import type { Attribute } from '../graph/graph.js';
import type { GraphBuilder } from '../graph/graphBuilder.js';
import type { SymbolicTensor } from './symbolicTensor.js';
import { int64Value } from './tensorLike.js';

/** The opset from which an operator takes its axes as an input; before, they are an attribute. */
const axesAsInputSince: Readonly<Record<string, number>> = {
  ReduceSum: 13,
  Squeeze: 13,
  Unsqueeze: 13,
  ReduceL1: 18,
  ReduceL2: 18,
  ReduceMax: 18,
  ReduceMean: 18,
  ReduceMin: 18,
};

/** The opset from which a dtype may be cast to, where that is later than the lowest we emit. */
const dtypeSince: Readonly<Partial<Record<DType, number>>> = {
  float8_e4m3fn: 19,
  float8_e4m3fnuz: 19,
  float8_e5m2: 19,
  float8_e5m2fnuz: 19,
  uint4: 21,
  int4: 21,
  float4_e2m1fn: 23,
  float8_e8m0fnu: 24,
  uint2: 25,
  int2: 25,
};

/**
 * Emits the nodes behind `target` and returns the name of its value.
 *
 * @param inputs the value name of each symbolic input
 * @param output the name the result must have; when the result is an input or a constant itself, or is
 *   used again, an Identity node carries it there
 * @throws {UsageError} when `target` depends on an input that is not in `inputs`
 * @throws {UnsupportedError} when a dtype on the way is newer than the opset
 */
export function lower(
  target: SymbolicTensor,
  inputs: ReadonlyMap<SymbolicTensor, string>,
  builder: GraphBuilder,
  output?: string,
): string {
  const names = new Map<SymbolicTensor, string>(inputs);
  for (const tensor of topologicalOrder(target, inputs)) {
    names.set(tensor, emit(tensor, names, builder, tensor === target ? output : undefined));
  }
  const name = names.get(target) as string;
  return output === undefined || name === output ? name : builder.node('Identity', [name], {}, output);
}

function emit(
  tensor: SymbolicTensor,
  names: ReadonlyMap<SymbolicTensor, string>,
  builder: GraphBuilder,
  output: string | undefined,
): string {
  const { source, dtype } = tensor;
  const since = dtypeSince[dtype] ?? builder.opset;
  if (since > builder.opset) {
    throw new UnsupportedError(
      `${dtype} needs opset ${since} or later; this graph is for opset ${builder.opset}`,
    );
  }
  if (source.kind === 'input') {
    throw new UsageError(`the result depends on input '${source.name}' of another graph`);
  }
  if (source.kind === 'constant') return builder.constant(source.value);
  const inputs = source.inputs.map((input) => names.get(input) as string);
  const attributes: Record<string, Attribute> = { ...source.attributes };
  if (source.axes !== undefined) {
    if (axesAsInput(source.opType, builder.opset))
      inputs.push(builder.constant(int64Value(source.axes), 'axes'));
    else attributes.axes = { type: 'ints', value: source.axes };
  }
  return builder.node(source.opType, inputs, attributes, output);
}

function axesAsInput(opType: string, opset: number): boolean {
  const since = axesAsInputSince[opType];
  if (since === undefined) throw new UsageError(`no axes rule for operator ${opType}`);
  return opset >= since;
}

/** Every tensor behind `target` that is not an input, each after what it needs. Iterative: chains can be long. */
function topologicalOrder(
  target: SymbolicTensor,
  inputs: ReadonlyMap<SymbolicTensor, string>,
): readonly SymbolicTensor[] {
  const order: SymbolicTensor[] = [];
  const done = new Set<SymbolicTensor>(inputs.keys());
  const stack: { tensor: SymbolicTensor; expanded: boolean }[] = [{ tensor: target, expanded: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { tensor, expanded } = top;
    if (done.has(tensor)) continue;
    if (expanded) {
      done.add(tensor);
      order.push(tensor);
      continue;
    }
    stack.push({ tensor, expanded: true });
    if (tensor.source.kind === 'op') {
      for (const input of tensor.source.inputs.toReversed()) {
        if (!done.has(input)) stack.push({ tensor: input, expanded: false });
      }
    }
  }
  return order;
}

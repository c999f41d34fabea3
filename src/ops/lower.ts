// Turns symbolic tensors into ONNX nodes for one opset: the only place that knows how operators changed.
// Must not import anything above graph.
import type { DType } from '../graph/dtype.js';
import { UsageError } from '../graph/errors.js';
import type { Attribute, Graph, Value } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { MIN_OPSET } from '../graph/opset.js';
import type { OlderForm } from './olderForms.js';
import type { Body, SymbolicTensor } from './symbolicTensor.js';
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

/** The opset from which an operator is as we emit it, where that is later than the lowest we emit. */
const operatorSince: Readonly<Record<string, number>> = { ScatterND: 16, Col2Im: 18 };

/** The opset from which a dtype may be cast to and computed in, where that is later than the lowest we emit. */
const dtypeSince: Readonly<Partial<Record<DType, number>>> = {
  bfloat16: 13,
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
 * @param olderForm `olderForm`, for opsets below 13. It is handed in, since most callers know no such opset
 * @throws {UsageError} when `target` depends on an input that is not in `inputs`, or when an operator or a dtype on
 *   the way is newer than the opset and nothing older stands in for it
 */
export function lower(
  target: SymbolicTensor,
  inputs: ReadonlyMap<SymbolicTensor, string>,
  builder: GraphBuilder,
  output?: string,
  olderForm?: OlderForm,
): string {
  const [name] = lowerAll([{ tensor: target, name: output }], inputs, builder, olderForm);
  return name as string;
}

/** A tensor to emit, and the name that its value must have, if any. */
export interface LowerTarget {
  readonly tensor: SymbolicTensor;
  readonly name: string | undefined;
}

/** As `lower`, of several tensors; what they share is emitted once. */
export function lowerAll(
  targets: readonly LowerTarget[],
  inputs: ReadonlyMap<SymbolicTensor, string>,
  builder: GraphBuilder,
  olderForm?: OlderForm,
): readonly string[] {
  const { opset } = builder;
  if (opset < MIN_OPSET && olderForm === undefined) {
    throw new UsageError(
      `opset ${opset} is written by exportConstraint of 'onnx-constraints/export' and by the command export alone; here opsets from ${MIN_OPSET} on are`,
    );
  }
  const emission = new Emission(builder, inputs, targets, olderForm);
  return targets.map(({ tensor, name: wanted }) => {
    for (const next of topologicalOrder(tensor, emission.names)) emission.emit(next);
    const name = emission.names.get(tensor) as string;
    return wanted === undefined || name === wanted ? name : builder.node('Identity', [name], {}, wanted);
  });
}

/** The values that are there so far. */
class Emission {
  readonly names: Map<SymbolicTensor, string>;
  readonly #wanted = new Map<SymbolicTensor, string>();
  /** The names of all outputs of operators that have several. */
  readonly #outputs = new Map<SymbolicTensor, readonly string[]>();
  /** Forms for the opset that are written as they are. */
  readonly #settled = new Set<SymbolicTensor>();

  constructor(
    readonly builder: GraphBuilder,
    inputs: ReadonlyMap<SymbolicTensor, string>,
    targets: readonly LowerTarget[],
    readonly olderForm: OlderForm | undefined,
  ) {
    this.names = new Map(inputs);
    for (const { tensor, name } of targets) {
      if (name !== undefined && !this.#wanted.has(tensor)) this.#wanted.set(tensor, name);
    }
  }

  emit(tensor: SymbolicTensor): void {
    const form = this.#settled.has(tensor) ? undefined : this.olderForm?.(tensor, this.builder.opset);
    this.names.set(tensor, form === undefined ? this.#emit(tensor) : this.#emitForm(tensor, form));
  }

  /** Emits a form in the place of a tensor, whose inputs are there. */
  #emitForm(tensor: SymbolicTensor, form: SymbolicTensor): string {
    if (opTypeOf(form) === opTypeOf(tensor)) this.#settled.add(form);
    const wanted = this.#wanted.get(tensor);
    if (wanted !== undefined) this.#wanted.set(form, wanted);
    for (const next of topologicalOrder(form, this.names)) this.emit(next);
    return this.names.get(form) as string;
  }

  #emit(tensor: SymbolicTensor): string {
    const { source, dtype } = tensor;
    const { builder } = this;
    checkOpset(dtypeSince, dtype, builder.opset);
    if (source.kind === 'input') {
      throw new UsageError(`the result depends on input '${source.name}' of another graph`);
    }
    if (source.kind === 'constant') return builder.constant(source.value);
    if (source.kind === 'output') return this.#outputs.get(source.of)?.[source.index] as string;
    checkOpset(operatorSince, source.opType, builder.opset);
    const inputs = source.inputs.map((input) => this.names.get(input) as string);
    const attributes: Record<string, Attribute> = { ...source.attributes };
    if (source.axes !== undefined) {
      if (axesAsInput(source.opType, builder.opset))
        inputs.push(builder.constant(int64Value(source.axes), 'axes'));
      else attributes.axes = { type: 'ints', value: source.axes };
    }
    if (source.body !== undefined)
      attributes.body = { type: 'graph', value: lowerBody(source.body, builder) };
    const outputs = builder.nodeOf(
      source.opType,
      inputs,
      attributes,
      this.#outputNames(tensor, source.outputs),
    );
    this.#outputs.set(tensor, outputs);
    return outputs[0] as string;
  }

  #outputNames(tensor: SymbolicTensor, count = 1): readonly (string | undefined)[] {
    const names = Array.from({ length: count }, (_, i) => (i === 0 ? this.#wanted.get(tensor) : undefined));
    if (count === 1) return names;
    for (const [{ source }, name] of this.#wanted) {
      if (source.kind === 'output' && source.of === tensor) names[source.index] = name;
    }
    return names;
  }
}

function checkOpset(table: Readonly<Record<string, number>>, name: string, opset: number): void {
  const since = table[name] ?? opset;
  if (since > opset)
    throw new UsageError(`${name} needs opset ${since} or later; this graph is for opset ${opset}`);
}

/** A body as a graph of its own, which has its names from the graph around it. */
function lowerBody({ inputs, outputs }: Body, around: GraphBuilder): Graph {
  const { names, opset } = around;
  const builder = new GraphBuilder({ opset, names });
  const values = (tensors: readonly SymbolicTensor[], base: string): readonly Value[] =>
    tensors.map(({ dtype, shape }) => ({ name: names.fresh(base), dtype, shape }));
  const own = { inputs: values(inputs, 'slice'), outputs: values(outputs, 'result') };
  const inner = new Map(inputs.map((tensor, i) => [tensor, own.inputs[i]?.name as string]));
  lowerAll(
    outputs.map((tensor, i) => ({ tensor, name: own.outputs[i]?.name })),
    inner,
    builder,
  );
  return { ...builder.build(names.fresh('body')), ...own };
}

function axesAsInput(opType: string, opset: number): boolean {
  const since = axesAsInputSince[opType];
  if (since === undefined) throw new UsageError(`no axes rule for operator ${opType}`);
  return opset >= since;
}

/** Every tensor behind `target` that is not known, each after what it needs. Iterative: chains can be long. */
function topologicalOrder(
  target: SymbolicTensor,
  known: ReadonlyMap<SymbolicTensor, string>,
): readonly SymbolicTensor[] {
  const order: SymbolicTensor[] = [];
  const done = new Set<SymbolicTensor>();
  const stack: { tensor: SymbolicTensor; expanded: boolean }[] = [{ tensor: target, expanded: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { tensor, expanded } = top;
    if (done.has(tensor) || known.has(tensor)) continue;
    if (expanded) {
      done.add(tensor);
      order.push(tensor);
      continue;
    }
    stack.push({ tensor, expanded: true });
    for (const input of inputsOf(tensor).toReversed()) {
      if (!done.has(input)) stack.push({ tensor: input, expanded: false });
    }
  }
  return order;
}

function opTypeOf({ source }: SymbolicTensor): string | undefined {
  return source.kind === 'op' ? source.opType : undefined;
}

function inputsOf({ source }: SymbolicTensor): readonly SymbolicTensor[] {
  if (source.kind === 'op') return source.inputs;
  return source.kind === 'output' ? [source.of] : [];
}

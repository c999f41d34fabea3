// Rewrites a model of opset 9 to 12 for opset 13: the operators that changed on the way, with the same results.
// Must not show protobuf to its callers.
import { type DType, dtypeFromOnnx, dtypeToOnnx } from '../graph/dtype.js';
import { UnsupportedError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { attributeGraphs, canonicalDomain } from './attributes.js';
import { onnx } from './gen/onnx.js';
import { type Int64, int64ToNumber } from './int64.js';
import type { OnnxModel } from './model.js';
import { partsOf } from './modelParts.js';
import { writeInline } from './tensorProto.js';

const TARGET = 13;
const LOWEST = 9;

/** The operators whose older forms are rewritten, each with the opset that changed it. */
const changedIn: Readonly<Record<string, number>> = {
  Slice: 10,
  TopK: 10,
  Upsample: 10,
  Clip: 11,
  Pad: 11,
  Resize: 11,
  Scatter: 11,
  Dropout: 12,
  Squeeze: 13,
  Unsqueeze: 13,
  ReduceSum: 13,
  Split: 13,
  Softmax: 13,
  LogSoftmax: 13,
  Hardmax: 13,
};

/**
 * Raises a model of opset 9 to 12 to 13, in place: operators that changed are written in their new form, with the same
 * results. A model of a later opset is left as it is; the IR version stays.
 *
 * Returns the opset the model had.
 *
 * @throws {UnsupportedError} where the opset is older, or a node (`Upsample`, `Resize`, those whose types are not known)
 *   cannot be rewritten; the model is then not to be used further
 * @example
 * const step = await readModel('step.onnx');
 * upgradeOpset(step);
 */
export function upgradeOpset(model: OnnxModel): number {
  const { proto, changed } = partsOf(model);
  const { file } = model;
  const from = model.opset() ?? TARGET;
  if (from >= TARGET) return from;
  if (from < LOWEST || proto.functions.length > 0) {
    const found = from < LOWEST ? `opset ${from}` : 'a model with functions';
    throw new UnsupportedError(`${found} is not upgraded; opsets ${LOWEST} to ${TARGET - 1} are`, { file });
  }
  const names = model.names();
  const graphs = [
    proto.graph,
    ...proto.trainingInfo.flatMap(({ algorithm, initialization }) => [algorithm, initialization]),
  ];
  for (const graph of graphs) if (graph !== null) new GraphUpgrade(graph, from, names, file).run();
  for (const entry of proto.opsetImport) {
    if (canonicalDomain(entry.domain) === '') entry.version = TARGET;
  }
  changed();
  return from;
}

class GraphUpgrade {
  readonly #types = new Map<string, DType | undefined>();
  #made: onnx.NodeProto[] = [];

  constructor(
    private readonly graph: onnx.GraphProto,
    private readonly from: number,
    private readonly names: Set<string>,
    private readonly file: string | undefined,
  ) {
    for (const { name, type } of [...graph.input, ...graph.output, ...graph.valueInfo]) {
      this.#types.set(name ?? '', dtypeFromOnnx(type?.tensorType?.elemType ?? 0));
    }
    for (const { name, dataType } of graph.initializer)
      this.#types.set(name ?? '', dtypeFromOnnx(dataType ?? 0));
  }

  run(): void {
    this.graph.node = this.graph.node.flatMap((node) => {
      for (const [, inner] of attributeGraphs(node))
        new GraphUpgrade(inner, this.from, this.names, this.file).run();
      this.#made = [];
      const isChanged =
        canonicalDomain(node.domain) === '' && (changedIn[node.opType ?? ''] ?? 0) > this.from;
      const behind = isChanged ? this.#rewrite(node) : [];
      return [...this.#made, node, ...behind];
    });
  }

  /** Rewrites a node in place; gives the nodes that come behind it. */
  #rewrite(node: onnx.NodeProto): readonly onnx.NodeProto[] {
    switch (node.opType) {
      case 'Squeeze':
      case 'Unsqueeze':
      case 'ReduceSum':
        this.#move(node, 'axes', 1);
        return [];
      case 'Split':
        this.#move(node, 'split', 1);
        return [];
      case 'Slice':
        this.#move(node, 'starts', 1);
        this.#move(node, 'ends', 2);
        this.#move(node, 'axes', 3);
        return [];
      case 'TopK': {
        const k = take(node, 'k')?.i ?? 1;
        node.input[1] = this.#constant(int64s([k]));
        return [];
      }
      case 'Pad':
        this.#move(node, 'pads', 1);
        this.#moveNumber(node, 'value', 2, 0);
        return [];
      case 'Clip':
        this.#moveNumber(node, 'min', 1);
        this.#moveNumber(node, 'max', 2);
        return [];
      case 'Dropout':
        // In the older form it is always that of inference, where the ratio has no effect.
        take(node, 'ratio');
        return [];
      case 'Scatter':
        node.opType = 'ScatterElements';
        return [];
      case 'Softmax':
      case 'LogSoftmax':
      case 'Hardmax':
        return this.#flattened(node);
      default:
        throw this.#refusal(node, `cannot be rewritten for opset ${TARGET}; export the model for it`);
    }
  }

  /** An attribute of integers as an input. */
  #move(node: onnx.NodeProto, attribute: string, input: number): void {
    const found = take(node, attribute);
    if (found !== undefined) node.input[input] = this.#constant(int64s(found.ints));
  }

  /** An attribute that is one number as an input of the node's own dtype; left out where it is `absent`. */
  #moveNumber(node: onnx.NodeProto, attribute: string, input: number, absent?: number): void {
    const value = take(node, attribute)?.f;
    if (value === undefined || value === null || value === absent) return;
    const dtype = this.#types.get(node.input[0] ?? '') ?? this.#types.get(node.output[0] ?? '');
    if (dtype === undefined)
      throw this.#refusal(node, 'has an input of unknown type; infer the shapes of the model first');
    while (node.input.length < input) node.input.push('');
    node.input[input] = this.#constant(fromFloat64([value], dtype, []));
  }

  /** The older form flattens all dimensions from `axis` on, where the new one looks along the axis alone. */
  #flattened(node: onnx.NodeProto): readonly onnx.NodeProto[] {
    const axis = int64ToNumber(take(node, 'axis')?.i ?? 1, 'axis', { file: this.file });
    node.attribute.push(intAttribute('axis', -1));
    if (axis === -1) return [];
    const [x = '', y = ''] = [node.input[0], node.output[0]];
    const shape = this.#node('Shape', [x], []);
    node.input = [this.#node('Flatten', [x], [intAttribute('axis', axis)])];
    const flat = this.#fresh(node.opType ?? '');
    node.output = [flat];
    const name = this.#fresh('Reshape');
    return [new onnx.NodeProto({ opType: 'Reshape', name, input: [flat, shape], output: [y] })];
  }

  #constant(value: TensorValue): string {
    return this.#node('Constant', [], [tensorAttribute('value', value)]);
  }

  /** A node before the one that is rewritten; gives the name of its result. */
  #node(opType: string, input: string[], attribute: onnx.AttributeProto[]): string {
    const name = this.#fresh(opType);
    this.#made.push(new onnx.NodeProto({ opType, name, input, output: [name], attribute }));
    return name;
  }

  #fresh(base: string): string {
    for (let n = 0; ; n++) {
      const name = `upgraded/${base}_${n}`;
      if (this.names.has(name)) continue;
      this.names.add(name);
      return name;
    }
  }

  #refusal({ opType, name }: onnx.NodeProto, reason: string): UnsupportedError {
    return new UnsupportedError(`node '${name ?? ''}' (${opType}) of opset ${this.from} ${reason}`, {
      file: this.file,
    });
  }
}

/** Takes an attribute out of a node. */
function take(node: onnx.NodeProto, name: string): onnx.AttributeProto | undefined {
  const at = node.attribute.findIndex((attribute) => attribute.name === name);
  return at < 0 ? undefined : node.attribute.splice(at, 1)[0];
}

function int64s(values: readonly Int64[]): TensorValue {
  const data = BigInt64Array.from(values, (value) => BigInt(value.toString()));
  return { dtype: 'int64', dims: [values.length], data };
}

function intAttribute(name: string, i: number): onnx.AttributeProto {
  return new onnx.AttributeProto({ name, type: onnx.AttributeProto.AttributeType.INT, i });
}

function tensorAttribute(name: string, value: TensorValue): onnx.AttributeProto {
  const t = new onnx.TensorProto({ dims: [...value.dims], dataType: dtypeToOnnx(value.dtype) });
  writeInline(t, value, { path: name });
  return new onnx.AttributeProto({ name, type: onnx.AttributeProto.AttributeType.TENSOR, t });
}

// Rewrites an exporter's file into forms that other tools give the same model: weights as Constant nodes, and inside the
// branches of an If.
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import { onnx } from '../../src/onnx/gen/onnx.js';

const { AttributeType } = onnx.AttributeProto;

/** The model with every float initializer as the tensor of a Constant node. */
export function asConstants(bytes: Uint8Array): Uint8Array {
  const model = decodeModelProto(bytes);
  const graph = model.graph as onnx.GraphProto;
  const isWeight = ({ dataType }: onnx.TensorProto): boolean => dataType === onnx.TensorProto.DataType.FLOAT;
  const constants = graph.initializer.filter(isWeight).map((tensor) => {
    const attribute = [{ name: 'value', type: AttributeType.TENSOR, t: tensor }];
    return new onnx.NodeProto({ opType: 'Constant', output: [tensor.name as string], attribute });
  });
  graph.initializer = graph.initializer.filter((tensor) => !isWeight(tensor));
  graph.node = [...constants, ...graph.node];
  return encodeModelProto(model);
}

/** The model with its first node of a type moved into both branches of an If, each with its own copy of the weight. */
export function inBranches(bytes: Uint8Array, opType: string): Uint8Array {
  const model = decodeModelProto(bytes);
  const graph = model.graph as onnx.GraphProto;
  const at = graph.node.findIndex((node) => node.opType === opType);
  const node = graph.node[at] as onnx.NodeProto;
  const weight = graph.initializer.find(({ name }) => name === node.input[1]) as onnx.TensorProto;
  const output = node.output[0] as string;
  const branch = (name: string): onnx.GraphProto.$Properties => ({
    name,
    node: [{ ...node, output: [`${output}_${name}`] }],
    initializer: [{ ...weight, name: `${weight.name}_${name}` }],
    output: [
      { name: `${output}_${name}`, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } },
    ],
  });
  const branches = ['then', 'else'].map((name) => {
    const g = branch(name);
    const [inner] = g.node as [onnx.NodeProto];
    inner.input = [node.input[0] as string, `${weight.name}_${name}`, ...node.input.slice(2)];
    return { name: `${name}_branch`, type: AttributeType.GRAPH, g };
  });
  graph.initializer = graph.initializer.filter((tensor) => tensor !== weight);
  const condition = { name: 'condition', dims: [], dataType: onnx.TensorProto.DataType.BOOL, int32Data: [1] };
  graph.initializer.push(new onnx.TensorProto(condition));
  graph.node[at] = new onnx.NodeProto({
    opType: 'If',
    input: ['condition'],
    output: [output],
    attribute: branches,
  });
  return encodeModelProto(model);
}

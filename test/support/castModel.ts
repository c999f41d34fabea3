// Puts casts around a bfloat16 model so that JavaScript, which knows no bfloat16 tensors, can feed it float32.
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import { onnx } from '../../src/onnx/gen/onnx.js';

const { FLOAT, BFLOAT16 } = onnx.TensorProto.DataType;

/** The model `w → w_out` of bfloat16 as one of float32: cast, the model's own nodes unchanged, cast back. */
export function castInputsAndOutputs(bytes: Uint8Array): Uint8Array {
  const model = decodeModelProto(bytes);
  const graph = model.graph as onnx.GraphProto;
  const elementTypes = [...graph.input, ...graph.output].map(({ type }) => type?.tensorType);
  if (elementTypes.some((type) => type?.elemType !== BFLOAT16)) throw new Error('not a bfloat16 model');
  for (const type of elementTypes) (type as { elemType: number }).elemType = FLOAT;
  for (const node of graph.node) {
    node.input = node.input.map((name) => (name === 'w' ? 'w_bfloat16' : name));
    node.output = node.output.map((name) => (name === 'w_out' ? 'w_out_bfloat16' : name));
  }
  graph.node.unshift(cast('w', 'w_bfloat16', BFLOAT16));
  graph.node.push(cast('w_out_bfloat16', 'w_out', FLOAT));
  return encodeModelProto(model);
}

function cast(input: string, output: string, to: number): onnx.NodeProto {
  const attribute = { name: 'to', type: onnx.AttributeProto.AttributeType.INT, i: to };
  return new onnx.NodeProto({ opType: 'Cast', input: [input], output: [output], attribute: [attribute] });
}

// Collects the nodes of a train step and encodes them by the project's codec.
// Must not import anything else from src or dist: the steps are what a user brings along.
import { onnx } from '../../../src/onnx/gen/onnx.js';

const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

/** A graph in ONNX's own terms, opset 17. */
export class StepGraph {
  #nodes = [];
  #initializers = [];
  #inputs = [];
  #outputs = [];

  /** @param {string} name @param {number[]} dims */
  input(name, dims) {
    this.#inputs.push(valueProto(name, dims));
    return name;
  }

  /** @param {string} name @param {number[]} dims */
  output(name, dims) {
    this.#outputs.push(valueProto(name, dims));
  }

  /** @param {number} value */
  scalar(value) {
    return this.#constant({ dims: [], dataType: DataType.FLOAT, floatData: [value] });
  }

  /** @param {number[]} values */
  integers(values) {
    return this.#constant({ dims: [values.length], dataType: DataType.INT64, int64Data: values });
  }

  #constant(tensor) {
    const name = `const_${this.#initializers.length}`;
    this.#initializers.push(new onnx.TensorProto({ name, ...tensor }));
    return name;
  }

  /** @param {string} opType @param {string[]} inputs @param {Record<string, number | number[]>} [attributes] @param {string} [output] */
  node(opType, inputs, attributes = {}, output = `${opType}_${this.#nodes.length}`) {
    const attribute = Object.entries(attributes).map(([name, value]) =>
      Array.isArray(value)
        ? { name, type: AttributeType.INTS, ints: value }
        : { name, type: AttributeType.INT, i: value },
    );
    this.#nodes.push({ opType, name: output, input: inputs, output: [output], attribute });
    return output;
  }

  /** @returns {Uint8Array} */
  encode() {
    const graph = {
      name: 'step',
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    };
    const model = new onnx.ModelProto({ irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph });
    return onnx.ModelProto.encode(model).finish();
  }
}

function valueProto(name, dims) {
  const shape = { dim: dims.map((dimValue) => ({ dimValue })) };
  return { name, type: { tensorType: { elemType: DataType.FLOAT, shape } } };
}

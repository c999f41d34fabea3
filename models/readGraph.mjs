// What a picture needs to know of an ONNX graph: nodes, edges, and constants small enough to be read.
// Must not import anything but the codec.
import { onnx } from '../src/onnx/gen/onnx.js';

/**
 * @typedef {object} DrawnNode
 * @property {string} op
 * @property {string} domain '' for the standard one
 * @property {string[]} inputs names of values, '' for one left out
 * @property {string[]} outputs
 * @property {{ label: string, sign: string, value: string }[]} details attributes (=) and constant inputs (←)
 */

/** @typedef {{ name: string, type: string }} DrawnValue */
/** @typedef {{ title: string, nodes: DrawnNode[], inputs: DrawnValue[], outputs: DrawnValue[] }} DrawnGraph */

const dtypeNames = { 1: 'float32', 7: 'int64', 9: 'bool', 10: 'float16', 11: 'float64', 16: 'bfloat16' };

/** The model's graph, and behind it the functions it calls. @param {Uint8Array} bytes @returns {DrawnGraph[]} */
export function readGraphs(bytes) {
  const model = onnx.ModelProto.decode(bytes);
  const functions = model.functions.map((body) =>
    readNodes(`${body.domain}.${body.name}`, body, body.input.map(bare), body.output.map(bare), []),
  );
  const { graph } = model;
  const { input, output, initializer } = graph;
  return [readNodes('', graph, input.map(typed), output.map(typed), initializer), ...functions];
}

/**
 * The same for all graphs that differ in numbers alone: sizes, values and opset are left out.
 * @param {DrawnGraph[]} graphs
 */
export function structureKey(graphs) {
  const isName = /^[a-z]/;
  return JSON.stringify(
    graphs.map(({ nodes, inputs, outputs }) => ({
      nodes: nodes.map(({ details, ...node }) => ({
        ...node,
        details: details.map(({ label, sign, value }) => [label, sign, isName.test(value) ? value : '#']),
      })),
      ends: [...inputs, ...outputs].map(({ name }) => name),
    })),
  );
}

function bare(name) {
  return { name, type: '' };
}

function typed({ name, type }) {
  const { elemType, shape } = type.tensorType;
  const dims = (shape?.dim ?? []).map(({ dimValue, dimParam }) => dimParam || String(dimValue ?? '?'));
  return { name, type: `${dtypeNames[elemType] ?? elemType} ${dims.length > 0 ? dims.join('×') : 'scalar'}` };
}

function readNodes(title, { node }, inputs, outputs, initializers) {
  const constants = new Map(initializers.map((tensor) => [tensor.name, tensor]));
  for (const { opType, output, attribute } of node) {
    const value = attribute.find(({ name }) => name === 'value')?.t;
    if (opType === 'Constant' && value) constants.set(output[0], value);
  }
  const isConstant = (name) => constants.has(name);
  const nodes = node
    .filter(({ output }) => !isConstant(output[0]))
    .map(({ opType, domain, input, output, attribute }) => ({
      op: opType,
      domain: domain ?? '',
      inputs: input.filter((name) => !isConstant(name)),
      outputs: [...output],
      details: [
        ...attribute.map((item) => ({ label: item.name, sign: '=', value: formatAttribute(item) })),
        ...input.flatMap((name, i) =>
          isConstant(name)
            ? [{ label: inputName(opType, i), sign: '←', value: formatTensor(constants.get(name)) }]
            : [],
        ),
      ],
    }));
  return { title, nodes, inputs, outputs };
}

/** As the operator's specification calls it. */
function inputName(op, index) {
  if (op === 'Clip') return ['input', 'min', 'max'][index];
  if (op.startsWith('Reduce')) return ['data', 'axes'][index];
  return ['A', 'B'][index] ?? `input ${index}`;
}

function formatAttribute({ name, type, i, f, ints, s, t, ref }) {
  if (ref) return ref;
  if (name === 'to') return dtypeNames[Number(i)] ?? String(i);
  switch (type) {
    case 1:
      return formatNumber(f);
    case 2:
      return String(i);
    case 3:
      return Buffer.from(s).toString();
    case 4:
      return formatTensor(t);
    case 7:
      return `[${ints.map(String).join(', ')}]`;
    default:
      return '…';
  }
}

function formatTensor({ dims, dataType, rawData, floatData, int64Data, doubleData, int32Data }) {
  const typedArrays = { 1: Float32Array, 7: BigInt64Array, 11: Float64Array };
  const stored = [floatData, int64Data, doubleData, int32Data].find((data) => data?.length > 0);
  const ArrayType = typedArrays[dataType];
  const raw =
    rawData?.length > 0 && ArrayType ? [...new ArrayType(Uint8Array.from(rawData).buffer)] : undefined;
  const numbers = raw ?? [...(stored ?? [])];
  if (numbers.length > 4) return `${dtypeNames[dataType]} [${dims.map(String).join(', ')}]`;
  const text = numbers.map((value) => formatNumber(Number(value))).join(', ');
  return dims.length === 0 ? text : `[${text}]`;
}

function formatNumber(value) {
  return String(Number(value.toPrecision(7)));
}

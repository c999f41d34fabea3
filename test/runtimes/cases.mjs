// The cases that runtimes are asked: Keras's golden weights through exported graphs of each opset, and the published set.
// Must not import src: what ships is what is run. Needs a build.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportConstraint } from '../../dist/export.js';
import { deserialize } from '../../dist/index.js';
import { onnx } from '../../src/onnx/gen/onnx.js';
import { importTypeScript } from '../support/importTypeScript.mjs';
import { readGoldenCases, toNumbers } from '../support/readGoldenCases.mjs';

const { applyKerasConstraint } = await importTypeScript(new URL('../support/reference.ts', import.meta.url));
const models = fileURLToPath(new URL('../../models/', import.meta.url));

export const opsets = [7, 11, 13, 18, 21, 26];
export const dtypes = ['float32', 'float64', 'float16', 'bfloat16'];

/** No operator takes bfloat16 before opset 13. @param {string} dtype */
const opsetsOf = (dtype) => opsets.filter((opset) => dtype !== 'bfloat16' || opset >= 13);

/**
 * @typedef {object} Case
 * @property {string} id
 * @property {string} model path of the file
 * @property {TensorText[]} inputs
 * @property {string[]} outputs names
 * @property {{ dtype: string, dims: number[], values: number[] }[]} wanted in float64, not rounded
 * @property {string} what it asks, in words
 * @property {string} constraint
 * @property {number} opset
 * @property {string} dtype
 * @property {string | undefined} form of a published graph; golden cases have none
 * @property {boolean} sample whether runtimes that are slow to open models are asked too
 */

/** @typedef {{ name: string, dtype: string, dims: number[], data: string }} TensorText its elements in base64 */

/** Writes the models and gives the cases. @param {string} folder @returns {Case[]} */
export function makeCases(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const golden = readGoldenCases().filter(({ dtype }) => dtypes.includes(dtype));
  return [
    ...golden.flatMap((one) => opsetsOf(one.dtype).map((opset) => goldenCase(folder, one, opset))),
    ...publishedCases(folder),
  ];
}

function goldenCase(folder, { id, constraint, dtype, shape, note, w }, opset) {
  const model = join(folder, `${id}-${opset}.onnx`);
  writeFileSync(model, exportConstraint(deserialize(constraint), { dtype, opset, shape }));
  const { axis = 0 } = constraint.config;
  const small = `${shape}` === '4,3' && note === '' && axis === 0;
  return {
    id: `${id}-${opset}`,
    model,
    inputs: [{ name: 'w', dtype, dims: shape, data: Buffer.from(w.bytes).toString('base64') }],
    outputs: ['w_out'],
    wanted: [{ dtype, dims: shape, values: applyKerasConstraint(constraint, toNumbers(w), shape) }],
    what: `${constraint.class_name} of ${dtype} (${shape.join(', ')}) with ${JSON.stringify(constraint.config)}, opset ${opset}`,
    constraint: constraint.class_name,
    opset,
    dtype,
    form: undefined,
    sample: opset === 18 || small,
  };
}

/** The published graphs on their own data. @param {string} folder */
function publishedCases(folder) {
  const { graphs } = JSON.parse(readFileSync(join(models, 'manifest.json'), 'utf8'));
  return graphs.map(({ name, constraint, opset, dtype, form, sha256 }) => {
    const files = Object.keys(sha256);
    const read = (kind) =>
      files
        .filter((file) => file.includes(`/${kind}_`))
        .map((file) => readTensor(join(models, 'constraints', name, file)));
    const outputs = read('output');
    const model = join(folder, `${name}.onnx`);
    copyFileSync(join(models, 'constraints', name, 'model.onnx'), model);
    return {
      id: name,
      model,
      inputs: read('input'),
      outputs: outputs.map((tensor) => tensor.name),
      wanted: outputs.map((tensor) => ({
        dtype: tensor.dtype,
        dims: tensor.dims,
        values: toNumbers({
          dtype: tensor.dtype,
          dims: tensor.dims,
          bytes: new Uint8Array(Buffer.from(tensor.data, 'base64')),
        }),
      })),
      what: name,
      constraint,
      opset,
      dtype,
      form,
      sample: true,
    };
  });
}

const dtypeNames = { 1: 'float32', 7: 'int64', 10: 'float16', 11: 'float64', 16: 'bfloat16' };

/** @param {string} file @returns {TensorText} */
function readTensor(file) {
  const { name, dataType, dims, rawData } = onnx.TensorProto.decode(readFileSync(file));
  return {
    name,
    dtype: dtypeNames[dataType],
    dims: dims.map(Number),
    data: Buffer.from(rawData).toString('base64'),
  };
}

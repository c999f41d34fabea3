// The runtimes of the table, one entry each: its name, how it is made ready, and whether it is asked everything.
// Must not run any: main.mjs does. A runtime is added here, with a program or module beside the others.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findSoftwareVulkan } from '../support/programs.mjs';
import { pinned, preparePython, prepareRust, withLibraries } from './environment.mjs';

/**
 * @typedef {object} Runtime
 * @property {string} key for --only
 * @property {string} name
 * @property {string} note
 * @property {boolean} whole whether it is asked every case, or opset 18 and a sample of the others
 * @property {boolean} [checks] it judges files and computes nothing
 * @property {readonly string[]} [lacks] dtypes that it refuses in every case, as far as --only is concerned
 * @property {() => { version: string, program: import('./collectAnswers.mjs').Program }} prepare throws where it cannot run here
 */

/** @param {string} key @param {string} name @param {string} module @param {string[]} packages @returns {Runtime} */
function fromPython(key, name, module, packages, note, whole = false) {
  return { key, name, note, whole, prepare: () => preparePython(module, packages) };
}

/** @returns {Runtime} */
function fromRust(key, name, library, note) {
  return { key, name, note, whole: false, prepare: () => prepareRust(key, library) };
}

/** @param {string} path @param {string} provider @param {string} library @param {() => Record<string, string>} env */
function prepareNode(path, provider, library, env) {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const packageFile = new URL(`../../node_modules/${library}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
  return { version, program: { command: process.execPath, args: [file, provider], env: env() } };
}

/** @returns {Runtime} */
function fromNode(key, provider, note, whole, env = () => ({})) {
  const prepare = () => prepareNode('node/onnxruntimeNode.mjs', provider, 'onnxruntime-node', env);
  return { key, name: `onnxruntime-node, ${provider}`, note, whole, lacks: ['bfloat16'], prepare };
}

/** @returns {Runtime} */
function fromChromium(key, provider, note, whole) {
  const prepare = () => {
    if (findChromium() === undefined) throw new Error('no Chromium on the PATH or in $CHROMIUM');
    return prepareNode('chromium/onnxruntimeWeb.mjs', provider, 'onnxruntime-web', () => ({}));
  };
  return { key, name: `onnxruntime-web, ${provider}`, note, whole, lacks: ['bfloat16'], prepare };
}

/** @returns {Record<string, string>} */
function softwareVulkan() {
  const driver = findSoftwareVulkan();
  if (driver === undefined) throw new Error('no software Vulkan beside Chromium');
  return { VK_DRIVER_FILES: driver, LD_LIBRARY_PATH: withLibraries(dirname(driver)) };
}

/** @type {readonly Runtime[]} */
export const runtimes = [
  {
    ...fromPython(
      'checker',
      'official checker',
      'checker',
      [pinned.onnx],
      'full check, strict shape inference',
      true,
    ),
    checks: true,
  },
  fromPython('reference', 'ONNX reference evaluator', 'reference', [pinned.onnx], 'NumPy', true),
  fromPython('onnxruntime', 'onnxruntime, cpu', 'ort', [pinned.onnxruntime], 'Python', true),
  fromNode('onnxruntime-node', 'cpu', 'Node', true),
  fromNode(
    'onnxruntime-node-webgpu',
    'webgpu',
    'Node, software Vulkan, nothing left to the CPU',
    false,
    softwareVulkan,
  ),
  fromChromium('onnxruntime-web', 'wasm', 'Chromium', true),
  fromChromium(
    'onnxruntime-web-webgpu',
    'webgpu',
    'Chromium, software Vulkan, nothing left to the CPU',
    false,
  ),
  fromPython('openvino', 'OpenVINO', 'openvino_cpu', ['openvino==2026.4.1'], 'CPU, Python'),
  fromPython('opencv', 'OpenCV DNN', 'opencv', ['opencv-python-headless==5.0.0.93'], 'CPU, Python'),
  fromPython('tvm', 'Apache TVM', 'tvm_relax', [pinned.onnx, 'apache-tvm==0.27.0.post1'], 'Relax, LLVM'),
  fromPython('tinygrad', 'tinygrad', 'tinygrad_cpu', ['tinygrad==0.14.0', 'numpy'], 'its Python device'),
  fromPython('mnn', 'MNN', 'mnn', ['mnn==3.6.1', 'numpy'], 'CPU, Python'),
  fromRust('tract', 'tract', 'tract-onnx', 'Rust'),
  fromRust('rten', 'RTen', 'rten', 'Rust'),
  fromRust('candle', 'candle', 'candle-onnx', 'Rust'),
];

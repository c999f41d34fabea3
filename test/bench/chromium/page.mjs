// The page that takes train steps in Chromium when `startChromium` asks for them; it takes its own time.
// Must not import Node.
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env } from 'onnxruntime-web';
import { buildTrainStep, modelFromConfig } from '../../../dist/trainWeb.js';
import { StepLoop } from '../../../dist/web.js';
import { use } from '../contenders/tfjsConstraints.mjs';
import { fitEntry } from '../steps/fitStep.mjs';
import { startOf } from '../steps/networks.mjs';
import { TfjsStep } from '../steps/tfjsStep.mjs';

env.wasm.numThreads = navigator.hardwareConcurrency;
env.logLevel = 'error';
setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/');

const fitOn = (provider) => (network) =>
  fitEntry(network, true, { StepLoop, buildTrainStep, modelFromConfig, providers: [provider] });

/** The ways to take a step, by the names of their contenders. */
const ways = {
  'fit in Chromium, webgpu': fitOn('webgpu'),
  'fit in Chromium, wasm': fitOn('wasm'),
  'tfjs in Chromium, webgpu': (network) => tfjsEntry(network, 'webgpu'),
  'tfjs in Chromium, wasm': (network) => tfjsEntry(network, 'wasm'),
};

/** tfjs, which trains on once the first step was looked at, as `fit` does: its values stay where they are. */
function tfjsEntry(network, backend) {
  const step = new TfjsStep(network, true, backend);
  let isAnswered = false;
  return {
    async refill() {
      if (!isAnswered) await step.refill(startOf(network));
    },
    /** Of two steps the second is timed, as of `fit`. */
    async run() {
      await use(backend);
      await step.run();
      if (!isAnswered) return undefined;
      const start = performance.now();
      await step.run();
      return performance.now() - start;
    },
    answer() {
      isAnswered = true;
      return step.answer();
    },
    dispose: () => step.dispose(),
  };
}

const entries = new Map();
let answers = [];

/** What `startChromium` calls. */
globalThis.bench = {
  names: Object.keys(ways),
  async adapter() {
    const { vendor, architecture } = (await navigator.gpu?.requestAdapter())?.info ?? { vendor: 'none' };
    return [vendor, architecture].filter(Boolean).join(' ');
  },
  load(name, network) {
    entries.set(name, ways[name](network));
  },
  refill: (name) => entries.get(name).refill(),
  run: (name) => entries.get(name).run(),
  /** Keeps the answer; says of how many arrays it is, which `part` gives. */
  async answer(name) {
    answers = await entries.get(name).answer();
    return answers.length;
  },
  part: (i) => answers[i],
  async drop(name) {
    await entries.get(name).dispose();
    entries.delete(name);
    answers = [];
  },
};

// Trains forever and keeps a checkpoint after every step, for a test that kills it:
// `node test/size/stepLoopCheckpoints.mjs <checkpoint>`. Goes on from the checkpoint if it is there. Needs a build.
import { existsSync, readFileSync } from 'node:fs';
import { parseStepDescription, StepLoop } from '../../dist/node.js';

const [file] = process.argv.slice(2);
const folder = new URL('../fixtures/train_steps/mlp_sgd/', import.meta.url);
const sizes = { 'fc1.weight': 32 * 64, 'fc1.bias': 32, 'fc2.weight': 10 * 32, 'fc2.bias': 10 };
const fill = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.37) / 8);
const step = readFileSync(new URL('step.onnx', folder));
const description = parseStepDescription(readFileSync(new URL('constraints.json', folder), 'utf8'));
const options = { inputs: { lr: 0.01, t: (n) => n }, sessionOptions: { intraOpNumThreads: 1 } };
const initial = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, fill(size)]));
const loop = existsSync(file)
  ? await StepLoop.resume(file, step, description, options)
  : await StepLoop.create(step, description, { ...options, initial });

function* batches() {
  const [x, y] = [fill(64 * 64), fill(64 * 10).map((value) => (value > 0 ? 1 : 0))];
  for (;;) yield { x, y };
}

console.log(`from ${loop.step}`);
await loop.run(batches(), {
  checkpoint: { file, every: 1 },
  // After the checkpoint of the step before is in place.
  onStep: () => console.log(loop.step - 1),
});

// Runs one step loop again and again and prints by how many bytes the process grew, as JSON:
// `node --expose-gc test/size/stepLoop.mjs [--steps 10000] [--copying] [--projector] [--keep <bytes to keep a step>]`.
// Needs a build.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseStepDescription, StepLoop } from '../../dist/node.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    copying: { type: 'boolean', default: false },
    projector: { type: 'boolean', default: false },
    keep: { type: 'string', default: '0' },
  },
});
const folder = new URL('../fixtures/train_steps/mlp_sgd/', import.meta.url);
const sizes = { 'fc1.weight': 32 * 64, 'fc1.bias': 32, 'fc2.weight': 10 * 32, 'fc2.bias': 10 };
const fill = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.37) / 8);
const loop = await StepLoop.create(
  readFileSync(new URL('step.onnx', folder)),
  parseStepDescription(readFileSync(new URL('constraints.json', folder), 'utf8')),
  {
    initial: Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, fill(size)])),
    inputs: { lr: 0.01, t: (step) => step },
    noCopy: !values.copying,
    projector: values.projector,
    // What threads gather says nothing of the loop.
    sessionOptions: { intraOpNumThreads: 1 },
  },
);
const kept = [];

function* batches() {
  const [x, y] = [fill(64 * 64), fill(64 * 10).map((value) => (value > 0 ? 1 : 0))];
  for (;;) {
    // Written to, so that the pages are there.
    if (values.keep !== '0') kept.push(Buffer.alloc(Number(values.keep), 1));
    yield { x, y };
  }
}

/** Bytes that the process holds once garbage is collected. */
async function residentBytes() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage.rss();
}

const steps = Number(values.steps);
// Code is compiled, and the heaps of V8 and of malloc reach their size, which takes them long.
await loop.run(batches(), { steps });
const before = await residentBytes();
await loop.run(batches(), { steps });
const after = await residentBytes();
await loop.dispose();
console.log(JSON.stringify({ steps, grownBytes: after - before }));

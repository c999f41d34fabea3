// The benchmark: MaxNorm by this package against a copy of the same bytes and plain JavaScript loops, in one run.
// Prints medians and ratios; `--json` prints them for programs. Needs a build. A ratio speaks of one machine only.
import { availableParallelism, cpus } from 'node:os';
import Table from 'cli-table3';
import { maxNorm } from '../../dist/index.js';
import { createRunner } from '../../dist/node.js';

const RUNS = 15;

const weights = [
  { name: 'Dense 784×128', dims: [784, 128], axis: 0 },
  { name: 'Dense 1024×1024', dims: [1024, 1024], axis: 0 },
  { name: 'Conv2D 3×3×256×256', dims: [3, 3, 256, 256], axis: [0, 1, 2] },
  { name: 'Embedding 20000×256', dims: [20000, 256], axis: 1 },
];

const runner = await createRunner();
const rows = [];
for (const weight of weights) rows.push(await measure(weight));
await runner.dispose();
print(rows);

async function measure({ name, dims, axis }) {
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
  const target = new Float32Array(data.length);
  const constraint = maxNorm({ maxValue: 2, axis });
  const value = { dtype: 'float32', dims, data };
  const copy = await median(() => target.set(data));
  const loops = await median(() => project(data, target, dims, axis, 2));
  const ours = await median(() => runner.run(constraint, value));
  return { name, copy, loops, ours, toCopy: ours / copy, toLoops: ours / loops };
}

/** Milliseconds, the median of several runs after two that warm up. */
async function median(action) {
  const times = [];
  for (let i = 0; i < RUNS + 2; i++) {
    const start = performance.now();
    await action();
    if (i >= 2) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

/** What a plain program would write, for norms over all leading or all trailing axes. */
function project(data, target, dims, axis, limit) {
  const leading = axis !== dims.length - 1;
  const units = leading ? dims.at(-1) : data.length / dims.at(-1);
  const size = data.length / units;
  const scale = new Float32Array(units);
  for (let i = 0; i < data.length; i++)
    scale[leading ? i % units : Math.floor(i / size)] += data[i] * data[i];
  for (let unit = 0; unit < units; unit++) {
    const norm = Math.sqrt(scale[unit]);
    scale[unit] = Math.min(norm, limit) / (norm + 1e-7);
  }
  for (let i = 0; i < data.length; i++)
    target[i] = data[i] * scale[leading ? i % units : Math.floor(i / size)];
}

function print(results) {
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ machine, runs: RUNS, results }));
    return;
  }
  const table = new Table({
    head: ['MaxNorm, float32, CPU', 'copy', 'JS loops', 'ours', 'ours / copy', 'ours / loops'],
    style: { head: [], border: [] },
  });
  for (const { name, copy, loops, ours, toCopy, toLoops } of results) {
    const ms = [copy, loops, ours].map((time) => `${time.toFixed(2)} ms`);
    table.push([name, ...ms, toCopy.toFixed(1), toLoops.toFixed(2)]);
  }
  console.log(`${table}\nmedians of ${RUNS} runs on ${machine}`);
}

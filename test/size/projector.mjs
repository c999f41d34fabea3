// Projects again and again, or makes Projectors again and again, and prints how far the memory of this process grew, once
// as many calls were made before. Needs a build: `node --expose-gc test/size/projector.mjs project|create [--calls 10000] [--parameters 200] [--copying] [--worker] [--keep 0]`.
// `--keep` holds on to so many bytes a call, to see that they are noticed.
import { parseArgs } from 'node:util';
import { Projector } from '../../dist/node.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    calls: { type: 'string', default: '10000' },
    parameters: { type: 'string', default: '200' },
    copying: { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
    keep: { type: 'string', default: '0' },
  },
});
const options = { noCopy: !values.copying, worker: values.worker };
const calls = Number(values.calls);

/** As the small variables of a convolutional network are: kernels, biases, scales. */
function makeParameters() {
  const specs = [
    {
      shape: [3, 3, 1, 16],
      constraint: { class_name: 'MaxNorm', config: { max_value: 0.5, axis: [0, 1, 2] } },
    },
    { shape: [16], constraint: 'non_neg' },
    { shape: [16, 24], constraint: { class_name: 'UnitNorm', config: { axis: 0 } } },
    {
      shape: [24, 8],
      constraint: { class_name: 'MinMaxNorm', config: { max_value: 0.5, rate: 0.9, axis: 1 } },
    },
    { shape: [24], dtype: 'float16', constraint: 'non_neg' },
  ];
  return Object.fromEntries(
    Array.from({ length: Number(values.parameters) }, (_, i) => [`p${i}`, specs[i % specs.length]]),
  );
}

const parameters = makeParameters();
const kept = [];
const weights = Object.fromEntries(
  Object.entries(parameters).map(([name, { shape, dtype }]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const numbers = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.37));
    return [name, dtype === 'float16' ? new Uint16Array(count).fill(0x3c00) : numbers];
  }),
);

async function prepare() {
  if (positionals[0] === 'create') {
    return async () => {
      const projector = await Projector.create(parameters, options);
      await projector.project(weights);
      await projector.dispose();
    };
  }
  const projector = await Projector.create(parameters, options);
  return () => projector.project(weights);
}

/** Bytes that the process holds once garbage is collected. */
async function residentBytes() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage.rss();
}

const call = await prepare();
async function repeat(times) {
  for (let i = 0; i < times; i++) {
    await call();
    // Written to, so that the pages are there.
    if (values.keep !== '0') kept.push(Buffer.alloc(Number(values.keep), 1));
  }
}
// Code is compiled, and the heaps of V8 and of malloc reach their size, which takes them long.
await repeat(calls);
const before = await residentBytes();
await repeat(calls);
const after = await residentBytes();
console.log(JSON.stringify({ calls, grownBytes: after - before }));

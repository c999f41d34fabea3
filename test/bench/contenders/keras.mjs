// Keras on each of its backends, every one in a Python process of its own that takes its own time.
// Must not import anything from src or dist.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { answersFromKeras, kerasConfig, kerasStart } from '../steps/kerasNetwork.mjs';
import { batchOf } from '../steps/networks.mjs';
import { product } from '../units.mjs';

const program = fileURLToPath(new URL('kerasProcess.py', import.meta.url));
const titles = {
  jax: 'Keras JAX',
  tensorflow: 'Keras TensorFlow',
  torch: 'Keras torch',
  numpy: 'Keras NumPy',
};

/**
 * One contender a backend, from the first of the interpreters that has it.
 *
 * @param {readonly string[]} pythons
 * @returns {Promise<import('../contenders.mjs').Contender[]>}
 */
export async function startKeras(pythons) {
  const installed = new Map(pythons.map((python) => [python, backendsOf(python)]));
  const contenders = [];
  for (const [backend, title] of Object.entries(titles)) {
    const python = pythons.find((name) => installed.get(name).includes(backend));
    if (python !== undefined) contenders.push(...(await contendersOf(title, python, backend)));
    else if (pythons.length > 0) console.error(`${title}: not in ${pythons.join(', ')}; left out`);
  }
  if (pythons.length === 0 || contenders.length > 0) return contenders;
  throw new Error(`no Keras in ${pythons.join(', ')}; install keras and jax, or name a Python that has them`);
}

/** @returns {string[]} */
function backendsOf(python) {
  const { status, stdout, error } = spawnSync(python, [program, '--list'], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout);
  throw new Error(`${python} could not be run: ${error?.message ?? `exit code ${status}`}`);
}

/** JAX also takes part as a training loop can run it: its weights are given away, so that the answer takes their place. */
async function contendersOf(title, python, backend) {
  const keras = openProcess(python, backend);
  const versions = await keras.ask({ do: 'versions' });
  const plain = contender(title, keras, versions, false);
  // NumPy has no gradients.
  if (backend !== 'numpy') plain.step = (network) => stepEntry(network, plain.ask);
  return backend === 'jax' ? [plain, contender(`${title}, donated`, keras, versions, true)] : [plain];
}

function contender(name, keras, versions, donate) {
  const ask = (request) => keras.ask({ case: name, ...request });
  return {
    name,
    versions,
    async prepare({ parameters }, weights) {
      const { variant } = await withFile((file) => {
        writeFileSync(file, new Uint8Array(Buffer.concat(weights.map(bytesOf))));
        return ask({ do: 'load', file, parameters, donate });
      });
      return entryOf(ask, variant, (bytes) => split(bytes, parameters));
    },
    ask,
    close: () => keras.close(),
  };
}

/** A train step by the process: the values before it lie in a file, then the batch. */
async function stepEntry(network, ask) {
  const { parameters } = network;
  const { target, ...config } = kerasConfig(network, true);
  const { x, y } = batchOf(network);
  const { variant } = await withFile((file) => {
    const values = [...kerasStart(network), x, y];
    writeFileSync(file, new Uint8Array(Buffer.concat(values.map(bytesOf))));
    return ask({ do: 'load step', file, config, target });
  });
  return entryOf(ask, variant, (bytes) =>
    answersFromKeras(network, split(bytes, [...parameters, ...parameters])),
  );
}

/** What was loaded into the process, to be run. @param read makes the answer of the bytes that it writes */
function entryOf(ask, variant, read) {
  return {
    refill: () => ask({ do: 'refill' }),
    run: async () => (await ask({ do: 'run' })).ms,
    answer: () =>
      withFile(async (file) => {
        await ask({ do: 'write', file });
        return read(readFileSync(file));
      }),
    detail: () => variant,
    dispose: () => ask({ do: 'drop' }),
  };
}

/** A process that answers each line of JSON by one. */
function openProcess(python, backend) {
  const quiet = { CUDA_VISIBLE_DEVICES: '', JAX_PLATFORMS: 'cpu', TF_CPP_MIN_LOG_LEVEL: '3' };
  // PyTorch's threads would spin in each other's way after a pause, 10 ms and more where there are two cores.
  const threads = backend === 'torch' ? { OMP_WAIT_POLICY: 'PASSIVE' } : {};
  const env = { ...process.env, ...quiet, ...threads, KERAS_BACKEND: backend };
  const child = spawn(python, [program], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints = (complaints + text).slice(-2000);
  });
  // The end of its output tells of a process that died; writing to it must not end this one first.
  child.stdin.on('error', () => {});
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`Keras on ${backend} ended at '${request.do}':\n${complaints}`);
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}

async function withFile(use) {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-constraints-bench-'));
  try {
    return await use(join(folder, 'weights.f32'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @returns {Float32Array[]} */
function split(bytes, parameters) {
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  let start = 0;
  return parameters.map(({ dims }) => {
    start += product(dims);
    return all.subarray(start - product(dims), start);
  });
}

// Keras's golden answers through the emitted graphs on onnxruntime-node, CPU: as the package runs them, and through
// the files that `export` writes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { classNameOf, deserialize, fromFloat64, type TensorValue, toFloat64 } from '../../src/index.js';
import { ConstraintRunner } from '../../src/node.js';
import { castInputsAndOutputs } from '../support/castModel.js';
import type { GoldenCase } from '../support/golden.js';
import { goldenFault } from '../support/goldenFault.js';
import { readGoldenCases } from '../support/readGoldenCases.js';
import { runCli } from '../support/runCli.js';
import { toNumbers } from '../support/safetensors.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const cases = readGoldenCases();
const runner = new ConstraintRunner(ort);
afterAll(() => runner.dispose());

function weightOf(golden: GoldenCase): TensorValue {
  return fromFloat64(toNumbers(golden.w), golden.dtype, golden.shape);
}

test('there are 374 cases', () => {
  expect(cases).toHaveLength(374);
  expect(new Set(cases.map(({ dtype }) => dtype)).size).toBe(4);
});

describe.each(['float32', 'float64', 'float16', 'bfloat16'])('%s', (dtype) => {
  const own = cases.filter((golden) => golden.dtype === dtype);

  test.each(own.map((golden) => [golden.id, golden] as const))(
    '%s as the runtime runs it',
    async (_, golden) => {
      const constraint = deserialize(golden.constraint);
      if (constraint === null) throw new Error('no constraint');
      const projected = await runner.run(constraint, weightOf(golden));
      expect(goldenFault(golden, toFloat64(projected))).toBeUndefined();
    },
  );

  test('through the files that export writes', async () => {
    const folder = temporaryFolderOf(dtype);
    const faults: string[] = [];
    const sessions = new Map<string, ort.InferenceSession>();
    for (const golden of own) {
      const key = `${golden.shape.length} ${JSON.stringify(golden.constraint)}`;
      let session = sessions.get(key);
      if (session === undefined) {
        session = await exportedSession(golden, join(folder, `${sessions.size}.onnx`));
        sessions.set(key, session);
      }
      const problem = goldenFault(golden, await runExported(session, golden));
      if (problem !== undefined) faults.push(`${golden.id}: ${problem}`);
    }
    expect(faults).toEqual([]);
    expect(sessions.size).toBeGreaterThan(10);
    for (const session of sessions.values()) await session.release();
  });
});

const folder = temporaryFolder();

function temporaryFolderOf(dtype: string): string {
  return join(folder, dtype);
}

async function exportedSession(golden: GoldenCase, file: string): Promise<ort.InferenceSession> {
  const constraint = deserialize(golden.constraint);
  if (constraint === null) throw new Error('no constraint');
  const { mkdir } = await import('node:fs/promises');
  await mkdir(join(file, '..'), { recursive: true });
  const { code, stderr } = await runCli(
    'export',
    classNameOf(constraint),
    '--args',
    JSON.stringify(constraint.getConfig()),
    '--dtype',
    golden.dtype,
    '--rank',
    String(golden.shape.length),
    '--out',
    file,
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const bytes = await readFile(file);
  // JavaScript can feed ONNX Runtime no bfloat16, so casts around the exported nodes do.
  const model = golden.dtype === 'bfloat16' ? castInputsAndOutputs(bytes) : bytes;
  return ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
}

async function runExported(session: ort.InferenceSession, golden: GoldenCase): Promise<Float64Array> {
  const dtype = golden.dtype === 'bfloat16' ? 'float32' : golden.dtype;
  const { data, dims } = fromFloat64(toNumbers(golden.w), dtype, golden.shape);
  const w = new ort.Tensor(dtype as 'float32', data as Float32Array, dims);
  const { w_out: output } = await session.run({ w });
  if (output === undefined) throw new Error('no output w_out');
  expect(output.dims).toEqual(golden.shape);
  const bits = dtype === 'float16' ? asBits(output.data as Float32Array) : (output.data as Float32Array);
  return toFloat64({ dtype, dims: golden.shape, data: bits });
}

function asBits(data: ArrayBufferView & { readonly length: number }): Uint16Array {
  return new Uint16Array(data.buffer, data.byteOffset, data.length);
}

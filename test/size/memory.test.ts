// Memory does not grow with the model: each process projects 32 tensors of 8 MB, and is measured by the system.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { makeBigModel } from './makeBigModel.mjs';

const program = fileURLToPath(new URL('project.mjs', import.meta.url));
const folder = temporaryFolder();
const tensors = 32;
const megabytes = 8;

interface Report {
  readonly applied?: number;
  readonly satisfied?: number;
  readonly violated?: number;
  readonly peakMegabytes: number;
}

async function run(...args: readonly string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return JSON.parse(stdout);
}

describe('256 MB of weights', () => {
  let model: string;
  /** What a process takes that does the same with one tensor. */
  let base: number;
  beforeAll(async () => {
    model = makeBigModel({ folder, tensors, megabytes });
    const small = join(folder, 'small');
    mkdirSync(small);
    const one = makeBigModel({ folder: small, tensors: 1, megabytes });
    base = (await run('apply', one, join(small, 'out.onnx'))).peakMegabytes;
  }, 60_000);

  test('apply keeps a few tensors in memory, and changes every one', async () => {
    const out = join(folder, 'out.onnx');
    const { applied, peakMegabytes } = await run('apply', model, out);
    expect(applied).toBe(tensors);
    // Typed arrays that are garbage stay until the collector comes, hence more than a few tensors.
    expect(peakMegabytes).toBeLessThan(base + 120);
    expect(await run('check', out)).toMatchObject({ satisfied: tensors, violated: 0 });
    expect(readdirSync(folder).sort()).toEqual(['big.bin', 'big.onnx', 'out.onnx', 'out.onnx.data', 'small']);
  }, 60_000);

  test('check keeps a few tensors in memory', async () => {
    const { violated, peakMegabytes } = await run('check', model);
    expect(violated).toBe(tensors);
    expect(peakMegabytes).toBeLessThan(base + 120);
  }, 60_000);

  test('without a scratch file all are kept, which this measures', async () => {
    const out = join(folder, 'kept.onnx');
    const { peakMegabytes } = await run('apply', model, out, '--in-memory');
    expect(peakMegabytes).toBeGreaterThan(base + 120);
    const data = readFileSync(join(folder, 'kept.onnx.data'));
    expect(data.equals(readFileSync(join(folder, 'out.onnx.data')))).toBe(true);
  }, 60_000);
});

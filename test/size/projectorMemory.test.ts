// Memory does not grow with the calls of a Projector, nor with the Projectors that were made and disposed of: each process
// measures its own. Needs a build.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('projector.mjs', import.meta.url));
const MEGABYTE = 2 ** 20;

async function grownBytes(...args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, ...args]);
  return (JSON.parse(stdout) as { grownBytes: number }).grownBytes;
}

describe('10,000 projections', () => {
  // Some 1.6 kB a call; the heaps of V8 and malloc move by a few megabytes.
  const limit = 16 * MEGABYTE;

  test.each([[[]], [['--copying']]])('of 200 small parameters, options %j', async (more) => {
    expect(await grownBytes('project', '--calls', '10000', '--parameters', '200', ...more)).toBeLessThan(
      limit,
    );
  });

  test('that keep 2 kB each are noticed', async () => {
    const args = ['--calls', '10000', '--parameters', '1', '--keep', '2048'];
    expect(await grownBytes('project', ...args)).toBeGreaterThan(limit);
  });
});

describe('1,000 Projectors made, used and disposed of', () => {
  // Less than any session takes.
  const limit = 16 * MEGABYTE;

  test.each([[[]], [['--copying']]])('leave nothing, options %j', async (more) => {
    expect(await grownBytes('create', '--calls', '1000', '--parameters', '5', ...more)).toBeLessThan(limit);
  });

  test('that keep 32 kB each are noticed', async () => {
    const args = ['--calls', '1000', '--parameters', '1', '--keep', '32768'];
    expect(await grownBytes('create', ...args)).toBeGreaterThan(limit);
  });
});

test('40 workers leave no thread behind, each of which would take megabytes', async () => {
  const args = ['--calls', '40', '--parameters', '5', '--worker'];
  expect(await grownBytes('create', ...args)).toBeLessThan(64 * MEGABYTE);
});

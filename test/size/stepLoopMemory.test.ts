// Memory does not grow with the steps of a loop: each process measures its own. Needs a build.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('stepLoop.mjs', import.meta.url));

async function grownBytes(...args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, ...args]);
  return (JSON.parse(stdout) as { grownBytes: number }).grownBytes;
}

describe('10,000 steps', () => {
  // Some 1.6 kB a step, a sixth of what the parameters take; the heaps of V8 and malloc move by a few megabytes.
  const limit = 16 * 2 ** 20;

  test.each([[[]], [['--copying']], [['--projector']]])('do not grow, options %j', async (more) => {
    expect(await grownBytes(...more)).toBeLessThan(limit);
  });

  test('that keep 2 kB each are noticed', async () => {
    expect(await grownBytes('--keep', '2048')).toBeGreaterThan(limit);
  });
});

// The README's examples, run as its text has them, from the text: programs must print what the README says they print.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { layerTable } from '../resolve/layerTable.mjs';
import { temporaryFolder } from '../support/temporaryFolder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = temporaryFolder();
const run = promisify(execFile);

// The package as users have it: the built files, found by name.
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules', 'onnx-constraints'), 'dir');
symlinkSync(
  join(root, 'node_modules', 'onnxruntime-node'),
  join(folder, 'node_modules', 'onnxruntime-node'),
  'dir',
);
cpSync(join(root, 'models'), join(folder, 'models'), { recursive: true });

/** The fenced blocks of a language, each with the block right behind it. */
function blocks(language: string): { code: string; next: string }[] {
  const fences = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, name, code]) => ({ name, code }));
  return fences.flatMap(({ name, code }, i) =>
    name === language ? [{ code: code as string, next: fences[i + 1]?.code as string }] : [],
  );
}

const examples = blocks('ts');
const sessions = blocks('console');

test('there are seven examples and three sessions', () => {
  expect(examples).toHaveLength(7);
  expect(sessions).toHaveLength(3);
});

describe('the TypeScript examples', () => {
  test.each(examples)('example %# prints what the README says', async ({ code, next }) => {
    const file = join(folder, `example${examples.findIndex((example) => example.code === code)}.mjs`);
    writeFileSync(file, (await transform(code, { loader: 'ts', format: 'esm' })).code);
    const { stdout } = await run(process.execPath, [file], {
      cwd: folder,
      env: { PATH: dirname(process.execPath) },
    });
    expect(stdout).toBe(next);
  });
});

describe('the commands', () => {
  test('print what the README says, one after the other', async () => {
    for (const { code } of sessions) {
      const [line = '', ...expected] = code.split('\n');
      const args = line.replace(/^\$ onnx-constraints /, '').split(' ');
      const { stdout } = await run(process.execPath, [join(root, 'dist', 'cli.js'), ...args], {
        cwd: folder,
      });
      expect(stdout).toBe(expected.join('\n'));
    }
  });
});

test('the table of layers and exporters is what the tests found', () => {
  expect(readme).toContain(layerTable());
});

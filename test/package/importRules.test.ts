// The linter's borders: each kind of forbidden import is written into a throwaway tree and must be reported.
// Must not import anything from src.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const restricted = 'lint/style/noRestrictedImports';

const forbidden: readonly (readonly [file: string, rule: string, source: string])[] = [
  ['src/graph/upward.ts', restricted, "export { a } from '../ops/a.js';"],
  ['src/graph/escape.ts', restricted, "export { a } from './../ops/a.js';"],
  ['src/ops/upward.ts', restricted, "export { a } from '../constraints/a.js';"],
  ['src/ops/detour.ts', restricted, "export { a } from '../graph/../cli/a.js';"],
  ['src/ops/entry.ts', restricted, "export { a } from '../index.js';"],
  ['src/constraints/upward.ts', restricted, "export { a } from '../keras/a.js';"],
  ['src/constraints/protobuf.ts', restricted, "export { Reader } from 'protobufjs/minimal.js';"],
  ['src/keras/sideways.ts', restricted, "export { a } from '../onnx/a.js';"],
  ['src/keras/node.ts', restricted, "export { readFileSync } from 'node:fs';"],
  ['src/onnx/sideways.ts', restricted, "export { a } from '../keras/a.js';"],
  ['src/onnx/onnxRuntime.ts', restricted, "export const ort: unknown = await import('onnxruntime-node');"],
  ['src/resolve/upward.ts', restricted, "export { a } from '../runtime/a.js';"],
  ['src/lowering/upward.ts', restricted, "export { a } from '../runtime/a.js';"],
  ['src/lowering/protobuf.ts', restricted, "export { a } from '../onnx/a.js';"],
  ['src/export/upward.ts', restricted, "export { a } from '../files/a.js';"],
  ['src/export/node.ts', restricted, "export { writeFile } from 'node:fs/promises';"],
  ['src/report/upward.ts', restricted, "export { a } from '../runtime/a.js';"],
  ['src/report/node.ts', restricted, "export { writeFile } from 'node:fs/promises';"],
  ['src/runtime/upward.ts', restricted, "export { a } from '../files/a.js';"],
  ['src/runtime/web.ts', restricted, "export { readFileSync } from 'node:fs';"],
  ['src/training/upward.ts', restricted, "export { a } from '../files/a.js';"],
  ['src/training/onnxRuntime.ts', restricted, "export const ort: unknown = await import('onnxruntime-web');"],
  ['src/training/progress.ts', restricted, "export { SingleBar } from 'cli-progress';"],
  ['src/training/nodeFiles.ts', restricted, "export { a } from '../files/a.js';"],
  ['src/fit/upward.ts', restricted, "export { a } from '../cli/a.js';"],
  ['src/fit/files.ts', restricted, "export { a } from '../files/a.js';"],
  ['src/fit/layers/files.ts', restricted, "export { a } from '../../files/a.js';"],
  ['src/fit/layers/entry.ts', restricted, "export { a } from '../../node.js';"],
  ['src/fit/layers/onnxRuntime.ts', restricted, "export { InferenceSession } from 'onnxruntime-node';"],
  ['src/fit/nodeFiles.ts', restricted, "export { readFile } from 'node:fs/promises';"],
  ['src/training/fit.ts', restricted, "export { a } from '../fit/a.js';"],
  ['src/trainWeb.ts', restricted, "export { a } from './files/a.js';"],
  ['src/runtime/training.ts', restricted, "export { a } from '../training/a.js';"],
  ['src/files/onnxRuntime.ts', restricted, "export { InferenceSession } from 'onnxruntime-node';"],
  ['src/cli/onnxRuntime.ts', restricted, "export { InferenceSession } from 'onnxruntime-node';"],
  ['src/index.ts', restricted, "export { a } from './runtime/a.js';"],
  ['src/keras.ts', restricted, "export { a } from './files/a.js';"],
  ['src/web.ts', restricted, "export { a } from './runtime/nodeProviders.js';"],
  ['src/node.ts', restricted, "export { a } from './cli.js';"],
  [
    'src/graph/cycleOne.ts',
    'lint/suspicious/noImportCycles',
    "import { b } from './cycleTwo.js';\nexport const a: number = b;",
  ],
  [
    'src/graph/cycleTwo.ts',
    'lint/suspicious/noImportCycles',
    "import type { a } from './cycleOne.js';\nexport const b: number = 1 as typeof a;",
  ],
  ['src/ops/defaultExport.ts', 'lint/style/noDefaultExport', 'export default 1;'],
  ['src/ops/anyType.ts', 'lint/suspicious/noExplicitAny', 'export const a: any = 1;'],
  ['src/keras/printing.ts', 'lint/suspicious/noConsole', "console.log('here');"],
  [
    'src/onnx/leftover.ts',
    'lint/correctness/noUnusedImports',
    "import { a } from '../graph/allowed.js';\nexport const b: number = 1;",
  ],
  ['src/onnx/Named.ts', 'lint/style/useFilenamingConvention', 'export const a: number = 1;'],
];

const allowed: readonly (readonly [file: string, source: string])[] = [
  ['src/graph/allowed.ts', 'export const a: number = 1;'],
  ['src/ops/allowed.ts', "export { a } from '../graph/allowed.js';"],
  ['src/constraints/allowed.ts', "export { a } from '../ops/allowed.js';"],
  ['src/keras/allowed.ts', "export { unzip } from 'fflate';\nexport { a } from '../constraints/allowed.js';"],
  [
    'src/onnx/allowed.ts',
    "export { Reader } from 'protobufjs/minimal.js';\nexport { a } from '../graph/allowed.js';",
  ],
  [
    'src/resolve/allowed.ts',
    "export { a } from '../keras/allowed.js';\nexport { a as b } from '../onnx/allowed.js';",
  ],
  ['src/report/allowed.ts', "export { a } from '../resolve/allowed.js';"],
  [
    'src/runtime/allowed.ts',
    "export const ort: unknown = await import('onnxruntime-web');\nexport { a } from '../resolve/allowed.js';",
  ],
  [
    'src/training/allowed.ts',
    "export { ByteBuffer } from 'flatbuffers';\nexport { a } from '../runtime/allowed.js';\nexport { a as b } from '../onnx/allowed.js';",
  ],
  [
    'src/fit/allowed.ts',
    "export { a } from '../training/allowed.js';\nexport { a as b } from './layers/allowed.js';",
  ],
  [
    'src/fit/layers/allowed.ts',
    "export { a } from '../../ops/allowed.js';\nexport { a as b } from '../settings.js';\nexport { a as c } from '../losses/one.js';",
  ],
  [
    'src/files/allowed.ts',
    "export { readFile } from 'node:fs/promises';\nexport { a } from '../onnx/allowed.js';",
  ],
  [
    'src/cli/allowed.ts',
    "export { Command } from 'commander';\nexport { a } from '../files/allowed.js';\nconsole.log('table');",
  ],
];

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string | { readonly file: string } };
}

let tree: string;
let reports: ReadonlyMap<string, readonly string[]>;

function write(file: string, source: string): void {
  mkdirSync(dirname(join(tree, file)), { recursive: true });
  writeFileSync(join(tree, file), `${source}\n`);
}

function lint(): Map<string, string[]> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { stdout } = spawnSync(
    process.execPath,
    [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'],
    {
      cwd: tree,
      encoding: 'utf8',
    },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
  const found = new Map<string, string[]>();
  for (const { category, location } of diagnostics) {
    const path = typeof location.path === 'string' ? location.path : location.path.file;
    found.set(path, [...(found.get(path) ?? []), category]);
  }
  return found;
}

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'import-rules-'));
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as Record<string, unknown>;
  write('biome.json', JSON.stringify({ ...config, $schema: undefined, vcs: undefined }));
  cpSync(join(root, 'package.json'), join(tree, 'package.json'));
  for (const [file, , source] of forbidden) write(file, source);
  for (const [file, source] of allowed) write(file, source);
  reports = lint();
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each(forbidden)('%s is reported by %s', (file, rule) => {
  expect(reports.get(file)).toContain(rule);
});

test.each(allowed)('%s is allowed', (file) => {
  expect(reports.get(file)).toBeUndefined();
});

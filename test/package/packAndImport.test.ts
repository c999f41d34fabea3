// The packed tarball, installed into an empty project: what it holds, what imports, what runs, what a bundler makes of it.
// Must not import anything from src.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Consumer, root } from './consumer.js';

const consumer = new Consumer();
let packed: string[];

beforeAll(() => {
  packed = consumer.pack();
  consumer.install();
});

afterAll(() => consumer.remove());

test('the tarball holds what users need and nothing else', () => {
  expect(packed).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'package.json',
      'proto/onnx.proto',
      'models/digits/digits.keras',
      'models/digits/digits.onnx',
      'dist/index.js',
      'dist/keras.js',
      'dist/node.js',
      'dist/web.js',
      'dist/cli.js',
      'dist/types/index.d.ts',
    ]),
  );
  const tops = new Set(packed.map((path) => path.split('/')[0]));
  expect([...tops].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'models',
    'package.json',
    'proto',
  ]);
});

test('every entry point imports without ONNX Runtime', () => {
  const ended = consumer.runModule(`
    for (const entry of ['', '/keras', '/node', '/web']) {
      const names = Object.keys(await import('onnx-constraints' + entry));
      if (names.length === 0 || names.includes('default')) throw new Error(entry + ' exports ' + names);
    }
  `);
  expect(ended.stderr).toBe('');
  expect(ended.status).toBe(0);
});

test('the four constraints become ONNX files', () => {
  const ended = consumer.runModule(`
    import { exportConstraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from 'onnx-constraints';
    const sizes = [maxNorm(2), minMaxNorm(), nonNeg(), unitNorm()].map((c) => exportConstraint(c).byteLength);
    console.log(sizes.every((size) => size > 50));
  `);
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toBe('true\n');
});

test('the command prints its help', () => {
  const ended = consumer.run(join(consumer.folder, 'node_modules/.bin/onnx-constraints'), '--help');
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toContain('export');
  expect(ended.status).toBe(0);
});

test('a browser bundle of the main entry point is small and free of Node, ONNX Runtime and h5wasm', async () => {
  consumer.write('browser.js', "export * from 'onnx-constraints';");
  const { outputFiles, metafile } = await build({
    entryPoints: [join(consumer.folder, 'browser.js')],
    absWorkingDir: consumer.folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs).join('\n');
  expect(inputs).not.toMatch(/onnxruntime|h5wasm|commander/);
  const bytes = outputFiles.reduce((sum, file) => sum + gzipSync(file.contents).byteLength, 0);
  console.log(`main entry point, minified and gzipped: ${(bytes / 1000).toFixed(1)} kB`);
  expect(bytes).toBeLessThan(60_000);
});

test('a browser bundle of the web entry point needs onnxruntime-web alone from outside', async () => {
  consumer.write('web.js', "export * from 'onnx-constraints/web';");
  const { metafile } = await build({
    entryPoints: [join(consumer.folder, 'web.js')],
    absWorkingDir: consumer.folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    external: ['onnxruntime-web'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external),
  );
  expect(new Set(outside.map(({ path }) => path))).toEqual(new Set(['onnxruntime-web']));
});

const consumerSource = `
import { Constraint, exportConstraint, type MaxNorm, maxNorm, ops, type SymbolicTensor } from 'onnx-constraints';
import * as keras from 'onnx-constraints/keras';
import * as node from 'onnx-constraints/node';
import * as web from 'onnx-constraints/web';

class CenterAround extends Constraint {
  constructor(readonly refValue: number) {
    super();
  }
  override call(w: SymbolicTensor): SymbolicTensor {
    return ops.add(ops.subtract(w, ops.mean(w)), this.refValue);
  }
}
const constraint: MaxNorm = maxNorm({ maxValue: 2, axis: 0 });
export const bytes: Uint8Array[] = [constraint, new CenterAround(1)].map((c) => exportConstraint(c));
export const entries: object[] = [keras, node, web];
// @ts-expect-error the argument has a type
maxNorm({ maxValue: 'two' });
`;

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('types resolve with module %s and moduleResolution %s', (module, moduleResolution) => {
  consumer.write('consumer.ts', consumerSource);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom'];
  const args = [...options, '--module', module, '--moduleResolution', moduleResolution, '--types', ''];
  const ended = consumer.run(process.execPath, tsc, ...args, 'consumer.ts');
  expect(ended.stdout).toBe('');
  expect(ended.status).toBe(0);
});

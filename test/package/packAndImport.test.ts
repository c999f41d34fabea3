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

const shipped = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'package.json',
  'proto/onnx.proto',
  'models/digits/digits.keras',
  'models/digits/digits.onnx',
  'dist/index.js',
  'dist/export.js',
  'dist/keras.js',
  'dist/node.js',
  'dist/projectorWorker.js',
  'dist/web.js',
  'dist/train.js',
  'dist/trainWeb.js',
  'dist/cli.js',
  'dist/types/index.d.ts',
];
const shippedTops = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'models', 'package.json', 'proto'];

test('the tarball holds what users need and nothing else', () => {
  expect(shipped.filter((path) => !packed.includes(path))).toEqual([]);
  const tops = packed.map((path) => path.split('/')[0] as string);
  expect(tops.filter((top) => !shippedTops.includes(top))).toEqual([]);
});

test('every entry point imports without ONNX Runtime', () => {
  const ended = consumer.runModule(`
    for (const entry of ['', '/export', '/keras', '/node', '/web', '/train']) {
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
    const constraints = [maxNorm(2), minMaxNorm(), nonNeg(), unitNorm()];
    const sizes = constraints.map((constraint) => exportConstraint(constraint, { rank: 2 }).byteLength);
    console.log(sizes.every((size) => size > 50));
  `);
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toBe('true\n');
});

test.each([
  ['node', 'onnxruntime-node'],
  ['web', 'onnxruntime-web'],
])('projecting through ./%s without %s tells how to install it', (entry, peer) => {
  const ended = consumer.runModule(`
    import { project } from 'onnx-constraints/${entry}';
    const weight = { data: Float32Array.of(3, 4), dims: [2] };
    await project('max_norm', weight).catch(({ name, code, message }) => console.log(name, code, message));
  `);
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(/^ProviderError PROVIDER /);
  expect(ended.stdout).toContain(`npm install ${peer}`);
});

test('the four constraints run on an onnxruntime-node installed beside the package', () => {
  consumer.link('onnxruntime-node');
  const ended = consumer.runModule(`
    import { maxNorm, minMaxNorm, nonNeg, unitNorm } from 'onnx-constraints';
    import { project } from 'onnx-constraints/node';
    const answers = [];
    for (const constraint of [maxNorm(2), minMaxNorm({ minValue: 10, maxValue: 20 }), nonNeg(), unitNorm()]) {
      const { data } = await project(constraint, { data: Float32Array.of(3, -4), dims: [2] });
      answers.push(Array.from(data, (value) => Number(value.toFixed(4))));
    }
    console.log(JSON.stringify(answers));
  `);
  expect(ended.stderr).toBe('');
  expect(JSON.parse(ended.stdout)).toEqual([
    [1.2, -1.6],
    [6, -8],
    [3, 0],
    [0.6, -0.8],
  ]);
});

test('the command prints its help', () => {
  const ended = consumer.run(join(consumer.folder, 'node_modules/.bin/onnx-constraints'), '--help');
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toContain('export');
  expect(ended.status).toBe(0);
});

/** Bundles everything an entry point exports for browsers. */
function bundle(entry: string, external: string[]): ReturnType<typeof build<BundleOptions>> {
  consumer.write('bundled.js', `export * from '${entry}';`);
  return build({
    entryPoints: [join(consumer.folder, 'bundled.js')],
    absWorkingDir: consumer.folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
    external,
  });
}

interface BundleOptions {
  metafile: true;
  write: false;
}

test('a browser bundle of the main entry point is small and free of Node, ONNX Runtime and h5wasm', async () => {
  const { outputFiles, metafile } = await bundle('onnx-constraints', []);
  expect(Object.keys(metafile.inputs).join('\n')).not.toMatch(/onnxruntime|h5wasm|fflate|commander/);
  const bytes = outputFiles.reduce((sum, file) => sum + gzipSync(file.contents).byteLength, 0);
  console.log(`main entry point, minified and gzipped: ${(bytes / 1000).toFixed(1)} kB`);
  expect(bytes).toBeLessThan(60_000);
});

test('a browser bundle of the export entry point needs nothing from outside', async () => {
  const { metafile } = await bundle('onnx-constraints/export', []);
  expect(Object.keys(metafile.inputs).join('\n')).not.toMatch(/onnxruntime|h5wasm|fflate|commander/);
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
});

test('a browser bundle of the keras entry point needs nothing from outside', async () => {
  const { metafile } = await bundle('onnx-constraints/keras', []);
  const inputs = Object.keys(metafile.inputs).join('\n');
  expect(inputs).toContain('node_modules/fflate/');
  expect(inputs).toContain('node_modules/h5wasm/');
});

test('a browser bundle of the web entry point needs onnxruntime-web alone from outside', async () => {
  const { metafile } = await bundle('onnx-constraints/web', ['onnxruntime-web']);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const outside = imports.filter(({ external }) => external).map(({ path }) => path);
  expect(new Set(outside)).toEqual(new Set(['onnxruntime-web']));
});

test('a browser bundle of the train entry point needs onnxruntime-web alone from outside', async () => {
  const { metafile } = await bundle('onnx-constraints/train', ['onnxruntime-web']);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const outside = imports.filter(({ external }) => external).map(({ path }) => path);
  expect(new Set(outside)).toEqual(new Set(['onnxruntime-web']));
});

// Declarations are checked in full (no skipLibCheck): a file missing from the tarball would turn types into any.
const consumerSource = `
import { Constraint, exportConstraint, type MaxNorm, maxNorm, ops, type SymbolicTensor } from 'onnx-constraints';
import * as keras from 'onnx-constraints/keras';
import * as node from 'onnx-constraints/node';
import * as train from 'onnx-constraints/train';
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
export const entries: object[] = [keras, node, train, web];
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

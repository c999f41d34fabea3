// Every layer with constraints, from every exporter that can export it: `apply` makes the model answer as Keras does
// once its constraints are applied, or refuses. test/fixtures/layers/expected.json says which; UPDATE_LAYERS=1 writes
// it anew, and even then a wrong answer fails.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { answerOf, readAnswers, relativeDistance } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

interface Export {
  readonly status: 'exported' | 'not exportable';
  readonly error?: string;
}

interface Entry {
  readonly variable: string;
  readonly status: string;
  readonly reason?: string;
}

const layers = new URL('../fixtures/layers/', import.meta.url);
const manifest =
  readJson<Record<string, { readonly layers: readonly string[]; readonly exports: Record<string, Export> }>>(
    'manifest.json',
  );
const expected = readJson<Record<string, Record<string, string>>>('expected.json');
const found: Record<string, Record<string, string>> = {};
const updates = process.env.UPDATE_LAYERS === '1';
const folder = temporaryFolder();

/** How much of a reason is kept: enough to tell it from the others, less than the numbers at its end. */
const REASON_LENGTH = 100;

function readJson<T>(name: string): T {
  const file = new URL(name, layers);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : ({} as T);
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, layers));
}

function whyRefused(stdout: string): string {
  const { entries } = JSON.parse(stdout) as { entries: readonly Entry[] };
  const refused = entries.filter(({ status }) => status === 'unresolved');
  return refused.map(({ variable, reason }) => `${variable}: ${reason}`).join('; ');
}

/** What became of one export; throws where the result answers other than Keras. */
async function outcomeOf(model: string, exporter: string, config: string): Promise<string> {
  const source = pathOf(`${model}/${exporter}.onnx`);
  const out = join(folder, `${model}-${exporter}-${config}.onnx`);
  const { x, before, after } = readAnswers(`../layers/${model}`);
  expect(relativeDistance(await answerOf(source, x), before)).toBeLessThan(1e-4);
  const args = [source, '--config', pathOf(`${model}/${config}`), '--out', out, '--json'];
  const { code, stdout, stderr } = await runCli('apply', ...args);
  if (code === 3) {
    expect(existsSync(out)).toBe(false);
    return `refused: ${whyRefused(stdout)}`;
  }
  expect(stderr).not.toMatch(/error:|unresolved:/);
  expect(code).toBe(0);
  const answer = await answerOf(out, x);
  expect(relativeDistance(answer, after), `answers as Keras: ${stdout}`).toBeLessThan(1e-4);
  expect(relativeDistance(answer, before)).toBeGreaterThan(1e-3);
  return 'tested';
}

function record(model: string, exporter: string, outcome: string): void {
  found[model] ??= {};
  found[model][exporter] = outcome;
}

test('the manifest and the expected outcomes name the same exports', () => {
  const names = (table: Record<string, readonly string[]>): string[] =>
    Object.keys(table).flatMap((model) => (table[model] ?? []).map((exporter) => `${model} ${exporter}`));
  const exported = Object.fromEntries(
    Object.entries(manifest).map(([model, { exports }]) => [model, Object.keys(exports)]),
  );
  const outcomes = Object.fromEntries(
    Object.entries(expected).map(([model, exports]) => [model, Object.keys(exports)]),
  );
  expect(names(exported).length).toBeGreaterThan(0);
  if (!updates) expect(names(outcomes).sort()).toEqual(names(exported).sort());
});

test('every layer with constraints has a model, exported by more than one exporter', () => {
  const withConstraints = [
    ...['Dense', 'EinsumDense', 'Conv1D', 'Conv2D', 'Conv3D', 'Conv1DTranspose', 'Conv2DTranspose'],
    ...['Conv3DTranspose', 'DepthwiseConv1D', 'DepthwiseConv2D', 'SeparableConv1D', 'SeparableConv2D'],
    ...['Embedding', 'ReversibleEmbedding', 'SimpleRNN', 'GRU', 'LSTM', 'ConvLSTM1D', 'ConvLSTM2D'],
    ...['ConvLSTM3D', 'Bidirectional(LSTM)', 'Bidirectional(GRU)', 'TimeDistributed(Dense)'],
    ...['TimeDistributed(Conv2D)', 'MultiHeadAttention', 'GroupedQueryAttention', 'BatchNormalization'],
    ...['LayerNormalization', 'GroupNormalization', 'PReLU', 'RNN(LSTMCell)', 'RNN(StackedRNNCells)'],
    'Sequential',
  ];
  const exporters = (layer: string): string[] =>
    Object.values(manifest)
      .filter(({ layers: carrying }) => carrying.includes(layer))
      .flatMap(({ exports }) =>
        Object.keys(exports).filter((exporter) => exports[exporter]?.status === 'exported'),
      );
  expect(withConstraints.filter((layer) => new Set(exporters(layer)).size < 2)).toEqual([]);
});

const cases = Object.entries(manifest).flatMap(([model, { exports }]) =>
  Object.entries(exports).map(([exporter, entry]) => [model, exporter, entry] as const),
);

describe('what an exporter cannot export has no file', () => {
  const missing = cases.filter(([, , { status }]) => status === 'not exportable');
  test.each(missing)('%s by %s', (model, exporter, { error }) => {
    expect(existsSync(pathOf(`${model}/${exporter}.onnx`))).toBe(false);
    const outcome = `not exportable: ${error}`;
    record(model, exporter, outcome);
    if (!updates) expect(outcome).toBe(expected[model]?.[exporter]);
  });
});

describe('apply answers as Keras does, or refuses', () => {
  const present = cases.filter(([, , { status }]) => status === 'exported');
  test.each(present)('%s by %s', async (model, exporter) => {
    const outcome = await outcomeOf(model, exporter, 'model.keras');
    record(model, exporter, outcome.slice(0, REASON_LENGTH));
    if (!updates) expect(outcome.slice(0, REASON_LENGTH)).toBe(expected[model]?.[exporter]);
  });

  const legacy = present.filter(([model]) => existsSync(pathOf(`${model}/model.h5`)));
  test.each(legacy)('%s by %s, with its HDF5 file', async (model, exporter) => {
    const outcome = await outcomeOf(model, exporter, 'model.h5');
    if (!updates) expect(outcome.slice(0, REASON_LENGTH)).toBe(expected[model]?.[exporter]);
  });
});

afterAll(() => {
  if (!updates) return;
  const ordered = Object.keys(manifest).map((model) => {
    const exports = Object.entries(found[model] ?? expected[model] ?? {});
    return [model, Object.fromEntries(exports.sort(([a], [b]) => (a < b ? -1 : 1)))];
  });
  writeFileSync(
    new URL('expected.json', layers),
    `${JSON.stringify(Object.fromEntries(ordered), undefined, 1)}\n`,
  );
});

// Prints, as Markdown, what becomes of each layer from each exporter: `node test/resolve/layerTable.mjs`. The README holds
// the table, and a test that it is this one.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Columns of the table; several routes of one exporter share one. */
const columns = {
  'TensorFlow (tf2onnx)': ['tensorflow', 'saved_model'],
  'JAX (jax2onnx)': ['jax'],
  'torch (dynamo)': ['torch'],
  'torch (TorchScript)': ['torchscript'],
  'PyTorch itself': ['pytorch', 'pytorch_dynamo', 'pytorch_unfolded'],
};

/** What refusals have in common, and how a footnote says it. */
const refusals = [
  [
    /could also hold/,
    'two variables have the same values, and neither names nor constraints tell which tensor is whose',
  ],
  [
    /has its name|holds its values|batchnorm\//,
    'a batch normalization whose kernel, gamma and beta are all constrained and folded into two tensors, whose gamma is zero, or whose statistics are still those of a new model',
  ],
];

const read = (name) =>
  JSON.parse(readFileSync(new URL(`../fixtures/layers/${name}`, import.meta.url), 'utf8'));

export function layerTable() {
  const manifest = read('manifest.json');
  const expected = read('expected.json');
  const groups = new Map();
  for (const model of Object.keys(manifest)) {
    const layers = [...new Set(manifest[model].layers)].join(' + ');
    groups.set(layers, [...(groups.get(layers) ?? []), model]);
  }
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const titles = Object.keys(columns);
  const rows = [...groups].map(([layers, models]) =>
    line([layers, ...titles.map((title) => cell(models, columns[title], expected))]),
  );
  const notes = refusals.map(([, note], i) => `${mark(i)} ${note}.`);
  return [
    line(['constrained layers', ...titles]),
    line(['---', ...titles.map(() => '---')]),
    ...rows,
    '',
    ...notes,
  ].join('\n');
}

function cell(models, exporters, expected) {
  const outcomes = models.flatMap((model) =>
    exporters.flatMap((exporter) => expected[model]?.[exporter] ?? []),
  );
  if (outcomes.length === 0) return '–';
  const tested = outcomes.filter((outcome) => outcome === 'tested').length;
  const exportable = outcomes.filter((outcome) => !outcome.startsWith('not exportable')).length;
  if (exportable === 0) return 'not exportable';
  const parts = [tested === outcomes.length ? 'tested' : `tested ${tested} of ${outcomes.length}`];
  const reasons = new Set(outcomes.filter((outcome) => outcome.startsWith('refused')).map(footnote));
  if (reasons.size > 0) parts.push(`refused ${[...reasons].sort().join(' ')}`);
  if (exportable < outcomes.length) parts.push('rest not exportable');
  return parts.join(', ');
}

function footnote(outcome) {
  const index = refusals.findIndex(([pattern]) => pattern.test(outcome));
  if (index < 0) throw new Error(`no footnote says: ${outcome}`);
  return mark(index);
}

function mark(index) {
  return ['¹', '²', '³'][index];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(layerTable());

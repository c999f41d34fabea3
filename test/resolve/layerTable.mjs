// Prints, as Markdown, what becomes of each layer from each exporter: `node test/resolve/layerTable.mjs`; with
// `--models`, of each model.
import { readFileSync } from 'node:fs';

const exporters = [
  'tensorflow',
  'saved_model',
  'jax',
  'torch',
  'torchscript',
  'pytorch',
  'pytorch_dynamo',
  'pytorch_unfolded',
];
const titles = {
  tensorflow: 'TensorFlow',
  saved_model: 'SavedModel',
  jax: 'JAX',
  torch: 'torch (dynamo)',
  torchscript: 'torch (TorchScript)',
  pytorch: 'PyTorch (TorchScript)',
  pytorch_dynamo: 'PyTorch (dynamo)',
  pytorch_unfolded: 'PyTorch (unfolded, initializers as inputs)',
};
const read = (name) =>
  JSON.parse(readFileSync(new URL(`../fixtures/layers/${name}`, import.meta.url), 'utf8'));
const manifest = read('manifest.json');
const expected = read('expected.json');

/** What is constrained in a model, such as `Conv2D, BatchNormalization`. */
const layersOf = (model) => [...new Set(manifest[model].layers)].join(', ');

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** `tested` alone where every model is; else how many, and each reason once. */
function cell(models, exporter) {
  const outcomes = models.flatMap((model) => expected[model]?.[exporter] ?? []);
  if (outcomes.length === 0) return '–';
  const kinds = groupBy(outcomes, kindOf);
  if (kinds.size === 1 && kinds.has('tested')) return 'tested';
  return [...kinds].map(([kind, { length }]) => (length === 1 ? kind : `${kind} (${length})`)).join('<br>');
}

/** Without the variable's and the tensor's names, which differ from model to model. */
function kindOf(outcome) {
  if (!outcome.startsWith('refused')) return outcome.replace(/^(not exportable).*/s, '$1');
  return outcome.replaceAll('|', '\\|').replace(/^refused: \S+: /, 'refused: ');
}

const rows = process.argv.includes('--models')
  ? Object.keys(manifest).map((model) => [`${model} (${layersOf(model)})`, [model]])
  : [...groupBy(Object.keys(manifest), layersOf)];
const line = (cells) => `| ${cells.join(' | ')} |`;

console.log(line(['layers', ...exporters.map((exporter) => titles[exporter])]));
console.log(line(['---', ...exporters.map(() => '---')]));
for (const [title, models] of rows)
  console.log(line([title, ...exporters.map((exporter) => cell(models, exporter))]));

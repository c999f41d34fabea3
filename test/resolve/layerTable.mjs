// Prints, as Markdown, what becomes of each layer's model from each exporter: `node test/resolve/layerTable.mjs`.
import { readFileSync } from 'node:fs';

const exporters = ['tensorflow', 'saved_model', 'jax', 'torch', 'torchscript', 'pytorch'];
const titles = {
  tensorflow: 'TensorFlow',
  saved_model: 'SavedModel',
  jax: 'JAX',
  torch: 'torch (dynamo)',
  torchscript: 'torch (TorchScript)',
  pytorch: 'PyTorch',
};
const read = (name) =>
  JSON.parse(readFileSync(new URL(`../fixtures/layers/${name}`, import.meta.url), 'utf8'));
const manifest = read('manifest.json');
const expected = read('expected.json');

const cell = (outcome) => (outcome ?? '').replaceAll('|', '\\|').replace(/^(not exportable|tested).*/s, '$1');
const row = (cells) => `| ${cells.join(' | ')} |`;

console.log(row(['model', 'layers', ...exporters.map((exporter) => titles[exporter])]));
console.log(row(['---', '---', ...exporters.map(() => '---')]));
for (const [model, { layers }] of Object.entries(manifest)) {
  const outcomes = exporters.map((exporter) => cell(expected[model]?.[exporter]) || '–');
  console.log(row([model, [...new Set(layers)].join(', '), ...outcomes]));
}

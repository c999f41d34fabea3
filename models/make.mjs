// Makes the constraint graphs of this folder, their test data, pictures, index and manifest, byte for byte the same
// each time: `npm run models`, or `node models/make.mjs --out <folder>` for a second copy. Runs the built program, so
// that the manifest's commands are the ones that made the files.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readGoldenCases } from '../test/support/readGoldenCases.mjs';
import { publishedSet } from './set.mjs';
import { writeTestData } from './testData.mjs';
import { writeIndex } from './writeIndex.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: here } } });
const out = resolve(values.out);
const goldenCases = readGoldenCases();

rmSync(join(out, 'constraints'), { recursive: true, force: true });
const graphs = publishedSet.map(makeGraph);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'manifest.json'), `${JSON.stringify({ graphs }, null, 2)}\n`);
writeIndex(out, graphs, readFileSync(join(here, 'README.md'), 'utf8'));
console.log(`${graphs.length} graphs made in ${out}`);

/** @param {import('./set.mjs').PublishedGraph} graph */
function makeGraph(graph) {
  const folder = join(out, 'constraints', graph.name);
  mkdirSync(folder, { recursive: true });
  const { command, opset, irVersion, dtype, shape } = exportGraph(graph, folder);
  const golden = findGolden(graph);
  // Keras computes in half precision, where it overflows: there the formula in float64, rounded once, is right.
  const answer = golden.exact ?? golden.keras;
  const data = graph.data({ w: golden.w, answer, config: golden.constraint.config });
  const files = ['model.onnx', ...writeTestData(folder, graph.dtype, data)];
  return {
    name: graph.name,
    command,
    constraint: graph.constraint,
    ...(graph.exported === undefined ? {} : { exported: graph.exported }),
    config: graph.config,
    form: graph.form,
    dtype,
    shape,
    opset,
    irVersion,
    golden: golden.id,
    answers:
      graph.answers ?? (golden.exact === undefined ? 'Keras 3.15.1' : 'the formula in float64, rounded once'),
    sha256: Object.fromEntries(files.map((file) => [file, sha256(join(folder, file))])),
  };
}

/** @param {import('./set.mjs').PublishedGraph} graph @param {string} folder */
function exportGraph({ constraint, exported = constraint, config, opset, dtype, options }, folder) {
  const args = ['export', exported, '--args', JSON.stringify(config), '--dtype', dtype];
  args.push('--opset', String(opset), ...options, '--out', 'model.onnx');
  // The plugin is named as it lies in this folder, and found there also when a copy is made elsewhere.
  const found = args.map((arg) => arg.replace('../../otherForms.mjs', join(here, 'otherForms.mjs')));
  const printed = execFileSync(process.execPath, [program, ...found, '--force', '--json'], { cwd: folder });
  const quoted = args.map((arg) => (/^[\w.,/-]+$/.test(arg) ? arg : `'${arg}'`));
  return { ...JSON.parse(printed.toString()), command: `onnx-constraints ${quoted.join(' ')}` };
}

/** @param {import('./set.mjs').PublishedGraph} graph */
function findGolden({ name, constraint, config, dtype, shape, note }) {
  const wanted = JSON.stringify(config);
  const found = goldenCases.find(
    (golden) =>
      golden.constraint.class_name === constraint &&
      JSON.stringify(golden.constraint.config) === wanted &&
      golden.dtype === dtype &&
      `${golden.shape}` === `${shape}` &&
      golden.note === note,
  );
  if (found === undefined) {
    throw new Error(
      `${name}: no golden case of ${constraint} ${wanted}, ${dtype} [${shape}], note '${note}'`,
    );
  }
  return found;
}

/** @param {string} file */
function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

// Makes the constraint graphs of this folder and their manifest, byte for byte the same each time: `npm run models`.
// Runs the built program, so that the manifest's commands are the ones that made the files.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const constraints = [
  { file: 'max_norm', name: 'MaxNorm', config: { max_value: 2, axis: 0 } },
  { file: 'min_max_norm', name: 'MinMaxNorm', config: { min_value: 0, max_value: 1, rate: 1, axis: 0 } },
  { file: 'non_neg', name: 'NonNeg', config: {} },
  { file: 'unit_norm', name: 'UnitNorm', config: { axis: 0 } },
];
const opsets = [18, 26];

const graphs = constraints.flatMap(({ file, name, config }) =>
  opsets.map((opset) => makeGraph(`${file}_opset${opset}.onnx`, name, config, opset)),
);
writeFileSync(`${folder}manifest.json`, `${JSON.stringify({ graphs }, null, 2)}\n`);

function makeGraph(file, name, config, opset) {
  const args = ['export', name, '--args', JSON.stringify(config), '--opset', String(opset), '--out', file];
  const printed = execFileSync(process.execPath, [program, ...args, '--force', '--json'], { cwd: folder });
  const { irVersion, dtype, shape } = JSON.parse(printed);
  const quoted = args.map((arg) => (/^[\w.-]+$/.test(arg) ? arg : `'${arg}'`));
  return {
    file,
    command: `onnx-constraints ${quoted.join(' ')}`,
    constraint: name,
    config,
    dtype,
    shape,
    opset,
    irVersion,
    sha256: createHash('sha256')
      .update(readFileSync(`${folder}${file}`))
      .digest('hex'),
  };
}

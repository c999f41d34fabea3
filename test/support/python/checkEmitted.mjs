// Runs the official ONNX checker on every kind of file this package emits: constraint graphs of every dtype, opset and
// form of shape, the committed models, and what the command line makes of the demo model. Needs a build.
// Must not import src: what ships is what is checked.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Constraint,
  exportConstraint,
  maxNorm,
  minMaxNorm,
  nonNeg,
  ops,
  unitNorm,
} from '../../../dist/index.js';
import { makeReady, python } from './virtualEnvironment.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dtypes = ['float32', 'float64', 'float16', 'bfloat16'];
const opsets = Array.from({ length: 14 }, (_, i) => 13 + i);

class CenterAround extends Constraint {
  /** @param {unknown} w */
  call(w) {
    return ops.add(ops.subtract(w, ops.mean(w)), 0.5);
  }
}

/** What is emitted for each form of shape; the axis must fit the shape. */
const forms = {
  open: { axis: 0 },
  'all-axes': { axis: null },
  rank2: { axis: -1, rank: 2 },
  dense: { axis: 0, shape: [784, 128] },
  named: { axis: 0, shape: ['n', 128] },
  conv: { axis: [0, 1, 2], shape: [3, 3, 2, 4] },
};

/** @param {number | number[] | null} axis */
function constraints(axis) {
  return {
    maxNorm: maxNorm({ maxValue: 2, axis }),
    minMaxNorm: minMaxNorm({ minValue: 0.5, maxValue: 1.5, axis }),
    partialRate: minMaxNorm({ minValue: 0.5, maxValue: 1.5, rate: 0.3, axis }),
    unitNorm: unitNorm({ axis }),
    nonNeg: nonNeg(),
    unchanged: new Constraint(),
    centerAround: new CenterAround(),
  };
}

/** @param {string} folder @returns {number} how many files were written */
function emitConstraints(folder) {
  let count = 0;
  for (const [form, { axis, ...shape }] of Object.entries(forms)) {
    for (const [name, constraint] of Object.entries(constraints(axis))) {
      for (const dtype of dtypes) {
        for (const opset of opsets) {
          const bytes = exportConstraint(constraint, { dtype, opset, ...shape });
          writeFileSync(join(folder, `${name}-${form}-${dtype}-${opset}.onnx`), bytes);
          count += 1;
        }
      }
    }
  }
  return count;
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${status}`);
}

/** Writes what `export` and `apply` make, through the built command line. @param {string} folder */
function emitFromCommandLine(folder) {
  mkdirSync(folder);
  const cli = join(root, 'dist/cli.js');
  const args = JSON.stringify({ max_value: 2, axis: 0 });
  run(process.execPath, [
    cli,
    'export',
    'max_norm',
    '--args',
    args,
    '--rank',
    '2',
    '--out',
    join(folder, 'export.onnx'),
  ]);
  const model = join(root, 'models/digits/digits.onnx');
  const config = join(root, 'models/digits/digits.keras');
  run(process.execPath, [cli, 'apply', model, '--config', config, '--out', join(folder, 'digits.onnx')]);
}

makeReady();
const folder = mkdtempSync(join(tmpdir(), 'emitted-'));
try {
  console.log(`${emitConstraints(folder)} constraint graphs emitted`);
  emitFromCommandLine(join(folder, 'command-line'));
  run(python, [join(root, 'test/support/python/checkModels.py'), '--quiet', folder, join(root, 'models')]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

// Exported graphs in ONNX's own Python package: the checker on every form at every opset, the golden answers by the
// reference evaluator, and the text form by the parser. Needs a build.
// Must not import src: what ships is what is checked.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportConstraint, exportText } from '../../../dist/export.js';
import { Constraint, deserialize, maxNorm, minMaxNorm, nonNeg, ops, unitNorm } from '../../../dist/index.js';
import { makeReady, python } from './virtualEnvironment.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const golden = join(root, 'test/fixtures/golden');
const dtypes = ['float32', 'float64', 'float16', 'bfloat16'];
const opsets = Array.from({ length: 20 }, (_, i) => 7 + i);
/** The opsets that the reference evaluator runs the golden cases at. */
const evaluated = [13, 18, 21, 26];

class Rounded extends Constraint {
  /** @param {unknown} w */
  call(w) {
    const far = ops.logicalAnd(ops.greaterEqual(w, 0.25), ops.lessEqual(w, 2));
    return ops.multiply(ops.clip(ops.round(w), ops.mean(w), 1.5), ops.cast(far, w.dtype));
  }
}

/** @param {number | number[] | null} axis */
const constraints = (axis) => ({
  max_norm: maxNorm({ maxValue: 2, axis }),
  min_max_norm: minMaxNorm({ minValue: 0.5, maxValue: 1.5, rate: 0.3, axis }),
  unit_norm: unitNorm({ axis }),
  non_neg: nonNeg(),
  unchanged: new Constraint(),
  rounded: new Rounded(),
});

const shapes = {
  open: { axis: 0 },
  'all-axes': { axis: null, rank: 3 },
  scalar: { axis: null, rank: 0 },
  dense: { axis: -1, shape: [16, 'units'] },
  conv: { axis: [0, 1, 2], shape: [3, 3, 2, 4] },
  rank8: { axis: [1, 7], rank: 8 },
};

/** What each form is exported with, and the lowest opset that has it. */
const forms = {
  plain: { since: 7 },
  fast: { since: 7, options: { lowering: 'fast' } },
  'fast-webgpu': { since: 12, options: { lowering: 'fast', provider: 'webgpu' } },
  'axis-input': { since: 13, options: { axisInput: true } },
  'axis-count': { since: 13, options: { axisInput: true, axisCount: 1 } },
  'limit-inputs': { since: 7, options: { limitInputs: true } },
  function: { since: 15, options: { function: true } },
  'function-inputs': { since: 15, options: { function: true, axisInput: true, limitInputs: true } },
  partial: { since: 7, options: { phase: 'partial' } },
  'partial-axis': { since: 13, options: { phase: 'partial', axisInput: true } },
  finish: { since: 7, options: { phase: 'finish' } },
  'finish-function': { since: 15, options: { phase: 'finish', function: true, limitInputs: true } },
};

/** Whether a constraint has a form. */
function fits(constraint, form, { shape, rank }) {
  const isScaled = /norm$/.test(constraint);
  const options = forms[form].options ?? {};
  if (options.lowering !== undefined) return shape?.every((size) => typeof size === 'number') === true;
  if (options.axisCount > (shape?.length ?? rank ?? 2)) return false;
  if (options.limitInputs) return isScaled && constraint !== 'unit_norm';
  return isScaled || (options.axisInput === undefined && options.phase === undefined);
}

/** @param {string} folder @returns {number} how many files were written */
function emitForms(folder) {
  let count = 0;
  for (const [shape, { axis, ...size }] of Object.entries(shapes)) {
    for (const [name, constraint] of Object.entries(constraints(axis))) {
      for (const [form, { since, options }] of Object.entries(forms)) {
        if (!fits(name, form, size)) continue;
        for (const dtype of dtypes) {
          for (const opset of opsets) {
            if (opset < since || (dtype === 'bfloat16' && opset < 13)) continue;
            const file = join(folder, `${name}-${shape}-${form}-${dtype}-${opset}`);
            const whole = { dtype, opset, ...size, ...options };
            writeFileSync(`${file}.onnx`, exportConstraint(constraint, whole));
            writeFileSync(`${file}.txt`, exportText(constraint, whole));
            count += 1;
          }
        }
      }
    }
  }
  return count;
}

/** The golden cases as exported models, and which case is for which. @param {string} folder */
function emitGolden(folder) {
  const { cases } = JSON.parse(readFileSync(join(golden, 'cases.json'), 'utf8'));
  const written = new Map();
  const runs = [];
  for (const { id, constraint, dtype, shape } of cases) {
    for (const opset of evaluated) {
      for (const [form, options] of Object.entries({ plain: {}, function: { function: true } })) {
        if (opset < 15 && options.function) continue;
        const key = JSON.stringify([constraint, dtype, shape.length, opset, form]);
        if (!written.has(key)) {
          const file = join(folder, `${written.size}.onnx`);
          const made = deserialize(constraint);
          writeFileSync(file, exportConstraint(made, { dtype, opset, rank: shape.length, ...options }));
          written.set(key, file);
        }
        runs.push({ id, model: written.get(key), opset, form });
      }
    }
  }
  writeFileSync(join(folder, 'runs.json'), JSON.stringify(runs));
}

/** @param {string[]} args */
function run(...args) {
  const { status } = spawnSync(python, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`python ${args[0]} ended with ${status}`);
}

makeReady();
const folder = mkdtempSync(join(tmpdir(), 'exported-'));
try {
  const [forEach, forGolden] = ['forms', 'golden'].map((name) => join(folder, name));
  mkdirSync(forEach);
  mkdirSync(forGolden);
  console.log(`${emitForms(forEach)} graphs exported`);
  emitGolden(forGolden);
  run(join(root, 'test/support/python/checkModels.py'), '--quiet', folder);
  run(join(root, 'test/support/python/readTexts.py'), forEach);
  run(join(root, 'test/support/python/evaluateGolden.py'), golden, join(forGolden, 'runs.json'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

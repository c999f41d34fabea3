// Runs the official ONNX checker on every kind of file this package emits: constraint graphs of every dtype, opset and
// form of shape, the committed models, and what the command line makes of the demo model. Needs a build.
// Must not import src: what ships is what is checked.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Constraint,
  exportConstraint,
  maxNorm,
  minMaxNorm,
  nonNeg,
  OnnxModel,
  ops,
  unitNorm,
} from '../../../dist/index.js';
import { findPairs, parseStepDescription, splice, upgradeOpset } from '../../../dist/node.js';
import { makeReady, python } from './virtualEnvironment.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dtypes = ['float32', 'float64', 'float16', 'bfloat16'];
const opsets = Array.from({ length: 14 }, (_, i) => 13 + i);

const trainingInfo = join(root, 'test/fixtures/train_steps/small/training_info.onnx');

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

/** The train steps of the fixtures with their constraints, by name; those for old opsets are upgraded first. */
function readSteps() {
  const folder = join(root, 'test/fixtures/train_steps');
  const read = (name, file, params) => ({
    name,
    bytes: readFileSync(file),
    description: params === undefined ? undefined : parseStepDescription(readFileSync(params, 'utf8')),
  });
  const small = readdirSync(join(folder, 'small'));
  const exported = ['jax', 'torch'].flatMap((framework) =>
    readdirSync(join(folder, framework)).flatMap((name) =>
      readdirSync(join(folder, framework, name))
        .filter((file) => file.endsWith('.onnx'))
        .map((file) => [framework, name, file]),
    ),
  );
  return [
    ...['mlp_sgd', 'jax_momentum'].map((name) =>
      read(name, join(folder, name, 'step.onnx'), join(folder, name, 'constraints.json')),
    ),
    ...exported.map(([framework, name, file]) =>
      read(
        `${framework}_${name}_${basename(file, '.onnx')}`,
        join(folder, framework, name, file),
        join(folder, framework, name, 'constraints.json'),
      ),
    ),
    ...small.map((name) => read(basename(name, '.onnx'), join(folder, 'small', name))),
  ];
}

/** Splices every step in every way. @param {string} folder @returns {number} how many files were written */
function emitSteps(folder) {
  mkdirSync(folder);
  let count = 0;
  const emit = (name, bytes, description, options) => {
    const model = OnnxModel.decode(bytes);
    upgradeOpset(model);
    const { pairs } = findPairs(model);
    const found = pairs.map(({ input, output }) => [
      input,
      { input, output, constraint: maxNorm({ axis: 1 }) },
    ]);
    splice(model, description ?? { parameters: Object.fromEntries(found) }, options);
    writeFileSync(join(folder, `${name}.onnx`), model.encode());
    count += 1;
  };
  for (const { name, bytes, description } of readSteps()) {
    const { irVersion } = OnnxModel.decode(bytes);
    emit(`${name}-canonical`, bytes, description, {});
    emit(`${name}-cpu`, bytes, description, { provider: 'cpu', others: 'unconstrained' });
    if (irVersion >= 8) emit(`${name}-functions`, bytes, description, { functions: true });
  }
  const { bytes } = readSteps().find(({ name }) => name === 'adamw');
  const parameters = { w: { input: 'w', output: 'out_0', constraint: minMaxNorm({ rate: 0.5, axis: 1 }) } };
  for (const [name, schedule] of Object.entries({
    every: { every: 3, warmUp: 2, step: 't', initial: true },
    counter: { every: 3, counter: 'n', initial: true },
  })) {
    emit(`${name}-open`, bytes, { parameters, schedule }, {});
    emit(`${name}-functions`, bytes, { parameters, schedule }, { functions: true, provider: 'cpu' });
  }
  return count;
}

/**
 * Splices the model with `training_info` with each schedule, in each form.
 *
 * @param {string} folder
 * @returns what was written, for `checkTraining.py`
 */
function emitTrainings(folder) {
  mkdirSync(folder);
  const maxValue = 0.5;
  const constraint = maxNorm({ maxValue, axis: 1 });
  const parameters = { w: { input: 'w', output: 'w_new', constraint } };
  const schedules = {
    each: {},
    every: { every: 2, counter: 'n' },
    'warm-up': { every: 2, warm_up: 3, counter: 'n', initial: true },
    initial: { initial: true },
  };
  const forms = { open: {}, cpu: { provider: 'cpu' }, functions: { functions: true } };
  return Object.entries(schedules).flatMap(([name, schedule]) =>
    Object.entries(forms).map(([form, options]) => {
      const model = OnnxModel.decode(readFileSync(trainingInfo));
      const { warm_up, ...rest } = schedule;
      const own = warm_up === undefined ? rest : { ...rest, warmUp: warm_up };
      splice(model, { parameters, schedule: own }, options);
      const file = join(folder, `${name}-${form}.onnx`);
      writeFileSync(file, model.encode());
      return { file, schedule, max_value: maxValue };
    }),
  );
}

/** @param {string} command @param {string[]} args @param {string} input */
function run(command, args, input = '') {
  const { status } = spawnSync(command, args, { cwd: root, input, stdio: ['pipe', 'inherit', 'inherit'] });
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
  console.log(`${emitSteps(join(folder, 'steps'))} train steps spliced`);
  emitFromCommandLine(join(folder, 'command-line'));
  const trainings = emitTrainings(join(folder, 'trainings'));
  run(python, [join(root, 'test/support/python/checkModels.py'), '--quiet', folder, join(root, 'models')]);
  const cases = trainings.map((each) => JSON.stringify(each)).join('\n');
  run(python, [join(root, 'test/support/python/checkTraining.py'), trainingInfo], cases);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

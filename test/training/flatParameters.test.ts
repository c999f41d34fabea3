// Planning the slices of a flat parameter buffer, and projecting them.
import { describe, expect, test } from 'vitest';
import {
  type ConstraintError,
  FormatError,
  maxNorm,
  nonNeg,
  OnnxModel,
  ResolveError,
  ShapeError,
  UnsupportedError,
  UsageError,
  unitNorm,
} from '../../src/index.js';
import {
  type FlatConstraints,
  type FlatPlan,
  Projector,
  parseRules,
  planFlatParameters,
  projectFlatParameters,
  readOrtCheckpoint,
} from '../../src/node.js';
import { buildCheckpoint } from '../support/buildCheckpoint.js';
import { mismatch } from '../support/mismatch.js';
import { applyKerasConstraint } from '../support/reference.js';
import { readArtifact } from '../support/trainingOrt.js';

const checkpoint = readOrtCheckpoint(readArtifact('whole.ckpt'));
const trainingModel = OnnxModel.decode(readArtifact('training_model.onnx'), { file: 'training_model.onnx' });
const rows = maxNorm({ maxValue: 1, axis: 1 });

function slicesOf({ parameters }: FlatPlan): readonly string[] {
  return parameters.map(({ name, offset, size }) => `${name} ${offset}+${size}`);
}

function rules(...list: readonly object[]): FlatConstraints {
  return parseRules({ constraints: list }, { file: 'rules.json' });
}

const bytes = (count: number): Uint8Array => new Uint8Array(4 * count);
const matching = [
  { name: 'fc1.weight', dims: [6, 4], bytes: bytes(24) },
  { name: 'head.kernel', dims: [6, 3], bytes: bytes(18) },
  { name: 'fc1.bias', dims: [6], bytes: bytes(6) },
];
const trainedSlices = ['head.kernel 0+18', 'fc1.bias 18+6', 'fc1.weight 24+24'];

describe('planFlatParameters', () => {
  test('lays the trained parameters out in the order of the inputs', () => {
    const plan = planFlatParameters(checkpoint, trainingModel, { 'fc1.weight': rows });
    expect(slicesOf(plan)).toEqual(trainedSlices);
    expect(plan).toMatchObject({ size: 48, trainableOnly: true, warnings: [] });
    expect(plan.specs).toEqual({ 'fc1.weight': { shape: [6, 4], constraint: rows } });
  });

  test('takes the frozen ones in where they are asked for', () => {
    const plan = planFlatParameters(
      checkpoint,
      trainingModel,
      { scale: 'non_neg' },
      { trainableOnly: false },
    );
    expect(slicesOf(plan)).toEqual(['head.kernel 0+18', 'scale 18+4', 'fc1.bias 22+6', 'fc1.weight 28+24']);
    expect(Object.keys(plan.specs)).toEqual(['scale']);
  });

  test.each([
    ['of another order', buildCheckpoint({ trainable: matching })],
    ['that is nominal', readArtifact('nominal.ckpt')],
  ])('gives the same for a checkpoint %s', (_, other) => {
    const plan = planFlatParameters(readOrtCheckpoint(other), trainingModel, { 'fc1.weight': rows });
    expect(slicesOf(plan)).toEqual(trainedSlices);
  });

  test('follows rules, with the units of the forward pass', () => {
    const constraint = { class_name: 'MaxNorm', config: { max_value: 1, axis: 'units' } };
    const plan = planFlatParameters(
      checkpoint,
      trainingModel,
      rules({ match: ['*.kernel', 'fc1.weight'], constraint }),
    );
    const axes = plan.parameters.map(({ name, constraint: found }) => [name, found?.getConfig().axis]);
    expect(axes).toEqual([
      ['head.kernel', 0],
      ['fc1.bias', undefined],
      ['fc1.weight', 1],
    ]);
  });

  test('tells what rules may not mean', () => {
    const constraint = { class_name: 'MaxNorm', config: { max_value: 1, axis: 0 } };
    const plan = planFlatParameters(checkpoint, trainingModel, rules({ match: 'fc1.weight', constraint }));
    expect(plan.warnings).toEqual([expect.stringContaining('axis=0 does not take each unit of the Gemm')]);
  });

  test.each<[string, FlatConstraints, new (message: string) => ConstraintError, string]>([
    ['a name that is none', { 'fc1.wieght': rows }, ResolveError, 'near are fc1.weight'],
    ['a frozen parameter', { scale: nonNeg() }, ResolveError, '"scale" is frozen'],
    ['no constraint', { 'fc1.weight': null }, UsageError, 'no parameter has a constraint'],
    ['an axis that is none', { 'fc1.bias': rows }, ShapeError, 'fc1.bias: MaxNorm: '],
    ['a rule for nothing', rules({ match: 'fc9.*', constraint: 'non_neg' }), ResolveError, 'fc9.*'],
    [
      'a rule that does not fit',
      rules({ match: 'fc1.bias', constraint: { class_name: 'MaxNorm', config: { axis: 1 } } }),
      ResolveError,
      'fc1.bias: ',
    ],
  ])('refuses %s', (_, constraints, error, message) => {
    const plan = (): unknown => planFlatParameters(checkpoint, trainingModel, constraints);
    expect(plan).toThrow(error);
    expect(plan).toThrow(message);
  });

  test.each([
    [
      'a parameter the model has not',
      [...matching, { name: 'other', dims: [1], bytes: bytes(1) }],
      FormatError,
      'has the parameter "other", which is no input',
    ],
    [
      'another shape',
      [{ name: 'fc1.weight', dims: [4, 6], bytes: bytes(24) }],
      FormatError,
      '"fc1.weight" is (6, 4), and (4, 6) in the checkpoint',
    ],
    [
      'another dtype',
      [{ name: 'fc1.weight', dims: [6, 4], dataType: 10, bytes: new Uint8Array(48) }],
      UnsupportedError,
      '"fc1.weight" is float16',
    ],
    [
      'an input of open shape',
      [{ name: 'x', dims: [2, 4], bytes: bytes(8) }],
      FormatError,
      'its shape is not fixed',
    ],
  ])('refuses a checkpoint with %s', (_, trainable, error, message) => {
    const other = readOrtCheckpoint(buildCheckpoint({ trainable }), { file: 'checkpoint' });
    const plan = (): unknown => planFlatParameters(other, trainingModel, { 'fc1.weight': rows });
    expect(plan).toThrow(error);
    expect(plan).toThrow(message);
    expect(plan).toThrow(/^(checkpoint|training_model\.onnx): /);
  });
});

describe('projectFlatParameters', () => {
  const plan = planFlatParameters(checkpoint, trainingModel, {
    'fc1.weight': rows,
    'head.kernel': unitNorm(),
  });
  const filled = (): Float32Array => Float32Array.from({ length: 48 }, (_, i) => 3 * Math.sin(i + 1));

  test('projects the constrained slices, and leaves the others as they are', async () => {
    const projector = await Projector.create(plan.specs);
    const buffer = filled();
    await projectFlatParameters(buffer, plan, projector);
    await projector.dispose();
    const before = filled();
    const close = { relative: 2e-6, absolute: 1e-7 };
    const head = applyKerasConstraint(
      { class_name: 'UnitNorm', config: { axis: 0 } },
      before.slice(0, 18),
      [6, 3],
    );
    const weight = applyKerasConstraint(
      { class_name: 'MaxNorm', config: { max_value: 1, axis: 1 } },
      before.slice(24),
      [6, 4],
    );
    expect(mismatch(buffer.slice(0, 18), head, close)).toBeUndefined();
    expect(buffer.slice(18, 24)).toEqual(before.slice(18, 24));
    expect(mismatch(buffer.slice(24), weight, close)).toBeUndefined();
  });

  test('refuses a buffer of another size and writes nothing', async () => {
    const projector = await Projector.create(plan.specs);
    const buffer = new Float32Array(52).fill(3);
    await expect(projectFlatParameters(buffer, plan, projector)).rejects.toThrow(
      'the buffer has 52 elements; the parameters have 48',
    );
    await projector.dispose();
    expect(buffer.every((value) => value === 3)).toBe(true);
  });
});

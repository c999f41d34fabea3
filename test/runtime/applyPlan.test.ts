// Plans carried out tensor by tensor: a failure in the middle takes back what was done before it.
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { identityLayout } from '../../src/constraints/layout.js';
import { type Constraint, maxNorm, nonNeg, ops, type SymbolicTensor } from '../../src/index.js';
import { applyPlan, ConstraintRunner, checkPlan } from '../../src/node.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { WholeTensor } from '../../src/resolve/placement.js';
import type { Plan, PlanEntry } from '../../src/resolve/plan.js';
import { dataFiles, decodeFixture } from '../onnx/fixtures.js';
import { delimited, initializer, modelWith, varint } from '../onnx/wire.js';

const runner = new ConstraintRunner(ort);
afterAll(() => runner.dispose());

const numbers = Float32Array.of(-3, 4, 1, -1, 0, 2);

/** Three tensors [3, 2]: two in a data file, one in the model. */
function makeModel(): OnnxModel {
  const bytes = new Uint8Array(numbers.buffer);
  const external = [delimited(13, delimited(1, 'location'), delimited(2, 'w.bin')), varint(14, 1)];
  const model = modelWith(
    initializer({ name: 'a', dims: [3, 2] }, ...external),
    initializer({ name: 'b', dims: [3, 2] }, delimited(9, bytes)),
    initializer({ name: 'c', dims: [3, 2] }, ...external),
  );
  return OnnxModel.decode(model, { externalData: dataFiles({ 'w.bin': bytes }) });
}

function planFor(model: OnnxModel, constraints: readonly Constraint[]): Plan {
  const entries = model.tensors().map(
    (tensor, i): PlanEntry => ({
      variable: { path: tensor.name, dtype: tensor.dtype, shape: tensor.dims } as PlanEntry['variable'],
      constraint: constraints[i] as Constraint,
      status: 'resolved',
      fits: true,
      tensors: [tensor],
      placements: [new WholeTensor(tensor, identityLayout(tensor.dims))],
    }),
  );
  return { entries };
}

function elements(model: OnnxModel): readonly (readonly number[])[] {
  return model.tensors().map((tensor) => Array.from(tensor.read().data as Float32Array));
}

test('each tensor has its constraint, and is told how far it moved', async () => {
  const model = makeModel();
  const entries = await applyPlan(planFor(model, [nonNeg(), nonNeg(), maxNorm({ maxValue: 100 })]), runner);
  expect(entries.map(({ moved }) => moved)).toEqual([3, 3, 0]);
  const clipped = [0, 4, 1, 0, 0, 2];
  expect(elements(model)).toEqual([clipped, clipped, [...numbers]]);
});

describe('a constraint that fails', () => {
  test.each([0, 1, 2])('as number %i of three leaves the model as it was', async (bad) => {
    const model = makeModel();
    const constraints = [0, 1, 2].map((i) => (i === bad ? maxNorm({ maxValue: 1, axis: 5 }) : nonNeg()));
    await expect(applyPlan(planFor(model, constraints), runner)).rejects.toThrow(/axis 5/);
    expect(elements(model)).toEqual([[...numbers], [...numbers], [...numbers]]);
    expect(model.needsDataFile).toBe(false);
    expect(model.encode()).toEqual(makeModel().encode());
  });

  test('does not take back what was written before', async () => {
    const model = makeModel();
    await applyPlan(planFor(model, [nonNeg(), nonNeg(), nonNeg()]), runner);
    const before = elements(model);
    const plan = planFor(model, [maxNorm(0.1), maxNorm(0.1), maxNorm({ maxValue: 1, axis: 5 })]);
    await expect(applyPlan(plan, runner)).rejects.toThrow(/axis 5/);
    expect(elements(model)).toEqual(before);
  });
});

test('NaN counts as the farthest change of a constraint that is judged by it', async () => {
  const model = decodeFixture('external.onnx');
  const [tensor] = model.tensors();
  if (tensor === undefined) throw new Error('no tensor');
  tensor.write({ dtype: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, Number.NaN, 50, 1, 1) });
  const { getRequired } = await import('../../src/constraints/get.js');
  const constraint = getRequired((w: SymbolicTensor) => ops.add(w, 1));
  const plan = { entries: planFor(model, [constraint]).entries.slice(0, 1) };
  const [entry] = await checkPlan(plan, runner);
  expect(entry?.verdict?.status).toBe('violated');
  expect(entry?.verdict?.worst?.unit).toEqual([0, 2]);
});

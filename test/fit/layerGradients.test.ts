// Derivatives of whole layers against central differences in float64: every layer in all the settings of the layer cases,
// by each of its variables and, through a dense layer before it, by its input.
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/fit/autodiff/gradients.js';
import { layerKindNames } from '../../src/fit/layers/layerKinds.js';
import { traceModel } from '../../src/fit/models/traceModel.js';
import { symbolicInputs, type TrainableModel } from '../../src/fit/models/trainableModel.js';
import { encodeTensors } from '../../src/fit/step/encodeTensors.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import * as ops from '../../src/ops/index.js';
import { type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { doubleForms } from '../support/doubleForms.js';
import { layerModel } from '../support/layerCases.js';
import { Random } from '../support/random.js';
import { layerCases } from '../support/readLayerCases.js';
import { feed, numbersOf, openSession, tensor } from '../support/runOps.js';

const SAMPLES = 2;
const STEP = 1e-5;

/** The sum of the squares of what a model makes of its input, and the derivatives by the variables that are trained. */
function graphOf(model: TrainableModel, trained: TrainableModel['variables']) {
  const variables = new Map(
    model.variables.map(({ path, shape }) => [path, symbolicInput(path, 'float64', shape)] as const),
  );
  const variable = ({ path }: { readonly path: string }, name: string): SymbolicTensor =>
    variables.get(`${path}/${name}`) as SymbolicTensor;
  const [given] = symbolicInputs(model.inputs, SAMPLES) as [SymbolicTensor];
  const x = given.dtype === 'int32' ? given : symbolicInput('x', 'float64', given.shape);
  const { outputs } = traceModel(model.graph, [x], { training: true, variable });
  const loss = ops.sum(ops.square(outputs[0] as SymbolicTensor));
  const derivatives = gradients(
    loss,
    trained.map(({ path }) => variables.get(path) as SymbolicTensor),
  );
  const tensors = doubleForms([loss, ...derivatives]);
  return encodeTensors({
    name: 'gradients',
    inputs: [x, ...variables.values()],
    outputs: tensors.map((each, i) => ({ name: i === 0 ? 'loss' : `d${i - 1}`, tensor: each })),
  });
}

/** A direction among whole numbers, and some places by themselves: these find what sits in a wrong place. */
function directions(count: number, random: Random): number[][] {
  const single = (at: number): number[] => Array.from({ length: count }, (_, i) => (i === at ? 1 : 0));
  const all = Array.from({ length: count }, () => random.integer(-2, 2));
  return [all, ...Array.from({ length: 2 }, () => single(random.integer(0, count - 1)))];
}

describe('in float64', () => {
  test.each(layerCases.cases.map((own) => [own.id, own] as const))('%s', async (id, own) => {
    const model = layerModel(layerCases, own);
    const trained = model.variables.filter(({ trainable }) => trainable);
    const session = await openSession(graphOf(model, trained));
    try {
      const random = new Random(id.length);
      const { dtype, shape } = model.inputs[0] as TrainableModel['inputs'][number];
      const size = shape.reduce((a, b) => a * b, SAMPLES);
      const x =
        dtype === 'int32' ? [...Array(size).keys()].map((i) => i % 6) : random.numbers(size, -1.5, 1.5);
      const values = new Map(
        model.variables.map(({ path }) => [path, [...toFloat64(model.weights.get(path) as TensorValue)]]),
      );
      const run = (moved?: string, by: readonly number[] = []) =>
        session.run({
          x: feed(tensor(x, dtype === 'int32' ? 'int32' : 'float64', [SAMPLES, ...shape])),
          ...Object.fromEntries(
            model.variables.map(({ path, shape: dims }) => {
              const held = values.get(path) ?? [];
              const at = path === moved ? held.map((value, i) => value + (by[i] as number)) : held;
              return [path, feed(tensor(at, 'float64', dims))];
            }),
          ),
        });
      const loss = async (path: string, by: readonly number[]): Promise<number> =>
        numbersOf((await run(path, by)).loss as never)[0] as number;
      const found = await run();
      let largest = 0;
      for (const [i, { path }] of trained.entries()) {
        const derivative = numbersOf(found[`d${i}`] as never);
        for (const direction of directions(derivative.length, random)) {
          const products = direction.map((value, k) => value * (derivative[k] as number));
          const step = direction.map((value) => value * STEP);
          const difference =
            (await loss(path, step)) -
            (await loss(
              path,
              step.map((value) => -value),
            ));
          const wanted = difference / (2 * STEP);
          const scale = products.reduce((a, b) => a + Math.abs(b), 0);
          const off = Math.abs(products.reduce((a, b) => a + b, 0) - wanted);
          expect(off, path).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(wanted), scale, 1e-4));
          largest = Math.max(largest, Math.abs(wanted));
        }
      }
      expect(largest).toBeGreaterThan(1e-3);
    } finally {
      await session.release();
    }
  });
});

test('every layer that can be trained is among them', () => {
  const covered = new Set(layerCases.cases.map(({ layer }) => layer));
  expect(layerKindNames.filter((name) => !covered.has(name))).toEqual([]);
});

// Keras's golden answers by exported bytes on ONNX Runtime, from the oldest opset to the newest, and in every form.
// Must not hold reference arithmetic.
import { afterAll, expect, test } from 'vitest';
import { type ExportOptions, exportConstraint } from '../../src/export.js';
import { deserialize, fromFloat64, type TensorValue } from '../../src/index.js';
import { type Feeds, GoldenReport, Sessions, weightOf } from '../support/exportRun.js';
import type { GoldenCase } from '../support/golden.js';
import { readGoldenCases } from '../support/readGoldenCases.js';

const sessions = new Sessions();
afterAll(() => sessions.release());

const cases = readGoldenCases().filter(({ dtype }) => dtype !== 'bfloat16');
const scaled = cases.filter(({ constraint }) => /Norm/.test(constraint.class_name));
const limited = scaled.filter(({ constraint }) => constraint.class_name !== 'UnitNorm');

function dtypeOf({ dtype }: GoldenCase): 'float32' | 'float64' {
  return dtype === 'float64' ? 'float64' : 'float32';
}

function axesOf({ constraint }: GoldenCase): TensorValue {
  const axis = (constraint.config.axis ?? []) as number | number[];
  const axes = Array.isArray(axis) ? axis : [axis];
  return { dtype: 'int64', dims: [axes.length], data: BigInt64Array.from(axes, BigInt) };
}

function limitsOf(golden: GoldenCase): Feeds {
  const { config, class_name } = golden.constraint;
  const names = class_name === 'MaxNorm' ? ['max_value'] : ['min_value', 'max_value', 'rate'];
  return Object.fromEntries(
    names.map((name) => [name, fromFloat64([config[name] as number], dtypeOf(golden), [])]),
  );
}

async function judgeAll(
  name: string,
  chosen: readonly GoldenCase[],
  form: (golden: GoldenCase) => readonly [ExportOptions, Feeds?],
): Promise<void> {
  const report = new GoldenReport(sessions);
  for (const golden of chosen) {
    const [options, feeds] = form(golden);
    await report.judge(golden, options, feeds);
  }
  console.log(`${name}: ${report}`);
  expect(report.faults).toEqual([]);
  expect(report.count).toBe(chosen.length);
}

test('there are cases of every dtype, shape and constraint', () => {
  expect(cases.length).toBe(316);
  expect(limited.length).toBeGreaterThan(200);
});

test.each([7, 8, 9, 10, 11, 12, 13, 17, 18, 21, 26])('all cases, opset %i', async (opset) => {
  await judgeAll(`opset ${opset}`, cases, ({ shape }) => [{ opset, rank: shape.length }]);
});

test.each([7, 11, 18])('with the sizes given, opset %i', async (opset) => {
  await judgeAll(`sizes, opset ${opset}`, cases, ({ shape }) => [{ opset, shape }]);
});

test.each(
  ['cpu', 'webgpu'].flatMap((provider) =>
    (provider === 'cpu' ? [7, 11, 13, 18, 26] : [12, 13, 18, 26]).map((opset) => [provider, opset] as const),
  ),
)('the fast form for %s, opset %i', async (provider, opset) => {
  await judgeAll(`fast ${provider}, opset ${opset}`, cases, ({ shape }) => [
    { opset, shape, lowering: 'fast', provider },
  ]);
});

test.each([13, 17, 18, 26])('the axis at run time, opset %i', async (opset) => {
  await judgeAll(`axis input, opset ${opset}`, scaled, (golden) => [
    { opset, rank: golden.shape.length, axisInput: true },
    { axes: axesOf(golden) },
  ]);
});

test.each([7, 8, 11, 12, 13, 18, 26])('the limits at run time, opset %i', async (opset) => {
  await judgeAll(`limit inputs, opset ${opset}`, limited, (golden) => [
    { opset, rank: golden.shape.length, limitInputs: true },
    limitsOf(golden),
  ]);
});

test.each([15, 18, 26])('as a function, with axis and limits at run time, opset %i', async (opset) => {
  await judgeAll(`function, opset ${opset}`, limited, (golden) => [
    { opset, rank: golden.shape.length, function: true, axisInput: true, limitInputs: true },
    { axes: axesOf(golden), ...limitsOf(golden) },
  ]);
});

test.each([15, 18, 21, 26])('as a function, opset %i', async (opset) => {
  await judgeAll(`function, opset ${opset}`, cases, ({ shape }) => [
    { opset, rank: shape.length, function: true },
  ]);
});

test.each([7, 13, 18, 26])('in two phases, opset %i', async (opset) => {
  const report = new GoldenReport(sessions);
  for (const golden of scaled) {
    const constraint = deserialize(golden.constraint) as never;
    const form = { opset, dtype: golden.dtype, shape: golden.shape };
    const w = weightOf(golden);
    const sums = await sessions.run(exportConstraint(constraint, { ...form, phase: 'partial' }), { w });
    const { axis } = golden.constraint.config as { axis?: number | number[] | null };
    const rank = golden.shape.length;
    const reduced = axis === null || axis === undefined ? golden.shape.keys() : [axis].flat();
    const axes = new Set([...reduced].map((a) => (a < 0 ? a + rank : a)));
    const dims = golden.shape.map((size, i) => (axes.has(i) ? 1 : size));
    const total = fromFloat64(sums.sum_of_squares as Float64Array, dtypeOf(golden), dims);
    const finish = exportConstraint(constraint, { ...form, phase: 'finish' });
    const { w_out: found } = await sessions.run(finish, { w, sum_of_squares: total });
    report.add(golden, found as Float64Array, `two phases, opset ${opset}`);
  }
  console.log(`two phases, opset ${opset}: ${report}`);
  expect(report.faults).toEqual([]);
  expect(report.count).toBe(scaled.length);
});

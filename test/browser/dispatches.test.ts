// No constraint takes more than six GPU dispatches, whichever dimensions its norms are over, and its answer is right.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import * as webGpuBuild from 'onnxruntime-web/webgpu';
import { describe, expect, test } from 'vitest';
import { deserialize, ops, type SymbolicTensor } from '../../src/index.js';
import { type OrtModule, Projector } from '../../src/web.js';
import { mismatch } from '../support/mismatch.js';
import { applyKerasConstraint, type KerasConstraint, norms } from '../support/reference.js';
import { countDispatches } from './countDispatches.js';

const MOST = 6;

const constraints: readonly KerasConstraint[] = [
  { class_name: 'NonNeg', config: {} },
  { class_name: 'UnitNorm', config: {} },
  { class_name: 'MaxNorm', config: { max_value: 0.5 } },
  ...[1, 0.9, 0.25, 0].map((rate) => ({
    class_name: 'MinMaxNorm',
    config: { min_value: 0.5, max_value: 1, rate },
  })),
  { class_name: 'MinMaxNorm', config: { rate: 0.5 } },
  { class_name: 'MinMaxNorm', config: { min_value: 2, max_value: 1, rate: 0.5 } },
];

const axisKinds: readonly (readonly [string, readonly number[], readonly number[] | null])[] = [
  ['one leading axis', [30, 41], [0]],
  ['leading axes, small units', [3, 3, 8, 16], [0, 1, 2]],
  ['a leading axis, long units', [5000, 8], [0]],
  ['a leading axis, many units', [4, 3000], [0]],
  ['one trailing axis', [30, 41], [1]],
  ['trailing axes, small units', [16, 8, 3, 3], [1, 2, 3]],
  ['a trailing axis, long units', [8, 5000], [1]],
  ['mixed axes', [5, 7, 9, 11], [0, 2]],
  ['mixed axes, the last among them', [5, 7, 9, 11], [1, 3]],
  ['a middle axis', [4, 1000, 6], [1]],
  ['all axes', [30, 41], null],
  ['all axes, a long unit', [200, 300], null],
];

function weights(shape: readonly number[]): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  // Units of many norms, and one of zero where units are short.
  const data = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.37) * 10 ** ((i % 7) - 3));
  for (let i = 0; i < count; i += shape.at(-1) as number) data[i] = 0;
  return data;
}

async function project(
  constraint: KerasConstraint | ((w: SymbolicTensor) => SymbolicTensor),
  shape: readonly number[],
  before: Float32Array,
  module: OrtModule,
): Promise<{ w: Float32Array; dispatches: number }> {
  const projector = await Projector.create(
    {
      w: {
        shape,
        constraint: typeof constraint === 'function' ? constraint : (deserialize(constraint) as never),
      },
    },
    { ort: module, providers: ['webgpu'], strict: true },
  );
  const tensors = await projector.upload({ w: before });
  const dispatches = await countDispatches(() => projector.project(tensors));
  const { w } = await projector.download(tensors);
  await projector.dispose();
  return { w: w as Float32Array, dispatches };
}

describe.each([
  ['onnxruntime-web', ort],
  ['onnxruntime-web/webgpu', webGpuBuild],
] as const)('%s', (_, module) => {
  test.each(axisKinds)('%s: %j over %j', async (_kind, shape, axis) => {
    for (const { class_name, config } of constraints) {
      const wire = { class_name, config: class_name === 'NonNeg' ? {} : { ...config, axis } };
      const before = weights(shape);
      const { w, dispatches } = await project(wire, shape, before, module as never);
      const label = `${class_name} ${JSON.stringify(config)}: ${dispatches} dispatches`;
      expect(dispatches, label).toBeGreaterThan(0);
      expect(dispatches, label).toBeLessThanOrEqual(MOST);
      const wanted = applyKerasConstraint(wire, before, shape);
      expect(mismatch(w, wanted, { relative: 2e-6, absolute: 1e-9 }), label).toBeUndefined();
    }
  });

  test('a custom constraint of the form of MinMaxNorm takes as few, told by its graph', async () => {
    const custom = (w: SymbolicTensor): SymbolicTensor => {
      const n = ops.norm(w, { axis: 0, keepdims: true });
      const wanted = ops.add(ops.multiply(n, 0.75), ops.multiply(ops.clip(n, 0.5, 1), 0.25));
      return ops.multiply(ops.divide(wanted, ops.add(0.125, n)), w);
    };
    const shape = [30, 41];
    const before = weights(shape);
    const { w, dispatches } = await project(custom, shape, before, module as never);
    expect(dispatches).toBe(MOST);
    const found = norms(before, shape, 0).values;
    const wanted = Array.from(before, (x, i) => {
      const n = found[i % 41] as number;
      return (x * (0.75 * n + 0.25 * Math.min(Math.max(n, 0.5), 1))) / (n + 0.125);
    });
    expect(mismatch(w, wanted, { relative: 2e-6, absolute: 1e-9 })).toBeUndefined();
  });

  test.each([
    ['a leading axis', [4, 3], [0]],
    ['a trailing axis', [3, 4], [1]],
    ['a middle axis', [2, 3, 2], [1]],
    ['all axes', [3, 4], null],
  ] as const)(
    'NaN and infinity spoil their own units alone, as in the formula: %s',
    async (_kind, shape, axis) => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const { class_name, config } of constraints) {
          const wire = { class_name, config: class_name === 'NonNeg' ? {} : { ...config, axis } };
          const before = Float32Array.from({ length: 12 }, (_x, i) => Math.sin(i + 1));
          before[5] = bad;
          const { w } = await project(wire, shape, before, module as never);
          const wanted = applyKerasConstraint(wire, before, shape);
          const label = `${class_name} ${JSON.stringify(config)} of ${bad}`;
          expect(mismatch(w, wanted, { relative: 2e-6, absolute: 1e-9 }), label).toBeUndefined();
        }
      }
    },
  );
});

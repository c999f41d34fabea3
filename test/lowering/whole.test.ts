// Projections that are parts of a larger graph: the weight keeps its own dims, and nothing is reshaped on the way out,
// which ONNX Runtime would copy.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { deserialize } from '../../src/constraints/index.js';
import { chooseLowering } from '../../src/lowering/lowerings.js';
import { RunGraph } from '../../src/lowering/runGraph.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { applyKerasConstraint } from '../support/reference.js';
import { openStep } from '../support/trainSteps.js';

const maxNorm = (axis: number | number[] | null) => ({
  class_name: 'MaxNorm' as const,
  config: { max_value: 1, axis },
});

/** Split in blocks or not, with axes at either end, in the middle, on both sides of a kept one, and all. */
test.each([
  [[2048, 8], maxNorm(0), 'columns'],
  [[12, 5], maxNorm(0), 'columns'],
  [[8, 6, 3, 3], maxNorm([1, 2, 3]), 'rows'],
  [[3, 3, 64, 4], maxNorm([0, 1, 2]), 'columns'],
  [[4, 600, 5], maxNorm(1), 'columns'],
  [[1, 7, 1, 5], maxNorm([0, 3]), 'rows'],
  [[6, 4, 5], maxNorm([0, 2]), 'rows'],
  [[30, 7], maxNorm(null), 'rows'],
  [[20000, 2], { class_name: 'UnitNorm' as const, config: { axis: 0 } }, 'columns'],
  [[5, 4, 3], { class_name: 'NonNeg' as const, config: {} }, 'elementwise'],
])('%j under %j', async (dims, constraint, form) => {
  const lowering = chooseLowering({
    constraint: deserialize(constraint) as never,
    dtype: 'float32',
    dims,
    provider: 'cpu',
  });
  expect(lowering.name).toBe(form);
  const run = new RunGraph({ opset: 18 });
  const result = lowering.projectWhole(run.input('w', 'float32', dims));
  expect(result.shape).toEqual(dims);
  run.output('w_out', result);
  const graph = run.build('whole');
  expect(graph.nodes.find(({ outputs }) => outputs.includes('w_out'))?.opType).not.toBe('Reshape');

  const size = dims.reduce((a, b) => a * b, 1);
  const weight = Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + 1));
  const session = await openStep(encodeGraph(graph));
  const { w_out: out } = await session.run({ w: new ort.Tensor('float32', weight, dims) });
  await session.release();
  const right = applyKerasConstraint(constraint, weight, dims);
  const found = (out as ort.Tensor).data as Float32Array;
  const worst = Math.max(...right.map((value, i) => Math.abs(value - (found[i] as number))));
  expect(worst).toBeLessThanOrEqual(1e-6 * Math.max(...right.map(Math.abs)));
  expect(weight.every((value, i) => value === found[i])).toBe(false);
});

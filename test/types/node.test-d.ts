// Types of the Node and web entry points: what projecting takes and gives.
import { expectTypeOf, test } from 'vitest';
import { maxNorm, ops, type SymbolicTensor, type TensorValue } from '../../src/index.js';
import {
  type FoundPair,
  findPairs,
  parseStepDescription,
  project,
  projectInPlace,
  readModel,
  type SplicedParameter,
  splice,
} from '../../src/node.js';
import * as web from '../../src/web.js';

const weight = { data: new Float32Array(6), dims: [2, 3] };

test('project gives the projected weight', () => {
  expectTypeOf(project(maxNorm(2), weight)).resolves.toExtend<TensorValue>();
  expectTypeOf(project(maxNorm(2), weight))
    .resolves.toHaveProperty('data')
    .toEqualTypeOf<Float32Array>();
  expectTypeOf(
    project('unit_norm', { data: new Float64Array(1), dims: [1] }),
  ).resolves.toExtend<TensorValue>();
  expectTypeOf(project((w: SymbolicTensor) => ops.relu(w), weight)).resolves.toExtend<TensorValue>();
  project(maxNorm(2), { data: new Uint16Array(1), dims: [1], dtype: 'bfloat16' });
  // @ts-expect-error dims are needed
  project(maxNorm(2), { data: new Float32Array(6) });
  // @ts-expect-error no such dtype
  project(maxNorm(2), { ...weight, dtype: 'half' });
  // @ts-expect-error a plain array is no weight
  project(maxNorm(2), { data: [1, 2], dims: [2] });
});

test('projectInPlace gives nothing back', () => {
  expectTypeOf(projectInPlace({ kernel: { ...weight, constraint: maxNorm(2) } })).toEqualTypeOf<
    Promise<void>
  >();
  // @ts-expect-error every weight has a constraint
  projectInPlace({ kernel: weight });
});

test('the web entry point projects alike', () => {
  expectTypeOf(web.project).toEqualTypeOf<typeof project>();
  expectTypeOf(web.projectInPlace).toEqualTypeOf<typeof projectInPlace>();
});

test('splice takes a model and a step description', async () => {
  const model = await readModel('step.onnx');
  const w = { input: 'w', output: 'w_new' };
  expectTypeOf(splice(model, { parameters: { w: { ...w, constraint: maxNorm(2) } } })).toEqualTypeOf<
    readonly SplicedParameter[]
  >();
  splice(model, parseStepDescription('{}'), { provider: 'cpu', others: 'unconstrained', functions: true });
  splice(model, { parameters: { w: { ...w, constraint: null } }, schedule: { every: 2, step: 't' } });
  // @ts-expect-error the constraint is needed
  splice(model, { parameters: { w } });
  // @ts-expect-error no such choice
  splice(model, { parameters: {} }, { others: 'both' });
  expectTypeOf(web.splice).toEqualTypeOf<typeof splice>();
  expectTypeOf(findPairs(model).pairs).toEqualTypeOf<readonly FoundPair[]>();
});

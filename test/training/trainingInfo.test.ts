// Models that carry `training_info`: the constraint in the algorithm's graph, the parameter bound to its result.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/files/modelFile.js';
import { maxNorm } from '../../src/index.js';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import type { onnx } from '../../src/onnx/gen/onnx.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { findPairs } from '../../src/training/findPairs.js';
import { type SpliceOptions, splice } from '../../src/training/splice.js';
import { Random } from '../support/random.js';
import * as reference from '../support/reference.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { randomFeeds, runStep, type StepNumbers, stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();
const file = stepPath('small/training_info.onnx');
const before = Uint8Array.from(readFileSync(file));
const CONSTRAINED = 'keras.constraints/w/constrained_0';
const w = { input: 'w', output: 'w_new', constraint: maxNorm({ maxValue: 0.5, axis: 1 }) };

function spliced(options: SpliceOptions = {}): Uint8Array {
  const model = OnnxModel.decode(before);
  splice(model, { parameters: { w } }, options);
  return model.encode();
}

/** The training graph as the specification has it: the inference graph with the algorithm's lists behind its own. */
function trainingGraph(bytes: Uint8Array): Uint8Array {
  const model = decodeModelProto(bytes);
  const [training] = model.trainingInfo;
  const [graph, algorithm] = [model.graph, training?.algorithm] as [onnx.GraphProto, onnx.GraphProto];
  for (const field of ['node', 'initializer', 'input', 'output'] as const) {
    graph[field] = [...graph[field], ...algorithm[field]] as never;
  }
  model.trainingInfo = [];
  return encodeModelProto(model);
}

async function runTraining(bytes: Uint8Array) {
  const training = trainingGraph(bytes);
  return runStep(training, randomFeeds(OnnxModel.decode(training).inputs, new Random(1)));
}

function limited({ data, dims }: StepNumbers): number[] {
  return reference.maxNorm(data, dims, { maxValue: 0.5, axis: 1 });
}

function expectClose(found: readonly number[] | undefined, wanted: readonly number[]): void {
  for (const [i, value] of wanted.entries()) {
    expect(Math.abs((found?.[i] as number) - value)).toBeLessThanOrEqual(1e-6);
  }
}

describe('the algorithm', () => {
  test.each([{}, { provider: 'cpu' }, { functions: true }])(
    '%j: gives the projected update beside the others',
    async (options) => {
      const [plain, constrained] = [await runTraining(before), await runTraining(spliced(options))];
      const wanted = limited(plain.w_new as StepNumbers);
      expectClose(constrained[CONSTRAINED]?.data, wanted);
      for (const name of ['prediction', 'loss', 'w_new', 'velocity_new'])
        expect(constrained[name]).toEqual(plain[name]);
      expectClose(constrained.largest?.data, [Math.max(...wanted.map(Math.abs))]);
    },
  );

  test('other readers may see the unconstrained value', async () => {
    const [plain, constrained] = [
      await runTraining(before),
      await runTraining(spliced({ others: 'unconstrained' })),
    ];
    expect(constrained.largest).toEqual(plain.largest);
  });

  test('the parameter is rebound, its state is not', () => {
    const bindings = (bytes: Uint8Array) =>
      decodeModelProto(bytes).trainingInfo[0]?.updateBinding.map(({ key, value }) => [key, value]);
    expect(bindings(before)).toEqual([
      ['w', 'w_new'],
      ['velocity', 'velocity_new'],
    ]);
    expect(bindings(spliced())).toEqual([
      ['w', CONSTRAINED],
      ['velocity', 'velocity_new'],
    ]);
  });

  test('nothing else changes: the inference graph and the initialization are those of the source', () => {
    const [source, result] = [decodeModelProto(before), decodeModelProto(spliced())];
    expect(result.graph).toEqual(source.graph);
    const [old, now] = [source.trainingInfo[0], result.trainingInfo[0]] as [
      onnx.TrainingInfoProto,
      onnx.TrainingInfoProto,
    ];
    expect(now.initialization).toEqual(old.initialization);
    expect(now.initializationBinding).toEqual(old.initializationBinding);
    const kept = now.algorithm?.node.filter(({ name }) => !name?.startsWith('keras.constraints/')) ?? [];
    expect(kept.map(({ opType }) => opType)).toEqual(old.algorithm?.node.map(({ opType }) => opType));
    expect(now.algorithm?.output.slice(0, -1)).toEqual(old.algorithm?.output);
    expect(now.algorithm?.output.at(-1)?.name).toBe(CONSTRAINED);
  });
});

test('bindings are the pairs', () => {
  expect(findPairs(OnnxModel.decode(before)).pairs).toMatchObject([
    { input: 'w', output: 'w_new', how: 'binding', role: 'parameter' },
    { input: 'velocity', output: 'velocity_new', how: 'binding', role: 'state' },
  ]);
});

describe('refused', () => {
  const refuse = (parameter: Partial<typeof w>) => () =>
    splice(OnnxModel.decode(before), { parameters: { w: { ...w, ...parameter } } });

  test.each([
    [{ input: 'x' }, "no update_binding of the model is for 'x'; bound are w, velocity"],
    [{ output: 'velocity_new' }, "'w' is bound to 'w_new', not to 'velocity_new'"],
    [{ constraint: maxNorm({ axis: 2 }) }, 'axis'],
  ])('%j', (parameter, message) => {
    expect(refuse(parameter)).toThrow(message);
  });

  test('a second time', () => {
    const again = (output: string) => () =>
      splice(OnnxModel.decode(spliced()), { parameters: { w: { ...w, output } } });
    expect(again('w_new')).toThrow(`'w' is bound to '${CONSTRAINED}', not to 'w_new'`);
    expect(again(CONSTRAINED)).toThrow('comes out of a constraint already');
  });
});

test('inspect shows what is bound, before and after', async () => {
  const out = join(folder, 'spliced.onnx');
  writeFileSync(out, spliced());
  expect((await runCli('inspect', file)).stdout).toMatch(/^ w +w_new +training_info\[0\] +—$/m);
  expect((await runCli('inspect', file)).stdout).toMatch(
    /^ velocity +velocity_new +training_info\[0\] +start$/m,
  );
  expect((await runCli('inspect', out)).stdout).toMatch(
    /^ w +keras\.constraints\/w\/constrained_0 +training_info\[0\]/m,
  );
  expect(JSON.parse((await runCli('inspect', out, '--json')).stdout).training).toEqual([
    {
      path: 'training_info[0]',
      nodes: 16,
      updateBinding: [
        { initializer: 'w', value: CONSTRAINED },
        { initializer: 'velocity', value: 'velocity_new' },
      ],
      initializationBinding: [{ initializer: 'velocity', value: 'start' }],
    },
  ]);
});

test('data files come along into another folder, those of the training graphs too', async () => {
  const [home, other] = [join(folder, 'home'), join(folder, 'other')];
  for (const each of [home, other]) mkdirSync(each);
  const moved = OnnxModel.decode(before).encodeWithData({ location: 'w.data', move: 'all', threshold: 16 });
  writeFileSync(join(home, 'model.onnx'), moved.bytes);
  writeFileSync(join(home, 'w.data'), Buffer.concat([...moved.data]));
  // w of the inference graph, velocity of the algorithm.
  expect(moved.dataLength).toBeGreaterThanOrEqual(2 * 12 * 4);
  const model = await readModel(join(home, 'model.onnx'));
  splice(model, { parameters: { w }, schedule: { initial: true, every: 2, counter: 'n' } });
  await writeModel(model, join(other, 'model.onnx'));
  expect(readdirSync(other).sort()).toEqual(['model.onnx', 'model.onnx.data']);
  const result = await readModel(join(other, 'model.onnx'));
  const valuesOf = (each: OnnxModel) =>
    Object.fromEntries(
      [...each.tensors(), ...each.trainingTensors()].map((tensor) => [tensor.name, tensor.read().data]),
    );
  expect(valuesOf(result)).toMatchObject(valuesOf(OnnxModel.decode(before)));
});

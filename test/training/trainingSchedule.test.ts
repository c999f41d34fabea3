// Schedules of models that carry `training_info`: counters as state with bindings of their own, and where training starts.
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ConfigError, maxNorm, UnsupportedError } from '../../src/index.js';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import { onnx } from '../../src/onnx/gen/onnx.js';
import { OnnxModel } from '../../src/onnx/model.js';
import type { Schedule } from '../../src/training/schedule.js';
import { type SplicedParameter, type SpliceOptions, splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import { Random } from '../support/random.js';
import * as reference from '../support/reference.js';
import { openStep, randomFeeds, runStep, stepPath } from '../support/trainSteps.js';

const before = Uint8Array.from(readFileSync(stepPath('small/training_info.onnx')));
const limit = 0.5;
const w = { input: 'w', output: 'w_new', constraint: maxNorm({ maxValue: limit, axis: 1 }) };

function spliced(schedule: Schedule, options: SpliceOptions = {}, source: Uint8Array = before): Uint8Array {
  const model = OnnxModel.decode(source);
  splice(model, { parameters: { w }, schedule }, options);
  return model.encode();
}

/** A change to the fixture. */
function changed(change: (training: onnx.TrainingInfoProto, model: onnx.ModelProto) => void): Uint8Array {
  const model = decodeModelProto(before);
  change(model.trainingInfo[0] as onnx.TrainingInfoProto, model);
  return encodeModelProto(model);
}

/** An input of the algorithm that says whether a step updates. */
function withFlag(): Uint8Array {
  return changed(({ algorithm }) => {
    const elemType = onnx.TensorProto.DataType.BOOL;
    const type = { tensorType: { elemType, shape: { dim: [] } } } as never;
    algorithm?.input.push(new onnx.ValueInfoProto({ name: 'update', type }));
  });
}

/** The initializers that are bound become inputs, which a trainer feeds with what the last step gave for them. */
function asStep(bytes: Uint8Array): { step: Uint8Array; bound: ReadonlyMap<string, string> } {
  const model = decodeModelProto(bytes);
  const [training] = model.trainingInfo as [onnx.TrainingInfoProto];
  const [graph, algorithm] = [model.graph, training.algorithm] as [onnx.GraphProto, onnx.GraphProto];
  for (const field of ['node', 'initializer', 'input', 'output'] as const) {
    graph[field] = [...graph[field], ...algorithm[field]] as never;
  }
  const bound = new Map(training.updateBinding.map(({ key, value }) => [key ?? '', value ?? '']));
  for (const { name, dims, dataType } of graph.initializer.filter(({ name }) => bound.has(name ?? ''))) {
    const shape = { dim: dims.map((dimValue) => ({ dimValue })) };
    const type = { tensorType: { elemType: dataType, shape } } as never;
    graph.input.push(new onnx.ValueInfoProto({ name, type }));
  }
  graph.initializer = graph.initializer.filter(({ name }) => !bound.has(name ?? ''));
  model.trainingInfo = [];
  return { step: encodeModelProto(model), bound };
}

/** What the initialization gives for the initializers that it binds. */
async function initialize(bytes: Uint8Array): Promise<Record<string, readonly number[]>> {
  const model = decodeModelProto(bytes);
  const [training] = model.trainingInfo as [onnx.TrainingInfoProto];
  if (training.initialization === null) return {};
  model.graph = training.initialization;
  model.trainingInfo = [];
  const outputs = await runStep(encodeModelProto(model), {});
  return Object.fromEntries(
    training.initializationBinding.map(({ key, value }) => [key, outputs[value ?? '']?.data ?? []]),
  );
}

function norms(values: readonly number[]): readonly number[] {
  return reference.norms([...values], [4, 3], 1).values;
}

/** In which of ten steps the weight satisfied its constraint after it. */
async function train(
  bytes: Uint8Array,
  feed: (step: number) => Record<string, ort.Tensor> = () => ({}),
): Promise<readonly number[]> {
  const { step, bound } = asStep(bytes);
  const { inputs } = OnnxModel.decode(step);
  const model = OnnxModel.decode(bytes);
  const initializers = [...model.tensors(), ...model.trainingTensors()];
  let feeds: Record<string, ort.Tensor> = randomFeeds(inputs, new Random(3));
  for (const tensor of initializers.filter(({ name }) => bound.has(name))) {
    const { data } = tensor.read();
    feeds[tensor.name] = new ort.Tensor(tensor.dtype as 'float32', data as Float32Array, tensor.dims);
  }
  const session = await openStep(step);
  const held: number[] = [];
  for (let i = 1; i <= 10; i++) {
    const outputs = await session.run({ ...feeds, ...feed(i) });
    for (const [input, output] of bound) feeds = { ...feeds, [input]: outputs[output] as ort.Tensor };
    const values = Array.from(feeds.w?.data as Float32Array);
    if (norms(values).every((norm) => norm <= limit + 1e-6)) held.push(i);
  }
  await session.release();
  return held;
}

const flag = (value: boolean) => new ort.Tensor('bool', Uint8Array.of(value ? 1 : 0), []);

describe('steps after which the constraint holds', () => {
  test.each([
    [{ every: 3, counter: 'n' }, [3, 6, 9]],
    [{ every: 3, warmUp: 2, counter: 'n' }, [5, 8]],
    [{ warmUp: 8, counter: 'n' }, [9, 10]],
  ] as const)('%j: %j', async (schedule, wanted) => {
    expect(await train(before)).toEqual([]);
    for (const options of [
      {},
      { functions: true },
      { provider: 'cpu' },
      { others: 'unconstrained' },
    ] as const) {
      expect(await train(spliced(schedule, options))).toEqual(wanted);
    }
  });

  test('a step that the model counts itself', async () => {
    const counted = OnnxModel.decode(spliced({ counter: 'n', every: 100 })).encode();
    const source = decodeModelProto(counted);
    // The same model as if it had come with that counter, and no constraint.
    const [training] = source.trainingInfo as [onnx.TrainingInfoProto];
    const { algorithm } = training as { algorithm: onnx.GraphProto };
    const isOurs = (name: string | null) => name?.startsWith('keras.constraints/w/') === true;
    algorithm.node = algorithm.node.filter(({ name }) => !isOurs(name));
    for (const node of algorithm.node) {
      node.input = node.input.map((name) => (isOurs(name) ? 'w_new' : name));
      node.name = node.name?.replace('keras.constraints/', '') ?? '';
    }
    algorithm.output = algorithm.output.filter(({ name }) => !isOurs(name));
    for (const entry of training.updateBinding) if (entry.key === 'w') entry.value = 'w_new';
    const bytes = encodeModelProto(source);
    expect(await train(spliced({ every: 4, step: 'n', firstStep: 0 }, {}, bytes))).toEqual([4, 8]);
  });

  test('only those that update, and each second of those', async () => {
    const updates = (step: number) => ({ update: flag(step % 3 === 0) });
    expect(await train(spliced({ when: 'update' }, {}, withFlag()), updates)).toEqual([3, 6, 9]);
    const second = spliced({ when: 'update', every: 2, counter: 'n' }, {}, withFlag());
    expect(await train(second, updates)).toEqual([6]);
  });
});

describe('the counter', () => {
  const { trainingInfo } = decodeModelProto(spliced({ every: 3, counter: 'n' }));
  const [training] = trainingInfo as [onnx.TrainingInfoProto];

  test('is an initializer of the algorithm, bound to an output of it', () => {
    expect(training.algorithm?.initializer.find(({ name }) => name === 'n')?.dims).toEqual([]);
    expect(training.algorithm?.output.at(-1)?.name).toBe('n_new');
    expect(training.updateBinding.at(-1)).toMatchObject({ key: 'n', value: 'n_new' });
  });

  test('starts anew with the initialization', async () => {
    const first = await initialize(spliced({ every: 3, counter: 'n' }));
    expect(first.n?.map(Number)).toEqual([0]);
    expect(first.velocity).toEqual(Array.from({ length: 12 }, () => 0));
  });

  test('needs no initialization where there is none', () => {
    const bare = changed((info) => {
      info.initialization = null;
      info.initializationBinding = [];
    });
    const [info] = decodeModelProto(spliced({ every: 3, counter: 'n' }, {}, bare)).trainingInfo;
    expect([info?.initialization, info?.initializationBinding]).toEqual([null, []]);
  });
});

describe('initial weights', () => {
  const stored = Array.from(OnnxModel.decode(before).tensors()[0]?.read().data as Float32Array);
  const wanted = reference.maxNorm(stored, [4, 3], { maxValue: limit, axis: 1 });

  async function expectInitial(bytes: Uint8Array, expected: readonly number[]): Promise<void> {
    const { w: found } = await initialize(bytes);
    expect(found?.length).toBe(12);
    for (const [i, value] of expected.entries())
      expect(Math.abs((found?.[i] as number) - value)).toBeLessThan(1e-6);
  }

  test('the stored ones are projected by the initialization, made where there is none', async () => {
    await expectInitial(spliced({ initial: true }), wanted);
    const bare = changed((info) => {
      info.initialization = null;
      info.initializationBinding = [];
    });
    await expectInitial(spliced({ initial: true }, {}, bare), wanted);
  });

  test('those that an initialization makes are projected behind it', async () => {
    const bytes = changed(({ initialization, initializationBinding }) => {
      const { node: nodes, output: outputs } = initialization as onnx.GraphProto;
      const [node, output] = [nodes[0], outputs[0]] as [onnx.NodeProto, onnx.ValueInfoProto];
      const twos = new onnx.TensorProto({
        dims: [4, 3],
        dataType: onnx.TensorProto.DataType.FLOAT,
        floatData: Array.from({ length: 12 }, () => 2),
      });
      const attribute = [Object.assign(new onnx.AttributeProto(node.attribute[0]), { t: twos })];
      nodes.push(Object.assign(new onnx.NodeProto(node), { output: ['twos'], attribute }));
      outputs.push(Object.assign(new onnx.ValueInfoProto(output), { name: 'twos' }));
      initializationBinding.push(new onnx.StringStringEntryProto({ key: 'w', value: 'twos' }));
    });
    await expectInitial(
      bytes,
      Array.from({ length: 12 }, () => 2),
    );
    const each = reference.maxNorm(
      Array.from({ length: 12 }, () => 2),
      [4, 3],
      { maxValue: limit, axis: 1 },
    );
    const result = spliced({ initial: true, every: 2, counter: 'n' }, {}, bytes);
    await expectInitial(result, each);
    expect(decodeModelProto(result).trainingInfo[0]?.initializationBinding.map(({ key }) => key)).toEqual([
      'velocity',
      'w',
      'n',
    ]);
  });

  test('the inference graph stays as it is', () => {
    const graph = (bytes: Uint8Array) => decodeModelProto(bytes).graph;
    expect(graph(spliced({ initial: true, every: 2, counter: 'n' }))).toEqual(graph(before));
  });
});

test('the same model gives the same bytes', () => {
  const schedule = { initial: true, every: 2, counter: 'n' };
  expect(Buffer.from(spliced(schedule)).equals(spliced(schedule))).toBe(true);
});

test('a description read from a file may ask for the start alone', () => {
  const text = { parameters: { w: { ...w, constraint: 'NonNeg' } }, schedule: { initial: true } };
  const model = OnnxModel.decode(before);
  const [parameter] = splice(model, parseStepDescription(text)) as [SplicedParameter];
  expect(parameter.nodes).toBe(2);
});

describe('refused', () => {
  test.each([
    [{ every: 2, step: 'steps' }, "schedule.step: the step has no input 'steps'"],
    [
      { every: 2, step: 'velocity' },
      "schedule.step: 'velocity' is float32 [4, 3]; a count of steps is one number",
    ],
    [{ every: 2, counter: 'velocity' }, "schedule.counter: the step has a value 'velocity' already"],
    [{ when: 'maybe' }, "schedule.when: the step has no value 'maybe'"],
    [{ when: 'x' }, "schedule.when: 'x' is float32"],
  ])('%j', (schedule, message) => {
    expect(() => spliced(schedule)).toThrow(ConfigError);
    expect(() => spliced(schedule)).toThrow(message);
  });

  test('one schedule for parameters of two algorithms', () => {
    const twice = changed((info, model) => {
      const other = decodeModelProto(before).trainingInfo[0] as onnx.TrainingInfoProto;
      other.updateBinding = other.updateBinding.filter(({ key }) => key === 'velocity');
      info.updateBinding = info.updateBinding.filter(({ key }) => key === 'w');
      model.trainingInfo.push(other);
    });
    const velocity = { input: 'velocity', output: 'velocity_new', constraint: maxNorm() };
    const both = () =>
      splice(OnnxModel.decode(twice), { parameters: { w, velocity }, schedule: { every: 2, counter: 'n' } });
    expect(both).toThrow(UnsupportedError);
    expect(both).toThrow('the parameters are updated by training_info[0] and training_info[1]');
  });
});

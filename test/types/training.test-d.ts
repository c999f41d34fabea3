// Types of training: step descriptions, steps described by a file, the step loop, and ONNX Runtime's own training.
import { expectTypeOf, test } from 'vitest';
import { type Constraint, maxNorm, type OnnxModel, type TensorValue } from '../../src/index.js';
import {
  type DescribedStep,
  describeStep,
  type OrtCheckpoint,
  type OrtModule,
  type OrtParameter,
  OrtTrainingAdapter,
  type OrtTrainingSession,
  type ParameterEntry,
  parseRules,
  parseStepDescription,
  readKerasFile,
  readModel,
  readOrtCheckpoint,
  readStepDescription,
  type SplicedParameter,
  type StepDescription,
  StepLoop,
  type StepLoopReport,
  type StepParameter,
  type StepResult,
  splice,
  writeWeights,
} from '../../src/node.js';
import { type FitOptions, modelFromConfig, predict, fit as train } from '../../src/train.js';
import * as web from '../../src/web.js';

const pair = { input: 'w', output: 'w_new' };
const description: StepDescription = { parameters: { w: { ...pair, constraint: maxNorm(2) } } };

test('a step description names input, output and constraint of each parameter', () => {
  expectTypeOf(parseStepDescription('{}')).toEqualTypeOf<StepDescription>();
  expectTypeOf(readStepDescription('step.json')).resolves.toEqualTypeOf<StepDescription>();
  expectTypeOf<StepParameter>().toHaveProperty('input').toEqualTypeOf<string>();
  const full = {
    parameters: {
      a: { ...pair, constraint: 'NonNeg', others: 'unconstrained', layout: { shape: [3, 4], order: [1, 0] } },
      b: { ...pair, constraint: { class_name: 'MaxNorm', config: {} }, part: { axis: 0, start: 0, size: 2 } },
      c: { ...pair, constraint: null },
    },
    schedule: { every: 2, warmUp: 10, initial: true, counter: 'n', when: 'update' },
    file: 'step.json',
  } as const;
  expectTypeOf(full).toExtend<StepDescription>();
  // @ts-expect-error JSON says warm_up, code warmUp
  const wrong: StepDescription = { ...description, schedule: { every: 2, warm_up: 3, step: 't' } };
  // @ts-expect-error a parameter has an output
  const half: StepDescription = { parameters: { w: { input: 'w', constraint: null } } };
  return [wrong, half];
});

test('splice tells what became of each parameter', async () => {
  const [parameter] = splice(await readModel('step.onnx'), description);
  expectTypeOf(parameter).toEqualTypeOf<SplicedParameter | undefined>();
  expectTypeOf<SplicedParameter>().toHaveProperty('constraint').toEqualTypeOf<Constraint | null>();
  expectTypeOf<SplicedParameter>().toHaveProperty('nodes').toEqualTypeOf<number>();
  // @ts-expect-error bytes are decoded first
  splice(new Uint8Array(), description);
});

test('a step is described by a Keras model or by rules', async () => {
  const model = await readModel('step.onnx');
  const found = describeStep(model, await readKerasFile('model.keras'), { includeFrozen: true });
  expectTypeOf(found).toEqualTypeOf<DescribedStep>();
  expectTypeOf(found.description).toEqualTypeOf<StepDescription>();
  expectTypeOf(found.plan.entries).toEqualTypeOf<readonly ParameterEntry[]>();
  expectTypeOf(found.plan.entries[0]?.toldBy).toEqualTypeOf<'name' | 'shape' | 'value' | undefined>();
  expectTypeOf(describeStep(model, parseRules('{}'))).toEqualTypeOf<DescribedStep>();
  // @ts-expect-error a file is read first
  describeStep(model, 'model.keras');
  // @ts-expect-error no such option
  describeStep(model, parseRules('{}'), { frozen: true });
  expectTypeOf(web.describeStep).toEqualTypeOf<typeof describeStep>();
});

test('a step loop is made of a file, a model or bytes', async () => {
  const initial = { w: new Float32Array(4), v: { data: new Float32Array(4), dims: [2, 2] } };
  const loop = await StepLoop.create('step.onnx', description, { initial });
  expectTypeOf(loop).toEqualTypeOf<StepLoop>();
  expectTypeOf(StepLoop.create).parameter(0).toEqualTypeOf<string | OnnxModel | Uint8Array>();
  expectTypeOf(web.StepLoop.create).parameter(0).toEqualTypeOf<OnnxModel | Uint8Array>();
  StepLoop.create(new Uint8Array(), description, {
    initial,
    inputs: { lr: 0.1, t: (step) => step },
    state: { m: { input: 'm', output: 'm_new' }, x: null },
    fetch: ['accuracy'],
    providers: ['webgpu', { name: 'cuda', deviceId: 1 }],
  });
  // @ts-expect-error values to start from are needed
  StepLoop.create(new Uint8Array(), description, {});
  // @ts-expect-error a checkpoint has them
  StepLoop.resume('run.safetensors', 'step.onnx', description, { initial });

  expectTypeOf(loop.report()).toEqualTypeOf<StepLoopReport>();
  expectTypeOf(loop.step).toEqualTypeOf<number>();
  expectTypeOf(loop.weights()).resolves.toEqualTypeOf<Record<string, TensorValue>>();
  expectTypeOf(loop.checkpoint()).resolves.toExtend<Uint8Array>();
  expectTypeOf(loop.dispose()).resolves.toEqualTypeOf<void>();
  writeWeights(await readModel('model.onnx'), await loop.weights(), { w: 'dense/kernel' });
});

test('a run takes batches of any kind, and gives the last result', async () => {
  const loop = await StepLoop.create('step.onnx', description, { initial: {} });
  async function* batches() {
    yield { x: new Float32Array(4), y: { data: new BigInt64Array(2), dims: [2] }, lr: 0.1 };
  }
  const result = loop.run(batches(), {
    steps: 10,
    signal: new AbortController().signal,
    onStep: ({ step, loss, outputs, stepsPerSecond }) => {
      expectTypeOf([step, loss, stepsPerSecond]).toEqualTypeOf<number[]>();
      expectTypeOf(outputs).toEqualTypeOf<Readonly<Record<string, TensorValue>>>();
    },
    checkpoint: { file: 'run.safetensors', every: 100 },
    progress: true,
  });
  expectTypeOf(result).resolves.toEqualTypeOf<StepResult | undefined>();
  loop.run([{ x: 1 }], { checkpoint: { write: async (bytes) => void bytes.length } });
  // @ts-expect-error a batch is an object of values
  loop.run([1, 2, 3]);
  // @ts-expect-error a list of numbers is no value
  loop.run([{ x: [1, 2, 3] }]);
});

test('checkpoints and sessions of on-device training', async () => {
  const checkpoint = readOrtCheckpoint(new Uint8Array());
  expectTypeOf(checkpoint).toEqualTypeOf<OrtCheckpoint>();
  expectTypeOf(checkpoint.parameters).toEqualTypeOf<readonly OrtParameter[]>();
  const session = {} as OrtTrainingSession;
  const bytes = new Uint8Array();
  const adapter = await OrtTrainingAdapter.create(session, {
    ort: {} as OrtModule,
    checkpoint: bytes,
    trainingModel: bytes,
    constraints: { 'fc1.weight': maxNorm(2), 'fc1.bias': 'NonNeg' },
  });
  expectTypeOf(adapter).toEqualTypeOf<OrtTrainingAdapter>();
  expectTypeOf(adapter.runOptimizerStep()).resolves.toEqualTypeOf<void>();
  expectTypeOf(adapter.dispose()).resolves.toEqualTypeOf<void>();
  // @ts-expect-error the module that the session is of is needed
  await OrtTrainingAdapter.create(session, { checkpoint: bytes, trainingModel: bytes, constraints: {} });
  expectTypeOf(web.OrtTrainingAdapter).toEqualTypeOf<typeof OrtTrainingAdapter>();
});

test('a model with several outputs is given what each takes, and predicts an object', async () => {
  const model = modelFromConfig({});
  const [x, y] = [new Float32Array(8), new Float32Array(4)];
  expectTypeOf(predict(model, x)).resolves.toEqualTypeOf<TensorValue>();
  expectTypeOf(predict<Record<'a' | 'b', TensorValue>>(model, x)).resolves.toHaveProperty('b');
  expectTypeOf(model.outputNames).toEqualTypeOf<readonly string[]>();
  const options: FitOptions = { loss: 'mse', lossWeights: 2, metrics: ['mae'] };
  train(model, { x, y }, options);
  train(
    model,
    { x, y: { a: y, b: { data: y, dims: [4, 1] } }, sampleWeight: [y, null] },
    {
      loss: { a: 'mse', b: null },
      lossWeights: [1, null],
      metrics: [['mae'], 'mse'],
      weightedMetrics: { b: ['mae'] },
    },
  );
  // @ts-expect-error metrics are a list, or an object by output
  train(model, { x, y }, { metrics: 'mae' });
  // @ts-expect-error a weight is a number
  train(model, { x, y }, { lossWeights: ['1'] });
});

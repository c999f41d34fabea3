// On-device training with the training build of ONNX Runtime 1.19.2 in Chromium, where it belongs, kept to constraints.
// Must not import Node.
import * as ort from 'onnxruntime-training-web/training';
import { expect, test } from 'vitest';
import { defaultTolerance, judge, maxNorm } from '../../src/index.js';
import { OrtTrainingAdapter } from '../../src/web.js';
import optimizerUrl from '../fixtures/ort_training/optimizer_model.onnx?url';
import trainingUrl from '../fixtures/ort_training/training_model.onnx?url';
import checkpointUrl from '../fixtures/ort_training/whole.ckpt?url';

const constraint = maxNorm({ maxValue: 1, axis: 1 });

test('each step ends inside the set', async () => {
  ort.env.wasm.numThreads = 1;
  const [checkpoint, trainingModel, optimizerModel] = (await Promise.all(
    [checkpointUrl, trainingUrl, optimizerUrl].map(
      async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer()),
    ),
  )) as [Uint8Array, Uint8Array, Uint8Array];
  const session = await ort.TrainingSession.create({
    checkpointState: checkpoint,
    trainModel: trainingModel,
    optimizerModel,
  });
  const constraints = { 'fc1.weight': constraint };
  const adapter = await OrtTrainingAdapter.create(session, { ort, checkpoint, trainingModel, constraints });
  const verdict = async (): Promise<string | undefined> => {
    const { offset = 0, size = 0 } = adapter.plan.parameters.find(({ name }) => name === 'fc1.weight') ?? {};
    const buffer = (await session.getContiguousParameters(true)).data as Float32Array;
    const weight = buffer.subarray(offset, offset + size);
    return judge(constraint, weight, [6, 4], defaultTolerance('float32'))?.status;
  };
  expect(await verdict()).toBe('violated');
  for (let step = 0; step < 4; step++) {
    const values = (count: number): Float32Array =>
      Float32Array.from({ length: count }, (_, i) => 4 * Math.sin(17 * step + i));
    await session.lazyResetGrad();
    await session.runTrainStep({
      x: new ort.Tensor('float32', values(32), [8, 4]),
      target: new ort.Tensor('float32', values(24), [8, 3]),
    });
    await adapter.runOptimizerStep();
    expect(await verdict()).toBe('satisfied');
  }
  await adapter.dispose();
});

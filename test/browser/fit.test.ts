// Training in Chromium on wasm and WebGPU: Keras's own training, step by step.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { fit as train } from '../../src/trainWeb.js';
import { StepLoop } from '../../src/web.js';
import { farFromKeras, followFit, parseFitCase } from '../support/followFit.js';
import { historyDistance, smallData, smallModel, smallOptions } from '../support/smallTraining.js';
import { stepsOnDevice } from './stepsOnDevice.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const files = import.meta.glob<string>('../fixtures/fit/*/{initial.keras,trajectory.safetensors}', {
  query: '?url',
  import: 'default',
  eager: true,
});
const names = [...new Set(Object.keys(files).map((file) => file.split('/').at(-2) as string))];

async function read(name: string, file: string): Promise<Uint8Array> {
  const response = await fetch(files[`../fixtures/fit/${name}/${file}`] as string);
  return new Uint8Array(await response.arrayBuffer());
}

const cases = names.flatMap((name) => ['wasm', 'webgpu'].map((provider) => ({ name, provider })));

test.each(cases)('$name on $provider', async ({ name, provider }) => {
  const answered = parseFitCase(
    await read(name, 'initial.keras'),
    await read(name, 'trajectory.safetensors'),
  );
  const options = { batchSize: answered.batchSize, provider };
  const followed = await followFit(StepLoop, answered, options, {
    providers: [provider],
    ort,
    strict: true,
  } as never);
  expect(followed.report.provider).toBe(provider);
  expect(farFromKeras(followed, answered)).toEqual([]);
});

test.each([8, undefined])('dropout and metrics stay on the device, batch size %s', async (batchSize) => {
  await stepsOnDevice(StepLoop, batchSize, { providers: ['webgpu'], strict: true, ort });
});

test('fit on WebGPU tells what it tells on wasm', async () => {
  const data = smallData();
  const { history } = await train(smallModel(), data, { ...smallOptions, ort, providers: ['webgpu'] });
  const wanted = await train(smallModel(), data, { ...smallOptions, ort });
  expect(historyDistance(history, wanted.history)).toBeLessThan(1e-4);
});

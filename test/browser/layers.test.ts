// Every layer in all its settings in Chromium, on wasm and on WebGPU with no node handed to the CPU: Keras's own training
// of tiny networks around them.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { dropout, spatialDropout2d } from '../../src/fit/index.js';
import { StepLoop } from '../../src/web.js';
import text from '../fixtures/fit/layers.json?raw';
import bytes from '../fixtures/fit/layers.safetensors?url';
import { maskedSteps, maskFaults } from '../support/dropoutMasks.js';
import { BATCH, followLayer, layerFaults, parseLayerCases } from '../support/layerCases.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const layerCases = parseLayerCases(text, new Uint8Array(await (await fetch(bytes)).arrayBuffer()));
const loopOptions = (provider: string): object => ({ providers: [provider], ort, strict: true });

test.each(
  layerCases.cases.flatMap((own) => ['wasm', 'webgpu'].map((provider) => [own.id, provider, own] as const)),
)('%s on %s', async (_, provider, own) => {
  const options = { batchSize: BATCH, provider };
  const followed = await followLayer(StepLoop, layerCases, own, options, loopOptions(provider));
  expect(followed.report.provider).toBe(provider);
  expect(layerFaults(layerCases, own, followed)).toEqual([]);
});

test.each(['wasm', 'webgpu'])('on %s Dropout leaves out the same forward and back', async (provider) => {
  const single = await maskedSteps(
    StepLoop,
    dropout({ rate: 0.3 }),
    [4000],
    3,
    { provider },
    loopOptions(provider),
  );
  expect(maskFaults(single, 0.3)).toEqual([]);
  const layer = spatialDropout2d({ rate: 0.5 });
  const whole = await maskedSteps(StepLoop, layer, [2, 3, 400], 2, { provider }, loopOptions(provider));
  expect(maskFaults(whole, 0.5, (element) => element % 400)).toEqual([]);
});

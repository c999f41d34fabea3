// Each optimizer, option, schedule, loss and regularizer on onnxruntime-node's WebGPU provider, with no node handed to the CPU.
import { expect, test } from 'vitest';
import { batchSize, farFromKerasOptions, followOptions, modelOf } from '../support/followOptions.js';
import { cases } from '../support/optionCases.js';

test.each(cases.map((own) => [own.id, own] as const))('%s', async (_, own) => {
  const model = modelOf(own);
  const loop = { providers: ['webgpu'], strict: true };
  const { losses, violated, report } = await followOptions(
    own,
    model,
    { batchSize, provider: 'webgpu' },
    loop,
  );
  expect(report).toMatchObject({ provider: 'webgpu', route: 'device', refusals: [] });
  expect([...farFromKerasOptions(own, model, losses), ...violated]).toEqual([]);
});

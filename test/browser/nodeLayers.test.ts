// Layers on onnxruntime-node's WebGPU provider, with no node handed to the CPU, and what Dropout leaves out there.
//
// Of each layer those settings that make the most different graphs: a case takes more than a second on a software device,
// and layers.test.ts runs all of them in Chromium. Left out are other strides, paddings and channel orders of convolutions
// and poolings, most activations, layers that only move elements, and merges of other shapes; ALL_LAYERS=1 runs them too.
import { expect, test } from 'vitest';
import { dropout, spatialDropout2d } from '../../src/fit/index.js';
import { StepLoop } from '../../src/node.js';
import { maskedSteps, maskFaults } from '../support/dropoutMasks.js';
import { BATCH, followLayer, layerFaults } from '../support/layerCases.js';
import { layerCases } from '../support/readLayerCases.js';

const strict = { providers: ['webgpu'], strict: true };

const chosen = [
  ...['dense', 'dense-rate', 'embedding', 'conv1d-causal-dilation', 'conv1d-first-groups', 'conv2d-wide'],
  ...['conv2d-groups-strides', 'conv2d-first-same', 'conv3d-strides-same', 'conv3d-groups'],
  ...['conv1dtranspose-3-strides-2-same', 'conv2dtranspose-padded-1-valid', 'conv3dtranspose-strides-uneven'],
  ...['depthwise1d-first', 'depthwise2d-multiplier', 'separable1d-dilation', 'separable2d-strides'],
  ...['maxpool1d-overlapping-same', 'maxpool2d-overlapping', 'maxpool3d-first-same', 'averagepool1d'],
  ...['averagepool2d-overlapping-same', 'averagepool3d', 'globalmax2d', 'globalaverage3d-keepdims'],
  ...['upsampling2d-bilinear', 'upsampling3d-uneven', 'zeropadding2d-uneven', 'cropping3d', 'flatten-first'],
  ...['repeatvector', 'batchnorm-image', 'layernorm-axes', 'groupnorm-image', 'unitnorm-layer', 'rmsnorm'],
  ...['activation-gelu', 'activation-sparsemax', 'activation-glu', 'softmax-axes', 'relu-all', 'leakyrelu'],
  ...['prelu-shared', 'average-ranks', 'maximum-broadcast', 'minimum-three', 'concatenate', 'dot-normalize'],
  ...['shared-batchnorm', 'nested-shared'],
];
const all = layerCases.cases;
const cases = process.env.ALL_LAYERS === '1' ? all : all.filter(({ id }) => chosen.includes(id));

test('the cases chosen are there', () => {
  expect(chosen.filter((id) => !all.some((own) => own.id === id))).toEqual([]);
});

test.each(cases.map((own) => [own.id, own] as const))('%s', async (_, own) => {
  const options = { batchSize: BATCH, provider: 'webgpu' };
  const followed = await followLayer(StepLoop, layerCases, own, options, strict);
  expect(followed.report).toMatchObject({ provider: 'webgpu', route: 'device', refusals: [] });
  expect(layerFaults(layerCases, own, followed)).toEqual([]);
});

test('Dropout leaves out the same forward and back', async () => {
  const options = { provider: 'webgpu' };
  const single = await maskedSteps(StepLoop, dropout({ rate: 0.3 }), [4000], 3, options, strict);
  expect(maskFaults(single, 0.3)).toEqual([]);
  const whole = await maskedSteps(StepLoop, spatialDropout2d({ rate: 0.5 }), [2, 3, 400], 2, options, strict);
  expect(maskFaults(whole, 0.5, (element) => element % 400)).toEqual([]);
});

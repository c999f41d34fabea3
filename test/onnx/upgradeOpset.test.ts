// Models of old opsets, rewritten for opset 13: ONNX Runtime gives the same answers for both.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { maxNorm } from '../../src/index.js';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { upgradeOpset } from '../../src/onnx/upgradeOpset.js';
import { splice } from '../../src/training/splice.js';
import { Random } from '../support/random.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { randomFeeds, runStep, stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();

function read(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(stepPath(`small/${name}.onnx`)));
}

test.each([
  ['opset9', 9, 4],
  ['opset11', 11, 6],
])('%s: the same answers at opset 13, the IR version kept', async (name, from, ir) => {
  const before = read(name);
  const model = OnnxModel.decode(before);
  expect(upgradeOpset(model)).toBe(from);
  const after = OnnxModel.decode(model.encode());
  expect([after.opset(), after.irVersion]).toEqual([13, ir]);
  expect(after.inputs).toEqual(OnnxModel.decode(before).inputs);
  const feeds = randomFeeds(model.inputs, new Random(2));
  const [old, now] = [await runStep(before, feeds), await runStep(model.encode(), feeds)];
  expect(Object.keys(now)).toEqual(Object.keys(old));
  for (const [output, { data, dims }] of Object.entries(old)) {
    expect(now[output]?.dims).toEqual(dims);
    for (const [i, value] of data.entries()) {
      expect(Math.abs((now[output]?.data[i] as number) - value), output).toBeLessThan(1e-6);
    }
  }
});

test('a model of opset 13 or later is left as it is', () => {
  const bytes = read('momentum_ema');
  const model = OnnxModel.decode(bytes);
  expect(upgradeOpset(model)).toBe(17);
  expect(model.encode()).toBe(bytes);
});

/** The step of opset 9 with something else about it. */
function altered(change: (model: ReturnType<typeof decodeModelProto>) => void): OnnxModel {
  const proto = decodeModelProto(read('opset9'));
  change(proto);
  return OnnxModel.decode(encodeModelProto(proto));
}

test.each([
  [
    'opset 8 is not upgraded; opsets 9 to 12 are',
    altered(({ opsetImport: [entry] }) => Object.assign(entry as object, { version: 8 })),
  ],
  [
    '(Upsample) of opset 9 cannot be rewritten',
    altered(({ graph }) => Object.assign(graph?.node[0] as object, { opType: 'Upsample' })),
  ],
  ['(Clip) of opset 9 has an input of unknown type', altered(({ graph }) => graph?.valueInfo.splice(0))],
])('refused: %s', (message, model) => {
  expect(() => upgradeOpset(model)).toThrow(message);
});

test('splice upgrades only where it is asked to', async () => {
  const pair = { input: 'w', output: 'w_new', constraint: maxNorm({ axis: 1 }) };
  const model = OnnxModel.decode(read('opset9'));
  expect(() => splice(model, { parameters: { w: pair } })).toThrow(
    'or have it upgraded (upgradeOpset, --upgrade-opset)',
  );
  const params = join(folder, 'params.json');
  writeFileSync(params, JSON.stringify({ parameters: { w: { ...pair, constraint: 'NonNeg' } } }));
  const args = [
    'splice',
    stepPath('small/opset9.onnx'),
    '--params',
    params,
    '--out',
    join(folder, 'out.onnx'),
  ];
  expect((await runCli(...args)).code).toBe(2);
  const { code, stderr } = await runCli(...args, '--upgrade-opset');
  expect([code, stderr]).toEqual([0, 'upgraded from opset 9 to 13\n']);
  expect(OnnxModel.decode(readFileSync(join(folder, 'out.onnx'))).opset()).toBe(13);
});

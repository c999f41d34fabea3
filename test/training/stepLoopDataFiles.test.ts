// Steps whose constants lie in data files: found beside the step's file, given with the bytes, or missed by name.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as web from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import { type OrtModule, parseStepDescription, readModel, StepLoop } from '../../src/node.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { followTrajectory, initial, inputs } from '../support/loopTrajectory.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { readTrajectory, stepPath } from '../support/trainSteps.js';

const folder = join(temporaryFolder(), 'steps');
const file = join(folder, 'step.onnx');
const trajectory = readTrajectory('mlp_sgd');
const description = parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8'));
const start = { initial: initial(trajectory), inputs };
let bytes: Uint8Array;
let data: Uint8Array;

beforeAll(() => {
  const source = OnnxModel.decode(readFileSync(stepPath('mlp_sgd/step.onnx')));
  const moved = source.encodeWithData({ location: 'data/constants.bin', move: 'all', threshold: 1024 });
  bytes = moved.bytes;
  data = new Uint8Array(Buffer.concat([...moved.data]));
  expect(data.length).toBeGreaterThan(0);
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(file, bytes);
  writeFileSync(join(folder, 'data/constants.bin'), data);
});

async function expectTrajectory(loop: StepLoop): Promise<void> {
  expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
  await loop.dispose();
}

describe('a step with data files runs', () => {
  test('by the name of its file, with the constraints inside or behind', async () => {
    for (const projector of [false, true])
      await expectTrajectory(await StepLoop.create(file, description, { ...start, projector }));
  });

  test('as a model that was read', async () => {
    await expectTrajectory(await StepLoop.create(await readModel(file), description, start));
  });

  test('as bytes with the data files given', async () => {
    const sessionOptions = { externalData: [{ path: 'data/constants.bin', data }] };
    await expectTrajectory(await StepLoop.create(bytes, description, { ...start, sessionOptions }));
  });

  test('in wasm', async () => {
    const ort = web as unknown as OrtModule;
    await expectTrajectory(await StepLoop.create(file, description, { ...start, ort, providers: ['wasm'] }));
  });

  test('again from a checkpoint', async () => {
    const loop = await StepLoop.create(file, description, start);
    const checkpoint = await loop.checkpoint();
    await loop.dispose();
    await expectTrajectory(await StepLoop.resume(checkpoint, file, description, { inputs }));
  });
});

test('bytes alone are refused, with the file that is missing', async () => {
  await expect(StepLoop.create(bytes, description, start)).rejects.toThrow(
    'its data is in "data/constants.bin", and no external data was given',
  );
});

test('a missing data file is named', async () => {
  const alone = join(folder, 'data', 'alone.onnx');
  writeFileSync(alone, bytes);
  await expect(StepLoop.create(alone, description, start)).rejects.toThrow(
    `${join(folder, 'data/data/constants.bin')}: data file of the model does not exist`,
  );
  rmSync(alone);
});

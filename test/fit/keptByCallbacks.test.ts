// What callbacks keep of a training: tables that are gone on with, the best weights, the best checkpoint.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import {
  type Callback,
  csvLogger,
  earlyStopping,
  encodeKeras,
  encodeKerasWeights,
  modelCheckpoint,
} from '../../src/train.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import {
  regressor as model,
  numbersIn as numbers,
  plane,
  trainPlane as run,
} from '../support/tinyTrainings.js';

const folder = temporaryFolder();
const { x, y } = plane;

describe('a table that is gone on with', () => {
  test('has one head, and the columns that it had', async () => {
    const file = join(folder, 'further.csv');
    const own = model();
    const data = { validationData: { x, y } };
    const first = await run({ ...data, epochs: 2, callbacks: [csvLogger({ file, append: true })] }, own);
    const more = { epochs: 3, initialEpoch: 2, callbacks: [csvLogger({ file, append: true })] };
    const second = await run(more, own);
    expect(readFileSync(file, 'utf8').split('\r\n')).toEqual([
      'epoch,loss,val_loss',
      ...[0, 1].map((i) => `${i},${first.history.loss?.[i]},${first.history.val_loss?.[i]}`),
      `2,${second.history.loss?.[0]},NA`,
      '',
    ]);
    await run({ callbacks: [csvLogger({ file })] }, own);
    expect(readFileSync(file, 'utf8')).toMatch(/^epoch,loss,val_loss\r\n0,[^\r]*,NA\r\n$/);
  });

  test('is refused where it has no column for a number, and stays as it was', async () => {
    const file = join(folder, 'other.csv');
    writeFileSync(file, 'epoch,loss\n0,1\n');
    const callbacks = [csvLogger({ file, append: true })];
    await expect(run({ metrics: ['mae'], callbacks })).rejects.toThrow(
      `${file}: csvLogger: the table has the columns epoch, loss; to go on with it, they must be epoch and loss, mae`,
    );
    expect(readFileSync(file, 'utf8')).toBe('epoch,loss\n0,1\n');
    expect(() => csvLogger({ write: () => {}, append: true })).toThrow(/append is for files/);
  });
});

test('early stopping looks from an epoch on, and gives back the best weights', async () => {
  const own = model();
  const best = new Map<number, readonly number[]>();
  const keep: Callback = { onEpochEnd: (epoch) => void best.set(epoch, [...numbers(own, 'dense/kernel')]) };
  const wave = (epoch: number): number => [0, 5, 3, 4, 4][epoch] ?? 9;
  const told: Callback = {
    onEpochEnd: (epoch, logs) => {
      logs.own = wave(epoch);
    },
  };
  const stopping = earlyStopping({
    monitor: 'own',
    mode: 'min',
    patience: 2,
    startFromEpoch: 1,
    restoreBestWeights: true,
  });
  const { epoch } = await run({ epochs: 9, callbacks: [told, keep, stopping] }, own);
  expect(epoch).toEqual([0, 1, 2, 3, 4]);
  expect(numbers(own, 'dense/kernel')).toEqual(Float64Array.from(best.get(2) ?? []));
  expect(best.get(4)).not.toEqual(best.get(2));
});

test('the best checkpoint stays when a worse epoch follows, and weights alone are a file of their own', async () => {
  mkdirSync(join(folder, 'weights'));
  const file = join(folder, 'weights', 'e{epoch}.weights.h5');
  const told: Callback = {
    onEpochEnd: (epoch, logs) => {
      logs.own = [3, 1, 2][epoch] ?? 0;
    },
  };
  const monitored = { monitor: 'own', mode: 'min', saveBestOnly: true } as const;
  const callbacks = [told, modelCheckpoint({ file, saveWeightsOnly: true, ...monitored })];
  const own = model();
  await run({ epochs: 3, callbacks }, own);
  expect(readdirSync(join(folder, 'weights')).sort()).toEqual(['e1.weights.h5', 'e2.weights.h5']);
  const archive = unzipSync(await encodeKeras(own));
  expect(Buffer.from(await encodeKerasWeights(own)).equals(archive['model.weights.h5'] as Uint8Array)).toBe(
    true,
  );
  expect(() => modelCheckpoint({ file: 'a.keras', saveWeightsOnly: true })).toThrow(
    /a.keras: modelCheckpoint: the file must end in .weights.h5, since saveWeightsOnly is true/,
  );
});

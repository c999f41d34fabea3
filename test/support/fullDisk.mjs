// Trains with a checkpoint of each epoch, in a process of its own that may not write as much as the checkpoint has, and
// tells what became of it. Needs a build.
//
//     node test/support/fullDisk.mjs <trained.keras> <checkpoint.keras>
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { modelCheckpoint, readTrainableModel, fit as train } from '../../dist/train.js';

const [start, checkpoint] = process.argv.slice(2);
const model = await readTrainableModel(readFileSync(start));
const [x, y] = [new Float32Array(64 * 16).fill(0.5), new Int32Array(16)];
const steps = () => model.optimizerState[0]?.data[0] ?? 0;
const before = steps();
const callbacks = [modelCheckpoint({ file: checkpoint })];
try {
  await train(model, { x, y }, { epochs: 3, batchSize: 8, callbacks });
  process.stdout.write(JSON.stringify({ steps: steps() - before }));
} catch (error) {
  const { name, code, file, message } = error;
  process.stdout.write(JSON.stringify({ name, code, file, message, steps: steps() - before }));
}

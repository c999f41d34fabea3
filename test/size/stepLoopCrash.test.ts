// A step loop killed while it writes checkpoints, at any moment: the last whole checkpoint is there, and it goes on from
// there. Needs a build.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseStepDescription, StepLoop } from '../../src/node.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { stepPath } from '../support/trainSteps.js';

const program = fileURLToPath(new URL('stepLoopCheckpoints.mjs', import.meta.url));
const folder = temporaryFolder();
const file = join(folder, 'run.safetensors');

/** Trains, and is killed once `moment` is over. @returns the last step whose checkpoint it said was in place */
async function trainAndKill(moment: () => Promise<unknown>): Promise<{ from: number; said: number }> {
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let started: () => void = () => {};
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    if (text.includes('\n')) started();
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([running, closed]);
  await moment();
  child.kill('SIGKILL');
  await closed;
  // The last line may have been cut by the signal.
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  const from = Number(lines[0]?.replace('from ', ''));
  return { from, said: lines.length > 1 ? Number(lines.at(-1)) : from };
}

/** Until a write is under way; some of the moments that follow lie inside it. */
async function writing(): Promise<void> {
  const before = new Set(readdirSync(folder));
  for (let tries = 0; tries < 5_000; tries += 1) {
    if (readdirSync(folder).some((name) => name.endsWith('.tmp') && !before.has(name))) return;
    await wait(0);
  }
}

test('SIGKILL at any moment leaves the last whole checkpoint', async () => {
  const step = readFileSync(stepPath('mlp_sgd/step.onnx'));
  const description = parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8'));
  let last = 0;
  let cut = 0;
  for (let i = 0; i < 12; i += 1) {
    const { from, said } = await trainAndKill(() => (i % 3 === 2 ? wait(7 * i) : writing()));
    expect(from).toBe(last);
    cut += readdirSync(folder).filter((name) => name.endsWith('.tmp')).length;
    if (!existsSync(file)) continue;
    const loop = await StepLoop.resume(file, step, description, { inputs: { lr: 0.01, t: (n) => n } });
    expect(loop.step).toBeGreaterThanOrEqual(said);
    last = loop.step;
    await loop.dispose();
  }
  // Whoever goes on removes what the killed ones had begun.
  expect(readdirSync(folder)).toEqual(['run.safetensors']);
  expect(last).toBeGreaterThan(10);
  // Otherwise no write was ever interrupted, and nothing was shown.
  expect(cut).toBeGreaterThan(0);
}, 120_000);

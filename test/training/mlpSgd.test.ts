// The train step exported from PyTorch, spliced, against the trajectory that PyTorch computed with every constraint
// applied after every update.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModel } from '../../src/node.js';
import { splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { openStep, readTrajectory, type StepTensor, slice, stepPath, toOrt } from '../support/trainSteps.js';

const folder = temporaryFolder();
const step = stepPath('mlp_sgd/step.onnx');
const description = stepPath('mlp_sgd/constraints.json');
const names = ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'];
const trajectory = readTrajectory('mlp_sgd');

/** The norm of each row, summed in float64. */
function rowNorms({ data, dims }: StepTensor): number[] {
  const [rows, columns] = dims as [number, number];
  return Array.from({ length: rows }, (_, row) =>
    Math.hypot(...data.subarray(row * columns, (row + 1) * columns)),
  );
}

interface Run {
  readonly losses: readonly number[];
  readonly final: ReadonlyMap<string, StepTensor>;
}

/** Forty steps on the trajectory's batches; `afterStep` sees the parameters that each step gave. */
async function train(
  model: string | Uint8Array,
  afterStep: (parameters: ReadonlyMap<string, StepTensor>) => void = () => {},
): Promise<Run> {
  const session = await openStep(model);
  let parameters = new Map(names.map((name) => [name, trajectory(`init/${name}`)]));
  const [x, y] = [trajectory('x'), trajectory('y')];
  const losses: number[] = [];
  for (let i = 0; i < 40; i++) {
    const outputs = await session.run({
      ...Object.fromEntries([...parameters].map(([name, value]) => [name, toOrt(value)])),
      x: toOrt(slice(x, i)),
      y: toOrt(slice(y, i)),
      lr: toOrt({ data: Float32Array.of(0.2), dims: [] }),
      t: toOrt({ data: Float32Array.of(i + 1), dims: [] }),
    });
    losses.push((outputs.loss as unknown as StepTensor).data[0] as number);
    parameters = new Map(
      names.map((name) => {
        const value = outputs[`${name}_new`] as { data: Float32Array; dims: readonly number[] };
        return [name, { data: value.data, dims: value.dims }];
      }),
    );
    afterStep(parameters);
  }
  await session.release();
  return { losses, final: parameters };
}

/** Each constraint of the step, judged in float64 with float32's rounding alone. */
function expectConstrained(parameters: ReadonlyMap<string, StepTensor>): void {
  const [weight1, bias1, weight2] = names.map((name) => parameters.get(name) as StepTensor) as [
    StepTensor,
    StepTensor,
    StepTensor,
  ];
  expect(Math.max(...rowNorms(weight1))).toBeLessThanOrEqual(0.8 * (1 + 1e-6));
  expect(Math.min(...bias1.data)).toBeGreaterThanOrEqual(0);
  for (const norm of rowNorms(weight2)) expect(Math.abs(norm - 1)).toBeLessThan(1e-6);
}

function expectTrajectory({ losses, final }: Run): void {
  const wanted = trajectory('loss').data;
  for (const [i, loss] of losses.entries()) {
    expect(Math.abs(loss - (wanted[i] as number)), `loss of step ${i}`).toBeLessThan(
      1e-4 * (wanted[i] as number),
    );
  }
  for (const [name, { data }] of final) {
    const answer = trajectory(`final/${name}`).data;
    const largest = Math.max(...answer.map(Math.abs));
    const worst = Math.max(...data.map((value, i) => Math.abs(value - (answer[i] as number))));
    expect(worst, name).toBeLessThan(1e-4 * largest);
  }
}

test.each([undefined, 'cpu'])(
  'spliced for provider %s it follows PyTorch for forty steps, in the set after each',
  async (provider) => {
    const model = await readModel(step);
    splice(model, parseStepDescription(readFileSync(description, 'utf8')), { provider });
    expectTrajectory(await train(model.encode(), expectConstrained));
  },
);

test('as it was exported, the step leaves the set and another trajectory', async () => {
  const { losses, final } = await train(step);
  expect(() => expectConstrained(final)).toThrow();
  expect(() => expectTrajectory({ losses, final })).toThrow();
});

test('the command gives what the function gives', async () => {
  const out = join(folder, 'spliced.onnx');
  const { code, stdout, stderr } = await runCli('splice', step, '--params', description, '--out', out);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/fc1\.weight +MaxNorm +fc1\.weight +canonical +5 +—/);
  expect(stdout).toContain(`3 constraints put in, 9 nodes; wrote ${out}`);
  const model = await readModel(step);
  splice(model, parseStepDescription(readFileSync(description, 'utf8')));
  expect(readFileSync(out).equals(model.encode())).toBe(true);
  expectTrajectory(await train(out, expectConstrained));
});

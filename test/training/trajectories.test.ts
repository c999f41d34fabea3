// Train steps exported from PyTorch and JAX, spliced, against the trajectories that these computed with every constraint
// applied after every update.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type Constraint, get } from '../../src/constraints/index.js';
import { readModel } from '../../src/node.js';
import { splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import * as reference from '../support/reference.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { openStep, readTrajectory, type StepTensor, slice, stepPath, toOrt } from '../support/trainSteps.js';

const folder = temporaryFolder();

interface Exported {
  readonly name: string;
  readonly steps: number;
  /** What the step takes beside its parameters. */
  feed(step: number): Record<string, StepTensor>;
  readonly loss: string;
}

function exported(
  name: string,
  inputs: { x: string; y: string; lr: string; t?: string },
  loss: string,
): Exported {
  const trajectory = readTrajectory(name);
  const { learning_rate: rate, steps } = JSON.parse(
    readFileSync(stepPath(`${name}/constraints.json`), 'utf8'),
  );
  const [x, y] = [trajectory('x'), trajectory('y')];
  return {
    name,
    steps,
    loss,
    feed: (step) => ({
      [inputs.x]: slice(x, step),
      [inputs.y]: slice(y, step),
      [inputs.lr]: { data: Float32Array.of(rate), dims: [] },
      ...(inputs.t !== undefined && { [inputs.t]: { data: Float32Array.of(step + 1), dims: [] } }),
    }),
  };
}

const cases = [
  exported('mlp_sgd', { x: 'x', y: 'y', lr: 'lr', t: 't' }, 'loss'),
  exported('jax_momentum', { x: 'in_8', y: 'in_9', lr: 'in_10' }, 'neg_out_0'),
];

function readDescription({ name }: Exported) {
  return parseStepDescription(readFileSync(stepPath(`${name}/constraints.json`), 'utf8'));
}

interface Run {
  readonly losses: readonly number[];
  readonly final: ReadonlyMap<string, StepTensor>;
}

/** All steps on the trajectory's batches; `afterStep` sees the parameters that each gave. */
async function train(
  step: Exported,
  model: string | Uint8Array,
  afterStep: (parameters: ReadonlyMap<string, StepTensor>) => void = () => {},
): Promise<Run> {
  const trajectory = readTrajectory(step.name);
  const pairs = Object.entries(readDescription(step).parameters);
  let parameters = new Map(pairs.map(([name]) => [name, trajectory(`init/${name}`)]));
  const session = await openStep(model);
  const losses: number[] = [];
  for (let i = 0; i < step.steps; i++) {
    const given = Object.entries(step.feed(i)).map(([name, value]) => [name, toOrt(value)]);
    const carried = pairs.map(([name, { input }]) => [input, toOrt(parameters.get(name) as StepTensor)]);
    const outputs = await session.run(Object.fromEntries([...given, ...carried]));
    const read = (name: string): StepTensor => {
      const { data, dims } = outputs[name] as ort.Tensor;
      return { data: data as Float32Array, dims };
    };
    losses.push(read(step.loss).data[0] as number);
    parameters = new Map(pairs.map(([name, { output }]) => [name, read(output)]));
    afterStep(parameters);
  }
  await session.release();
  return { losses, final: parameters };
}

/** Each constraint of the step, judged in float64 with float32's rounding alone. */
function expectConstrained(step: Exported, parameters: ReadonlyMap<string, StepTensor>): void {
  for (const [name, { constraint: identifier }] of Object.entries(readDescription(step).parameters)) {
    const constraint = get(identifier);
    const { data, dims } = parameters.get(name) as StepTensor;
    if (constraint !== null) expectIn(constraint, data, dims);
  }
}

function expectIn(constraint: Constraint, data: Float32Array, dims: readonly number[]): void {
  const { axis = 0, max_value: limit = 2 } = constraint.getConfig() as { axis?: number; max_value?: number };
  const className = constraint.constructor.name;
  if (className === 'NonNeg') {
    expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
    return;
  }
  for (const norm of reference.norms(data, dims, axis).values) {
    if (className === 'MaxNorm') expect(norm).toBeLessThanOrEqual(limit * (1 + 1e-6));
    else if (className === 'UnitNorm') expect(Math.abs(norm - 1)).toBeLessThan(1e-6);
    else throw new Error(`no judge for ${className}`);
  }
}

function expectTrajectory(step: Exported, { losses, final }: Run): void {
  const trajectory = readTrajectory(step.name);
  const wanted = trajectory('loss').data;
  expect(losses).toHaveLength(wanted.length);
  for (const [i, loss] of losses.entries()) {
    const right = wanted[i] as number;
    expect(Math.abs(loss - right), `loss of step ${i}`).toBeLessThan(1e-4 * right);
  }
  for (const [name, { data }] of final) {
    const answer = trajectory(`final/${name}`).data;
    const largest = Math.max(...answer.map(Math.abs));
    const worst = Math.max(...data.map((value, i) => Math.abs(value - (answer[i] as number))));
    expect(worst, name).toBeLessThan(1e-4 * largest);
  }
}

describe.each(cases)('$name', (step) => {
  const file = stepPath(`${step.name}/step.onnx`);

  test.each([{}, { provider: 'cpu' }, { functions: true }, { provider: 'cpu', functions: true }])(
    'spliced with %j it follows the trajectory, and is in the set after each step',
    async (options) => {
      const model = await readModel(file);
      splice(model, readDescription(step), options);
      expectTrajectory(
        step,
        await train(step, model.encode(), (parameters) => expectConstrained(step, parameters)),
      );
    },
  );

  test('as it was exported, it leaves the set and the trajectory', async () => {
    const run = await train(step, file);
    expect(() => expectConstrained(step, run.final)).toThrow();
    expect(() => expectTrajectory(step, run)).toThrow();
  });

  test('the command gives what the function gives', async () => {
    const out = join(folder, `${step.name}.onnx`);
    const params = stepPath(`${step.name}/constraints.json`);
    const { code, stdout, stderr } = await runCli('splice', file, '--params', params, '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/ MaxNorm +\S+ +canonical +5 +—/);
    expect(stdout).toContain(`wrote ${out}`);
    const model = await readModel(file);
    splice(model, readDescription(step));
    expect(readFileSync(out).equals(model.encode())).toBe(true);
    expectTrajectory(step, await train(step, out, (parameters) => expectConstrained(step, parameters)));
  });
});

// Takes the steps of an exported train step on the batches of its trajectory, and compares with what its framework
// computed. Must not import training: what was spliced comes as bytes.
import type * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { type Constraint, get } from '../../src/constraints/index.js';
import * as reference from './reference.js';
import { fromOrt, makeTensor, openStep, readTrajectory, type StepTensor } from './trainSteps.js';

/** A parameter or a state that each step takes and gives. */
interface Carried {
  readonly input: string;
  readonly output: string;
  readonly constraint: unknown;
}

export interface ExportedStep {
  /** The folder of its trajectory. */
  readonly name: string;
  readonly steps: number;
  readonly carried: Readonly<Record<string, Carried>>;
  /** What the step takes beside what it carries. */
  feed(step: number): Record<string, StepTensor>;
  readonly loss: string;
}

export interface Run {
  readonly losses: readonly number[];
  readonly final: ReadonlyMap<string, StepTensor>;
}

/** All steps on the trajectory's batches; `afterStep` sees what each gave. */
export async function train(
  step: ExportedStep,
  model: string | Uint8Array,
  afterStep: (parameters: ReadonlyMap<string, StepTensor>) => void = () => {},
): Promise<Run> {
  const trajectory = readTrajectory(step.name);
  const pairs = Object.entries(step.carried);
  let parameters = new Map(pairs.map(([name]) => [name, trajectory(`init/${name}`)]));
  const session = await openStep(model);
  const types = inputTypes(session);
  const losses: number[] = [];
  for (let i = 0; i < step.steps; i++) {
    const carried = pairs.map(([name, { input }]) => [input, parameters.get(name) as StepTensor] as const);
    const given = [...Object.entries(step.feed(i)), ...carried].filter(([name]) => types.has(name));
    const feeds = given.map(([name, { data, dims }]) => [
      name,
      makeTensor(types.get(name), [...data], [...dims]),
    ]);
    const outputs = await session.run(Object.fromEntries(feeds));
    const read = (name: string): StepTensor => {
      const { data, dims } = fromOrt(outputs[name] as ort.Tensor);
      return { data: Float32Array.from(data), dims };
    };
    losses.push(read(step.loss).data[0] as number);
    parameters = new Map(pairs.map(([name, { output }]) => [name, read(output)]));
    afterStep(parameters);
  }
  await session.release();
  return { losses, final: parameters };
}

/** The dtype of each input. */
function inputTypes(session: ort.InferenceSession): ReadonlyMap<string, string> {
  return new Map(session.inputMetadata.flatMap((one) => (one.isTensor ? [[one.name, one.type]] : [])));
}

/** As `train`, with every constraint judged after every step. */
export function follow(step: ExportedStep, model: string | Uint8Array): Promise<Run> {
  return train(step, model, (parameters) => expectConstrained(step, parameters));
}

/** Each constraint of the step, judged in float64 with float32's rounding alone. */
export function expectConstrained(step: ExportedStep, parameters: ReadonlyMap<string, StepTensor>): void {
  for (const [name, { constraint: identifier }] of Object.entries(step.carried)) {
    const constraint = get(identifier as never);
    const { data, dims } = parameters.get(name) as StepTensor;
    if (constraint !== null) expectIn(constraint, data, dims);
  }
}

function expectIn(constraint: Constraint, data: Float32Array, dims: readonly number[]): void {
  const config = constraint.getConfig() as { axis?: number; min_value?: number; max_value?: number };
  const { axis = 0, min_value: least = 0, max_value: limit = 2 } = config;
  const className = constraint.constructor.name;
  if (className === 'NonNeg') {
    expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
    return;
  }
  for (const norm of reference.norms(data, dims, axis).values) {
    if (className === 'UnitNorm') expect(Math.abs(norm - 1)).toBeLessThan(1e-6);
    else if (className === 'MaxNorm') expect(norm).toBeLessThanOrEqual(limit * (1 + 1e-6));
    else if (className === 'MinMaxNorm') {
      expect(norm).toBeLessThanOrEqual(limit * (1 + 1e-6));
      expect(norm).toBeGreaterThanOrEqual(least * (1 - 1e-6));
    } else throw new Error(`no judge for ${className}`);
  }
}

export function expectTrajectory({ name }: ExportedStep, { losses, final }: Run): void {
  const trajectory = readTrajectory(name);
  const wanted = trajectory('loss').data;
  expect(losses).toHaveLength(wanted.length);
  for (const [i, loss] of losses.entries()) {
    const right = wanted[i] as number;
    expect(Math.abs(loss - right), `loss of step ${i}`).toBeLessThan(1e-4 * right);
  }
  for (const [parameter, { data }] of final) {
    const answer = trajectory(`final/${parameter}`).data;
    const largest = Math.max(...answer.map(Math.abs));
    const worst = Math.max(...data.map((value, i) => Math.abs(value - (answer[i] as number))));
    expect(worst, parameter).toBeLessThan(1e-4 * largest);
  }
}

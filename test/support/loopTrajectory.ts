// The train step that PyTorch exported, run by a step loop: how far it is from PyTorch's trajectory, and which
// constraints do not hold on the way.
// Must not import Node: browsers use it too.
import { type Constraint, get } from '../../src/constraints/index.js';
import type { StepDescription } from '../../src/training/stepDescription.js';
import type { StepBatch } from '../../src/training/stepInputs.js';
import type { StepLoop } from '../../src/training/stepLoop.js';
import * as reference from './reference.js';

export interface TrajectoryTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What PyTorch computed: `init/<name>`, batches `x` and `y`, `loss`, `final/<name>`. */
export type Trajectory = (name: string) => TrajectoryTensor;

export const STEPS = 40;

/** What the step takes beside its batches. */
export const inputs = { lr: 0.2, t: (step: number) => step };

/** The initial parameters of `mlp_sgd`. */
export function initial(trajectory: Trajectory): Record<string, TrajectoryTensor> {
  return Object.fromEntries(parameterNames.map((name) => [name, trajectory(`init/${name}`)]));
}

export const parameterNames = ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'];

/** The batches, one after another as a stream gives them. */
export async function* batches(trajectory: Trajectory, from = 0): AsyncGenerator<StepBatch> {
  const [x, y] = [trajectory('x'), trajectory('y')];
  for (let i = from; i < STEPS; i++) yield { x: part(x, i), y: part(y, i) };
}

function part({ data, dims }: TrajectoryTensor, i: number): TrajectoryTensor {
  const size = data.length / (dims[0] as number);
  return { data: data.slice(i * size, (i + 1) * size), dims: dims.slice(1) };
}

/** Runs all steps; gives every difference from the trajectory and every violation, in words. */
export async function followTrajectory(
  loop: StepLoop,
  trajectory: Trajectory,
  description: StepDescription,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const wanted = trajectory('loss').data;
  let steps = 0;
  await loop.run(batches(trajectory), {
    onStep: async ({ step, loss }) => {
      const right = wanted[step - 1] as number;
      if (!(Math.abs(loss - right) < 1e-4 * right))
        faults.push(`loss of step ${step}: ${loss}, not ${right}`);
      steps += 1;
      for (const fault of await violations(loop, description)) faults.push(`step ${step}: ${fault}`);
    },
  });
  if (steps !== STEPS) faults.push(`${steps} steps`);
  return [...faults, ...(await farFromFinal(loop, trajectory))];
}

/** The parameters that are not where PyTorch's ended. */
export async function farFromFinal(loop: StepLoop, trajectory: Trajectory): Promise<readonly string[]> {
  const weights = await loop.weights();
  return parameterNames.flatMap((name) => {
    const answer = trajectory(`final/${name}`).data;
    const largest = Math.max(...answer.map(Math.abs));
    const found = weights[name]?.data as Float32Array;
    const worst = Math.max(...answer.map((value, i) => Math.abs(value - (found[i] as number))));
    return worst < 1e-4 * largest ? [] : [`${name} is off by ${worst}`];
  });
}

/** The constraints that do not hold, judged in float64 with float32's rounding alone. */
export async function violations(
  loop: StepLoop,
  { parameters }: StepDescription,
): Promise<readonly string[]> {
  const weights = await loop.weights();
  return Object.entries(parameters).flatMap(([name, { constraint: identifier }]) => {
    const constraint = get(identifier);
    const { data, dims } = weights[name] as TrajectoryTensor & (typeof weights)[string];
    return constraint === null || holds(constraint, data, dims) ? [] : [`${name} leaves its constraint`];
  });
}

function holds(constraint: Constraint, data: Float32Array, dims: readonly number[]): boolean {
  const { axis = 0, max_value: limit = 2 } = constraint.getConfig() as { axis?: number; max_value?: number };
  const className = constraint.constructor.name;
  if (className === 'NonNeg') return data.every((value) => value >= 0);
  const norms = [...reference.norms(data, dims, axis).values];
  if (className === 'MaxNorm') return norms.every((norm) => norm <= limit * (1 + 1e-6));
  if (className === 'UnitNorm') return norms.every((norm) => Math.abs(norm - 1) < 1e-6);
  throw new Error(`no judge for ${className}`);
}

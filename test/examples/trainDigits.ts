// A worked example: digits trained by a step from PyTorch, with Keras's constraints put into it and without, in Node and
// in browsers alike; what becomes of the loss and of the largest norm is drawn.
// Must not import Node.
import type { StepDescription, StepLoop } from '../../src/web.js';
import { batches, initial, inputs, type Trajectory } from '../support/loopTrajectory.js';

/** What became of one training: the loss of each step, and the largest norm of a unit of `fc1.weight` after it. */
export interface Curve {
  readonly label: string;
  readonly loss: readonly number[];
  readonly norm: readonly number[];
}

export interface DigitsOptions {
  readonly step: Uint8Array;
  readonly description: StepDescription;
  /** The weights to begin with, and the batches of digits. */
  readonly trajectory: Trajectory;
  readonly constrained: boolean;
  /** Options of the loop, such as `providers`. */
  readonly options?: object;
}

/** The hidden layer: 64 inputs to each unit, in rows as PyTorch stores them. */
const WATCHED = 'fc1.weight';

/** Trains on all batches of digits, one step a batch. */
export async function trainDigits(
  { create }: Pick<typeof StepLoop, 'create'>,
  { step, description, trajectory, constrained, options = {} }: DigitsOptions,
): Promise<Curve> {
  const parameters = Object.fromEntries(
    Object.entries(description.parameters).map(([name, parameter]) => [
      name,
      constrained ? parameter : { ...parameter, constraint: null },
    ]),
  );
  const loop = await create(step, { parameters }, { initial: initial(trajectory), inputs, ...options });
  const loss: number[] = [];
  const norm: number[] = [];
  await loop.run(batches(trajectory), {
    async onStep(result: { readonly loss: number }) {
      loss.push(result.loss);
      norm.push(largestNorm(await loop.weights()));
    },
  });
  await loop.dispose();
  return { label: constrained ? 'constrained' : 'not constrained', loss, norm };
}

function largestNorm(weights: Awaited<ReturnType<StepLoop['weights']>>): number {
  const { data, dims } = weights[WATCHED] as { data: Float32Array; dims: readonly number[] };
  const [units = 0, length = 0] = dims;
  const norms = Array.from({ length: units }, (_, unit) =>
    Math.hypot(...data.subarray(unit * length, (unit + 1) * length)),
  );
  return Math.max(...norms);
}

// The train steps that scripts exported from JAX and PyTorch, each with its description, the opsets that there are, and
// how its trajectory is followed. Must not splice anything.
import { readFileSync } from 'node:fs';
import { parseStepDescription, type StepDescription } from '../../src/training/stepDescription.js';
import type { ExportedStep } from './followSteps.js';
import { readTrajectory, slice, stepPath } from './trainSteps.js';

/** What the scripts tell of a step in `run.json`. */
interface Told {
  readonly opsets: readonly number[];
  readonly steps: number;
  readonly learning_rate: number;
  readonly feeds: Readonly<Record<'x' | 'y' | 'rate' | 't', string>>;
  readonly loss: string;
  readonly copies: ExportedStep['carried'];
}

/** The description of a step, such as of `jax/adam`. */
export function readDescription(name: string): StepDescription {
  return parseStepDescription(readFileSync(stepPath(`${name}/constraints.json`), 'utf8'));
}

function readTold(name: string): Told {
  return JSON.parse(readFileSync(stepPath(`${name}/run.json`), 'utf8'));
}

/** The opsets at which a step was exported. */
export function opsetsOf(name: string): readonly number[] {
  return readTold(name).opsets;
}

/** How to follow a step's trajectory. */
export function readExportedStep(name: string): ExportedStep {
  const { steps, learning_rate: rate, feeds, loss, copies } = readTold(name);
  const trajectory = readTrajectory(name);
  return {
    name,
    steps,
    carried: { ...copies, ...readDescription(name).parameters },
    loss,
    feed: (step) => ({
      [feeds.x]: slice(trajectory('x'), step),
      [feeds.y]: slice(trajectory('y'), step),
      [feeds.rate]: { data: Float32Array.of(rate), dims: [] },
      [feeds.t]: { data: Float32Array.of(step + 1), dims: [] },
    }),
  };
}

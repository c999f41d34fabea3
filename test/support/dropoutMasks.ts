// What Dropout leaves out, told by both directions of a train step: the loss tells what came through, the step of each
// variable before the layer what the gradient passed.
// Must not import Node.
import {
  dense,
  flatten,
  input,
  type LayerDefinition,
  reshape,
  sequential,
  sgd,
} from '../../src/fit/index.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import type { TrainStepOptions } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import type { StepLoopOptions } from '../../src/training/stepLoopOptions.js';
import { type Loops, openLoop } from './followTraining.js';

export interface MaskedStep {
  /** The derivative of the layer's result by each of its inputs, as the gradient has it. */
  readonly mask: readonly number[];
  /** What the layer was given. */
  readonly given: readonly number[];
  /** What each element of its result is multiplied by. */
  readonly weights: readonly number[];
  /** The sum of these products, as the loss has it. */
  readonly sum: number;
}

/** Far from any sum, so that the sign of the difference is known. */
const TARGET = 1000;

/** A rate at which an element moves by about a hundredth. */
const RATE = 1e-4;

/** Steps of a layer between ones that are trained and a single unit that is not. */
export async function maskedSteps(
  loops: Loops,
  layer: LayerDefinition,
  shape: readonly number[],
  steps: number,
  options: TrainStepOptions = {},
  loopOptions: Partial<StepLoopOptions> = {},
): Promise<readonly MaskedStep[]> {
  const size = shape.reduce((a, b) => a * b, 1);
  const model = sequential([
    input({ shape: [1] }),
    dense({ units: size, useBias: false, name: 'given', kernelInitializer: 'ones' }),
    reshape({ targetShape: shape }),
    layer,
    flatten(),
    dense({ units: 1, useBias: false, name: 'unit', trainable: false }),
  ]);
  const data = Float32Array.from({ length: size }, (_, i) => (0.5 + ((i * 7) % 11) / 11) / Math.sqrt(size));
  model.weights.set('unit/kernel', { dtype: 'float32', dims: [size, 1], data });
  const step = buildTrainStep(model, {
    optimizer: sgd({ learningRate: RATE }),
    loss: 'mse',
    batchSize: 1,
    ...options,
  });
  const loop = await openLoop(loops, step, loopOptions);
  const batch = {
    x: { data: Float32Array.of(1), dims: [1, 1] },
    y: { data: Float32Array.of(TARGET), dims: [1, 1] },
  };
  const weights = [...data];
  const found: MaskedStep[] = [];
  const held = async (): Promise<readonly number[]> => [
    ...toFloat64((await loop.weights())['given/kernel'] as TensorValue),
  ];
  try {
    let given = await held();
    await loop.run(Array(steps).fill(batch), {
      onStep: async ({ loss }) => {
        const error = Math.sqrt(loss);
        const after = await held();
        const mask = after.map(
          (value, i) => (value - (given[i] as number)) / (2 * RATE * error * (weights[i] as number)),
        );
        found.push({ mask, given, weights, sum: TARGET - error });
        given = after;
      },
    });
    return found;
  } finally {
    await loop.dispose();
  }
}

/** What is wrong with the masks of a layer that leaves out a share `rate` of independent `groups` of elements, in words. */
export function maskFaults(
  steps: readonly MaskedStep[],
  rate: number,
  groups: (element: number) => number = (element) => element,
): string[] {
  const kept = 1 / (1 - rate);
  return steps.flatMap(({ mask, given, weights, sum }, step) => {
    const faults: string[] = [];
    const odd = mask.find((value) => Math.abs(value) > 1e-3 && Math.abs(value - kept) > 1e-3 * kept);
    if (odd !== undefined) faults.push(`${odd} is neither 0 nor ${kept}`);
    const byGroup = new Map<number, Set<boolean>>();
    mask.forEach((value, i) => {
      const group = groups(i);
      byGroup.set(group, (byGroup.get(group) ?? new Set()).add(value > kept / 2));
    });
    if ([...byGroup.values()].some((states) => states.size > 1)) faults.push('a group is left out in part');
    const share = [...byGroup.values()].filter((states) => states.has(false)).length / byGroup.size;
    const spread = Math.sqrt((rate * (1 - rate)) / byGroup.size);
    if (Math.abs(share - rate) > 4 * spread) faults.push(`a share of ${share} is left out, not ${rate}`);
    const mean = mask.reduce((a, b) => a + b, 0) / mask.length;
    if (Math.abs(mean - 1) > 4 * spread * kept) faults.push(`ones have the mean ${mean}`);
    const passed = mask.reduce((total, value, i) => {
      const factor = value > kept / 2 ? kept : 0;
      return total + factor * (given[i] as number) * (weights[i] as number);
    }, 0);
    if (Math.abs(passed - sum) > 5e-3) faults.push(`forward ${sum}, backward ${passed}`);
    return faults.map((fault) => `step ${step + 1}: ${fault}`);
  });
}

/** The share of elements that two steps treat alike. */
export function agreement(a: MaskedStep, b: MaskedStep): number {
  const alike = a.mask.filter((value, i) => value > 0.5 === (b.mask[i] as number) > 0.5).length;
  return alike / a.mask.length;
}

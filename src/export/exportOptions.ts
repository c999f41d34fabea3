// What `exportConstraint` takes, and which of it goes together.
// Must not touch ONNX Runtime or files.
import type { BuildGraphOptions } from '../constraints/buildGraph.js';
import { FUNCTIONS_SINCE } from '../constraints/constraintFunction.js';
import { UsageError } from '../graph/errors.js';
import { checkOptions } from '../graph/knownKeys.js';
import { DEFAULT_OPSET, irVersionFor, MAX_OPSET } from '../graph/opset.js';
import { loweredProviders } from '../lowering/lowerings.js';

export interface ExportOptions extends BuildGraphOptions {
  /** The version of ONNX's default operator set, 7 to 26. Default 18. The IR version goes with it. */
  readonly opset?: number;
  /**
   * Takes the axis at run time: an int64 input `axes` of one dimension, in which negative axes count from the end and
   * nothing means all. Opset 13 or later. Default false.
   */
  readonly axisInput?: boolean;
  /** How many axes come at run time, for runtimes that must know; default: any number. */
  readonly axisCount?: number;
  /**
   * Takes the limits at run time: scalar inputs `max_value` (MaxNorm) or `min_value`, `max_value` and `rate`
   * (MinMaxNorm), in the dtype that is computed in: float64 for float64 weights, else float32. Default false.
   */
  readonly limitInputs?: boolean;
  /** `fast` for the form that is fast on `provider`; the shape must then be known in numbers. Default `canonical`. */
  readonly lowering?: 'canonical' | 'fast';
  /** What the fast form is for: `cpu` (default), `wasm` or `webgpu`. */
  readonly provider?: string;
  /**
   * Writes one call of a function that the model carries, in the domain `keras.constraints`, version 1. Opset 15 or
   * later, whose IR version has functions. Default false.
   */
  readonly function?: boolean;
  /**
   * For weights in shards on several machines. `partial` gives `sum_of_squares`, that of each unit as far as it lies in
   * the shard, with the reduced dimensions kept as 1, in float64 for float64 weights, else in float32. `finish` takes
   * `w` and `sum_of_squares`, the total over the shards that a unit lies in, and gives `w_out`. Default: the whole
   * projection.
   */
  readonly phase?: 'partial' | 'finish';
}

const names = [
  'dtype',
  'shape',
  'rank',
  'opset',
  'axisInput',
  'axisCount',
  'limitInputs',
  'lowering',
  'provider',
  'function',
  'phase',
];

/** @throws {UsageError} on an option that is unknown, holds what is not accepted, or does not go with another */
export function checkExportOptions(options: ExportOptions): void {
  checkOptions(options, names);
  const { lowering, provider, phase, opset = DEFAULT_OPSET } = options;
  checkChoice('lowering', lowering, ['canonical', 'fast']);
  checkChoice('phase', phase, ['partial', 'finish']);
  checkChoice('provider', provider, loweredProviders);
  if (provider !== undefined && lowering !== 'fast') {
    throw new UsageError("a provider goes with lowering 'fast' alone: the canonical form is for all");
  }
  const changed = (['axisInput', 'limitInputs', 'phase'] as const).find((name) => isGiven(options[name]));
  if (lowering === 'fast' && changed !== undefined) {
    throw new UsageError(`there is no fast form with ${changed}; leave one of them out`);
  }
  checkAxisCount(options);
  if (phase === 'finish' && options.axisInput === true) {
    throw new UsageError('phase finish takes no axis: sum_of_squares has 1 where the axis was');
  }
  if (phase === 'partial' && options.limitInputs === true) {
    throw new UsageError('phase partial has no limits: they belong to phase finish');
  }
  if (options.function === true && irVersionFor(opset) < FUNCTIONS_SINCE) {
    const since = firstOpsetOf(FUNCTIONS_SINCE);
    throw new UsageError(
      `functions need opset ${since} or later, whose IR version is ${FUNCTIONS_SINCE}; this graph is for opset ${opset}`,
    );
  }
}

function checkAxisCount({ axisCount, axisInput }: ExportOptions): void {
  if (axisCount === undefined) return;
  if (axisInput !== true) throw new UsageError('axisCount tells of the input axes, which axisInput adds');
  if (Number.isInteger(axisCount) && axisCount >= 1) return;
  throw new UsageError(`axisCount must be a whole number from 1 on, found ${axisCount}`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false;
}

function checkChoice(name: string, value: unknown, accepted: readonly string[]): void {
  if (value === undefined || accepted.includes(value as string)) return;
  throw new UsageError(`${name} '${value}' is unknown; accepted are ${accepted.join(', ')}`);
}

function firstOpsetOf(irVersion: number): number {
  let opset = MAX_OPSET;
  while (irVersionFor(opset - 1) >= irVersion) opset -= 1;
  return opset;
}

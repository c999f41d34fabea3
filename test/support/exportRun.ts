// Runs exported bytes on ONNX Runtime, and measures answers to golden cases.
// Must not hold reference arithmetic.
import type { InferenceSession } from 'onnxruntime-node';
import { type ExportOptions, exportConstraint } from '../../src/export.js';
import { type ConstraintIdentifier, deserialize, fromFloat64, type TensorValue } from '../../src/index.js';
import type { GoldenCase } from './golden.js';
import { goldenFault } from './goldenFault.js';
import { applyKerasConstraint } from './reference.js';
import { feed, numbersOf, openSession } from './runOps.js';
import { toNumbers } from './safetensors.js';

export type Feeds = Readonly<Record<string, TensorValue>>;

/** Opens each model once. */
export class Sessions {
  readonly #open = new Map<string, InferenceSession>();

  async run(model: Uint8Array, feeds: Feeds): Promise<Record<string, Float64Array>> {
    const key = Buffer.from(model).toString('latin1');
    const session = this.#open.get(key) ?? (await openSession(model));
    this.#open.set(key, session);
    const given = Object.entries(feeds).map(([name, value]) => [name, feed(value)] as const);
    const results = await session.run(Object.fromEntries(given));
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, numbersOf(tensor)]));
  }

  async release(): Promise<void> {
    for (const session of this.#open.values()) await session.release();
    this.#open.clear();
  }
}

/** The one output of an exported graph. */
export async function runExport(
  constraint: ConstraintIdentifier,
  options: ExportOptions,
  feeds: Feeds,
): Promise<Float64Array> {
  const sessions = new Sessions();
  try {
    const [output] = Object.values(await sessions.run(exportConstraint(constraint, options), feeds));
    if (output === undefined) throw new RangeError('no output');
    return output;
  } finally {
    await sessions.release();
  }
}

/** The weight of a golden case. */
export function weightOf({ w, dtype, shape }: GoldenCase): TensorValue {
  return fromFloat64(toNumbers(w), dtype, shape);
}

/** What is off in the answers of exported graphs, and how far the finite ones are from float64, by dtype. */
export class GoldenReport {
  readonly faults: string[] = [];
  readonly worst = new Map<string, number>();
  count = 0;

  constructor(private readonly sessions: Sessions) {}

  /** @param extra the inputs beside the weight */
  async judge(golden: GoldenCase, options: ExportOptions, extra: Feeds = {}): Promise<void> {
    const constraint = deserialize(golden.constraint) as ConstraintIdentifier;
    const model = exportConstraint(constraint, { dtype: golden.dtype, ...options });
    const { w_out: found } = await this.sessions.run(model, { w: weightOf(golden), ...extra });
    this.add(golden, found as Float64Array, JSON.stringify(options));
  }

  add(golden: GoldenCase, found: Float64Array, where: string): void {
    this.count += 1;
    const fault = goldenFault(golden, found);
    if (fault !== undefined) {
      this.faults.push(`${golden.id} ${golden.constraint.class_name} ${golden.note} ${where}: ${fault}`);
    }
    const exact = applyKerasConstraint(golden.constraint, toNumbers(golden.w), golden.shape);
    const largest = Math.max(...exact.filter(Number.isFinite).map(Math.abs), Number.MIN_VALUE);
    for (const [i, value] of exact.entries()) {
      const error = Math.abs((found[i] as number) - value) / largest;
      if (error > (this.worst.get(golden.dtype) ?? 0)) this.worst.set(golden.dtype, error);
    }
  }

  /** `float32 1.2e-7, float64 …`: the largest error against float64, relative to the largest weight of its case. */
  toString(): string {
    const parts = [...this.worst].map(([dtype, error]) => `${dtype} ${error.toExponential(1)}`);
    return `${this.count} answers; largest error against float64: ${parts.join(', ')}`;
  }
}

// 100 overlapping calls of 10 callers on Projectors, and the same calls one after the other.
// Must not import anything from src but types.
import { createHash } from 'node:crypto';
import type { ParameterSpec, Projector } from '../../src/node.js';

type Weights = Record<string, Float32Array | Float64Array>;
type Parameters = Readonly<Record<string, ParameterSpec>>;

const CALLERS = 10;
const CALLS = 100;
/** So many callers have one set of weights together, the others one each. */
const SHARING = 5;

export interface Overlapped {
  /** Digests of the sets of weights: comparing millions of numbers one by one takes a minute. */
  readonly overlapping: readonly string[];
  readonly ordered: readonly string[];
  /** The numbers of the calls on the shared set in the order they were done. */
  readonly order: readonly number[];
}

/** Callers take the Projectors in turns; the first one makes the calls one after the other. */
export async function overlap(parameters: Parameters, projectors: readonly Projector[]): Promise<Overlapped> {
  const setOf = (call: number): number => Math.max(0, (call % CALLERS) - SHARING + 1);
  const make = (): Weights[] =>
    Array.from({ length: CALLERS - SHARING + 1 }, (_, seed) => makeWeights(parameters, seed));
  const overlapping = make();
  const ordered = make();
  const order: number[] = [];
  const calls = Array.from({ length: CALLS }, async (_, call) => {
    await projectors[call % projectors.length]?.project(overlapping[setOf(call)] as Weights);
    if (setOf(call) === 0) order.push(call);
  });
  await Promise.all(calls);
  for (let call = 0; call < CALLS; call++) await projectors[0]?.project(ordered[setOf(call)] as Weights);
  return { overlapping: overlapping.map(digest), ordered: ordered.map(digest), order };
}

function makeWeights(parameters: Parameters, seed: number): Weights {
  const weights: Weights = {};
  for (const [name, { shape, dtype }] of Object.entries(parameters)) {
    const count = shape.reduce((a, b) => a * b, 1);
    const array = dtype === 'float64' ? new Float64Array(count) : new Float32Array(count);
    for (let i = 0; i < count; i++) array[i] = Math.sin(i * 1.37 + seed);
    weights[name] = array;
  }
  return weights;
}

function digest(weights: Weights): string {
  const hash = createHash('sha256');
  for (const array of Object.values(weights)) hash.update(array);
  return hash.digest('hex');
}

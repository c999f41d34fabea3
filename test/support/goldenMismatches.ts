// Runs the float32 golden cases through the emitted graphs on sessions of the caller's ONNX Runtime.
// Must not import Node: browsers run it too.
import type { InferenceSession, TensorConstructor } from 'onnxruntime-common';
import { deserialize, exportConstraint } from '../../src/index.js';
import type { GoldenCase } from './golden.js';
import { mismatch } from './mismatch.js';
import { toNumbers } from './safetensors.js';

export interface GoldenRunner {
  readonly open: (model: Uint8Array) => Promise<InferenceSession>;
  readonly Tensor: TensorConstructor;
}

const tolerance = { relative: 2e-6, absolute: 1e-7 };

async function runCase(
  session: InferenceSession,
  golden: GoldenCase,
  { Tensor }: GoldenRunner,
): Promise<string | undefined> {
  const w = new Tensor('float32', Float32Array.from(toNumbers(golden.w)), golden.shape);
  const { w_out: found } = await session.run({ w });
  if (found === undefined) return 'no output w_out';
  if (`${found.dims}` !== `${golden.shape}`) return `dims [${found.dims}] instead of [${golden.shape}]`;
  return mismatch(found.data as Float32Array, toNumbers(golden.keras), tolerance);
}

/** What is off, a line for each case; cases of one constraint and rank share a session, since the graphs take any sizes. */
export async function goldenMismatches(
  cases: readonly GoldenCase[],
  runner: GoldenRunner,
): Promise<string[]> {
  const sessions = new Map<string, InferenceSession>();
  const lines: string[] = [];
  for (const golden of cases) {
    const rank = golden.shape.length;
    const key = `${rank} ${JSON.stringify(golden.constraint)}`;
    const constraint = deserialize(golden.constraint);
    const session = sessions.get(key) ?? (await runner.open(exportConstraint(constraint, { rank })));
    sessions.set(key, session);
    const fault = await runCase(session, golden, runner);
    if (fault !== undefined)
      lines.push(`${golden.id} ${golden.constraint.class_name} ${golden.note}: ${fault}`);
  }
  for (const session of sessions.values()) await session.release();
  return lines;
}

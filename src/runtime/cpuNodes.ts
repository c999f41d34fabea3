// The operators of a graph that a provider hands to the CPU, found by asking it for each alone: ONNX Runtime says only
// that there are some.
// Must not import files or cli.
import { RunGraph } from '../lowering/runGraph.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { SymbolicTensor } from '../ops/symbolicTensor.js';
import type { OrtModule } from './ort.js';
import { createSession, type SessionSettings } from './sessions.js';

/** The operators behind `result` that are handed on, each once and with the dtype it computes. */
export async function findCpuNodes(
  ort: OrtModule,
  result: SymbolicTensor,
  opset: number,
  settings: SessionSettings,
): Promise<readonly string[]> {
  const asked = new Map<string, boolean>();
  for (const tensor of operatorsBehind(result)) {
    const { source, dtype } = tensor;
    const name = source.kind === 'op' ? `${source.opType} (${dtype})` : '';
    if (!asked.has(name)) asked.set(name, await runsAlone(ort, tensor, opset, settings));
  }
  return [...asked].filter(([, runs]) => !runs).map(([name]) => name);
}

function operatorsBehind(result: SymbolicTensor): readonly SymbolicTensor[] {
  const found = new Set<SymbolicTensor>();
  const stack = [result];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.source.kind !== 'op' || found.has(top)) continue;
    found.add(top);
    stack.push(...top.source.inputs);
  }
  return [...found].reverse();
}

/** Whether a session can be made of this operator alone, with what it takes as inputs. */
async function runsAlone(
  ort: OrtModule,
  tensor: SymbolicTensor,
  opset: number,
  settings: SessionSettings,
): Promise<boolean> {
  const { source, dtype, shape } = tensor;
  if (source.kind !== 'op') return true;
  const run = new RunGraph({ opset });
  const inputs = source.inputs.map((input, i) =>
    input.source.kind === 'constant' ? input : run.input(`x${i}`, input.dtype, input.shape),
  );
  run.output('y', new SymbolicTensor({ ...source, inputs }, dtype, shape));
  try {
    const model = encodeGraph(run.build('node'));
    const session = await createSession(ort, model, { ...settings, alone: true });
    await session.release();
    return true;
  } catch {
    return false;
  }
}

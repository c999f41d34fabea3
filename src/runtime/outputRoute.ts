// How the outputs of a run get into the caller's arrays, which differs between packages of ONNX Runtime.
// Must not import files or cli.
import { ShapeError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import { RunGraph } from '../lowering/runGraph.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { applyOp } from '../ops/symbolicTensor.js';
import { runWithoutCopy } from './noCopyRoute.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import { createSession, type SessionSettings } from './sessions.js';

/**
 * - `no-copy`: written in place, and nothing else
 * - `in-place`: written in place, and copied into a new array that is thrown away
 * - `returned`: given in a new array, and copied from there
 */
export type OutputRoute = 'no-copy' | 'in-place' | 'returned';

export type NumberArray = Float32Array | Float64Array | Uint16Array;

/** An array that is an output of a run, and its input too unless it has none. */
export interface InPlace {
  readonly input?: string;
  readonly output: string;
  readonly tensor: OrtTensor;
  readonly array: NumberArray;
}

/** Runs a session so that each array holds its output. */
export async function runInPlace(
  session: OrtSession,
  arrays: readonly InPlace[],
  more: Record<string, OrtTensor>,
  route: OutputRoute,
): Promise<void> {
  const feeds = { ...more };
  for (const { input, tensor } of arrays) if (input !== undefined) feeds[input] = tensor;
  if (route === 'returned') {
    const results = await session.run(feeds);
    for (const { output, tensor, array } of arrays)
      takeFrom(results[output] as OrtTensor, array, tensor.dims);
    return;
  }
  const fetches: Record<string, OrtTensor> = {};
  for (const { output, tensor } of arrays) fetches[output] = tensor;
  try {
    if (route === 'no-copy') await runWithoutCopy(session, feeds, fetches);
    else await session.run(feeds, fetches);
  } catch (error) {
    throw misfit(error, arrays) ?? error;
  }
}

/** What ONNX Runtime says when an output does not fit the array it is to be written to. */
function misfit(error: unknown, arrays: readonly InPlace[]): ShapeError | undefined {
  if (
    !/shape verification failed|Invalid rank for output|invalid dimensions for output/.test(String(error))
  ) {
    return undefined;
  }
  const reason = String(error).replace(/\s+/g, ' ');
  const named = arrays.filter(({ output }) => reason.includes(`${output} `));
  const shapes = (named.length > 0 ? named : arrays)
    .map(({ tensor }) => formatShape(tensor.dims))
    .join(' and ');
  return new ShapeError(`a constraint must keep the shape ${shapes}; ONNX Runtime found: ${reason}`, {
    cause: error,
  });
}

/** Copies a returned tensor into an array. */
export function takeFrom(result: OrtTensor, array: NumberArray, dims: readonly number[]): void {
  if (result.dims.join() !== dims.join()) {
    const found = formatShape(result.dims);
    throw new ShapeError(`a constraint must keep the shape ${formatShape(dims)}; found ${found}`);
  }
  const { buffer, byteOffset, byteLength } = result.data as NumberArray;
  // By bytes: runtimes with Float16Array return it where a Uint16Array went in.
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(
    new Uint8Array(buffer, byteOffset, byteLength),
  );
  result.dispose?.();
}

const known = new WeakMap<OrtModule, Map<boolean, Promise<OutputRoute>>>();

/** The shortest route that this ONNX Runtime is seen to take on the processor; looked for once. */
export function findRoute(ort: OrtModule, noCopy: boolean, settings: SessionSettings): Promise<OutputRoute> {
  const routes = known.get(ort) ?? new Map<boolean, Promise<OutputRoute>>();
  known.set(ort, routes);
  const route =
    routes.get(noCopy) ?? firstThatWrites(ort, noCopy ? ['no-copy', 'in-place'] : ['in-place'], settings);
  routes.set(noCopy, route);
  // What failed may work the next time, with other settings.
  route.catch(() => routes.delete(noCopy));
  return route;
}

async function firstThatWrites(
  ort: OrtModule,
  routes: readonly OutputRoute[],
  settings: SessionSettings,
): Promise<OutputRoute> {
  for (const route of routes) if (await writes(ort, route, settings)) return route;
  return 'returned';
}

/** Whether a run on this route changes the array it is given, and is what it is called. */
async function writes(ort: OrtModule, route: OutputRoute, settings: SessionSettings): Promise<boolean> {
  const run = new RunGraph({ opset: 18, sequence: route === 'no-copy' });
  const w = run.input('w', 'float32', [2]);
  run.output('w_out', applyOp('Add', [w, w], w));
  const session = await createSession(ort, encodeGraph(run.build('probe')), settings);
  try {
    const array = Float32Array.of(1, 2);
    const w = tensorOver(ort, 'float32', array, [2]);
    if (route === 'no-copy') {
      const skipped = await runWithoutCopy(session, { w }, { w_out: w });
      if (!skipped) return false;
    } else {
      await session.run({ w }, { w_out: w });
    }
    return array[0] === 2 && array[1] === 4;
  } catch {
    return false;
  } finally {
    await session.release();
  }
}

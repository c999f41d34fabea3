// Sessions of one module of onnxruntime-web, which has one stack and one command encoder for all of them: what overlaps
// there mixes up memory, throws "Session already started" or never ends. So each module does one thing at a time.
// Must not import files or cli.
import { ProviderError } from '../graph/errors.js';
import { inTurn, queuesOf } from './bufferQueue.js';
import { deviceOf } from './gpuDevice.js';
import type { OrtModule, OrtSession } from './ort.js';

/** Whether the sessions of a module must take turns; those of onnxruntime-node, which alone lists its backends, need not. */
export function takesTurns(ort: OrtModule): boolean {
  return ort.listSupportedBackends === undefined;
}

/**
 * A session that is made, run and released when nothing else of its module is under way.
 *
 * @param onDevice whether it runs on WebGPU, whose refusals ONNX Runtime does not notice
 */
export function sessionInTurn(
  ort: OrtModule,
  create: () => Promise<OrtSession>,
  onDevice: boolean,
): Promise<OrtSession> {
  const turns = queuesOf([ort]);
  return inTurn(turns, async () => {
    const session = await create();
    const run: OrtSession['run'] = (feeds, fetches) =>
      inTurn(turns, () => {
        const work = (): ReturnType<OrtSession['run']> =>
          fetches === undefined ? session.run(feeds) : session.run(feeds, fetches);
        return onDevice ? noticingRefusals(ort, work) : work();
      });
    return { run, release: () => inTurn(turns, () => session.release()) };
  });
}

/** @throws {ProviderError} when the device refuses a command of `work`, whose outputs are then left unwritten */
async function noticingRefusals<T>(ort: OrtModule, work: () => Promise<T>): Promise<T> {
  const device = deviceOf(ort);
  if (device === undefined) return work();
  device.pushErrorScope('validation');
  const result = await work().catch(async (error: unknown) => {
    await device.popErrorScope();
    throw error;
  });
  const refusal = await device.popErrorScope();
  if (refusal !== null) throw new ProviderError(`WebGPU refused a command of the run: ${refusal.message}`);
  return result;
}

// A module of ONNX Runtime whose runs on one provider fail when told to.
// Must not import Node: browsers use it too.
import type { OrtModule, OrtSession } from '../../src/web.js';

export interface FailingOrt {
  readonly ort: OrtModule;
  /** The provider whose runs fail from now on. */
  failOn(provider: string): void;
}

/** The module with failures. */
export function failingOrt(module: OrtModule): FailingOrt {
  let failing: string | undefined;
  const create = async (model: Uint8Array, options?: Record<string, unknown>): Promise<OrtSession> => {
    const session = await module.InferenceSession.create(model, options);
    const [provider] = (options as { executionProviders: string[] }).executionProviders;
    const run = async (...given: Parameters<OrtSession['run']>): ReturnType<OrtSession['run']> => {
      if (provider === failing) throw new Error('the device is lost');
      const [feeds, fetches] = given;
      return fetches === undefined ? session.run(feeds) : session.run(feeds, fetches);
    };
    return { run, release: () => session.release() };
  };
  const { Tensor, env } = module;
  return {
    ort: { Tensor, InferenceSession: { create }, ...(env !== undefined && { env }) },
    failOn: (provider) => {
      failing = provider;
    },
  };
}

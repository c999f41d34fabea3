// A module of ONNX Runtime without devices: it notes what sessions are made of and fed, refuses the providers it is told
// to, and gives every weight back as it is.
// Must not import ONNX Runtime: nothing may reach a real provider.
import { Tensor } from 'onnxruntime-common';
import type { OrtModule, OrtTensor } from '../../src/runtime/ort.js';
import { providerName } from '../../src/runtime/providers.js';

export interface RecordedSession {
  readonly options: Record<string, unknown>;
  /** What each run was fed, as it was then, and the outputs it was asked for. */
  readonly runs: {
    readonly fed: readonly { readonly location: string | undefined; readonly data: unknown }[];
    readonly fetches: unknown;
  }[];
  released: boolean;
}

export interface Recording {
  readonly ort: OrtModule;
  readonly sessions: readonly RecordedSession[];
}

/** @param refusals what is thrown for a provider's sessions, by its name */
export function recordingOrt(refusals: Readonly<Record<string, string>> = {}): Recording {
  const sessions: RecordedSession[] = [];
  const create = async (_: Uint8Array, options: Record<string, unknown> = {}) => {
    const session: RecordedSession = { options, runs: [], released: false };
    sessions.push(session);
    for (const provider of options.executionProviders as unknown[]) {
      const refusal = refusals[providerName(provider)];
      if (refusal !== undefined) throw new Error(refusal);
    }
    return {
      run: async (feeds: Record<string, OrtTensor>, fetches?: unknown) => {
        session.runs.push({
          fed: Object.values(feeds).map(({ location, data }) => ({ location, data })),
          fetches,
        });
        const copies = Object.entries(feeds).map(([name, { type, data, dims }]) => {
          const copy = new Tensor(type as 'float32', (data as Float32Array).slice(), dims);
          return [`${name}_out`, copy] as const;
        });
        return Object.fromEntries(copies);
      },
      release: async () => {
        session.released = true;
      },
    };
  };
  return { ort: { Tensor: Tensor as never, InferenceSession: { create } }, sessions };
}

// Sessions of ONNX Runtime with the options that matter for small graphs on large weights.
// Must not import files or cli.
import { UsageError } from '../graph/errors.js';
import type { OrtModule, OrtSession } from './ort.js';
import { type ProviderEntry, providerName } from './providerTable.js';
import { sessionInTurn, takesTurns } from './sessionInTurn.js';

export interface SessionSettings {
  readonly provider: ProviderEntry;
  /** More options of `InferenceSession.create`; they win over those set here. */
  readonly sessionOptions: Readonly<Record<string, unknown>>;
  /** Refuse a graph of which the provider would hand a node to the CPU. */
  readonly alone?: boolean;
  /** Do not share the work of a node among threads. */
  readonly singleThread?: boolean;
}

type Extra = { readonly session?: Readonly<Record<string, unknown>> };

/** Refuses options that would make runs write elsewhere than where they are told to. */
export function checkSessionOptions(options: Readonly<Record<string, unknown>>): void {
  if (options.executionProviders !== undefined) {
    throw new UsageError('sessionOptions.executionProviders: give the providers as providers');
  }
  if (options.preferredOutputLocation !== undefined) {
    throw new UsageError(
      'sessionOptions.preferredOutputLocation: weights are projected where they are; ONNX Runtime would write elsewhere',
    );
  }
  if (options.enableGraphCapture === true) {
    throw new UsageError(
      'sessionOptions.enableGraphCapture: a captured graph goes on with the buffers it was captured with, and leaves others unwritten',
    );
  }
}

/** The options a session is made with. */
export function sessionOptionsFor(settings: SessionSettings): Record<string, unknown> {
  const { provider, sessionOptions, alone = false, singleThread = false } = settings;
  const own = (sessionOptions.extra ?? {}) as Extra;
  return {
    // Errors only: what matters of the rest is thrown.
    logSeverityLevel: 3,
    ...(singleThread && { intraOpNumThreads: 1 }),
    ...sessionOptions,
    executionProviders: [provider],
    extra: {
      ...own,
      session: {
        // Threads that spin within a run are there at once for its next node; between runs they would slow every other
        // session of the process.
        intra_op: { allow_spinning: '1' },
        force_spinning_stop: '1',
        ...own.session,
        ...(alone && { disable_cpu_ep_fallback: '1' }),
      },
    },
  };
}

export function createSession(
  ort: OrtModule,
  model: Uint8Array,
  settings: SessionSettings,
): Promise<OrtSession> {
  const create = (): Promise<OrtSession> => ort.InferenceSession.create(model, sessionOptionsFor(settings));
  if (!takesTurns(ort)) return create();
  return sessionInTurn(ort, create, providerName(settings.provider) === 'webgpu');
}

// A training session of ONNX Runtime's JavaScript builds up to 1.19.2: its parameters out and in, as one flat buffer.
// Must not import training, files or cli, nor name the packages.
import { ProviderError } from '../graph/errors.js';
import type { OrtTensor } from './ort.js';

/** What is used of `TrainingSession` of `onnxruntime-web/training`. */
export interface OrtTrainingSession {
  runOptimizerStep(options?: never): Promise<void>;
  getParametersSize(trainableOnly?: boolean): Promise<number>;
  getContiguousParameters(trainableOnly?: boolean): Promise<OrtTensor>;
  loadParametersBuffer(buffer: Uint8Array, trainableOnly?: boolean): Promise<void>;
}

const functions = [
  'runOptimizerStep',
  'getParametersSize',
  'getContiguousParameters',
  'loadParametersBuffer',
] as const;

/** @throws {ProviderError} where the session has not all functions that are used of it */
export function checkTrainingSession(session: OrtTrainingSession): void {
  const missing = functions.find((name) => typeof session?.[name] !== 'function');
  if (missing === undefined) return;
  throw new ProviderError(
    `the session has no ${missing}; a TrainingSession of onnxruntime-web/training is needed, which versions 1.17 to 1.19.2 of onnxruntime-web have`,
  );
}

/** A copy of the parameters, one after the other. @throws {ProviderError} where the session gives another thing */
export async function readFlatBuffer(
  session: OrtTrainingSession,
  trainableOnly: boolean,
): Promise<Float32Array> {
  const { type, data } = await session.getContiguousParameters(trainableOnly);
  if (data instanceof Float32Array) return data;
  throw new ProviderError(`getContiguousParameters gave a tensor of ${type}; float32 is expected`);
}

/** Puts the parameters back into the session. */
export async function writeFlatBuffer(
  session: OrtTrainingSession,
  buffer: Float32Array,
  trainableOnly: boolean,
): Promise<void> {
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  await session.loadParametersBuffer(bytes, trainableOnly);
}

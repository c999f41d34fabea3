// Which session options do not go with weights that are updated where they are.
// Must not import ONNX Runtime.
import { UsageError } from '../graph/errors.js';

/** Refuses options that would make runs write elsewhere than where they are told to. @throws {UsageError} */
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

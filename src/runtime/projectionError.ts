// A projection that failed, with what it had already done.
// Must not import ONNX Runtime.
import { ProviderError } from '../graph/errors.js';

/** A projection in place that ONNX Runtime could not finish. */
export class ProjectionError extends ProviderError {
  constructor(
    message: string,
    cause: unknown,
    /** The parameters that are projected. */
    readonly written: readonly string[],
    /** The parameters of which some weights are projected and others are not. */
    readonly partlyWritten: readonly string[],
  ) {
    super(message, { cause });
  }
}

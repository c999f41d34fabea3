// A projection that failed, with what it had already done.
// Must not import ONNX Runtime.
import { ProviderError, ShapeError, UsageError } from '../graph/errors.js';
import type { Progress } from './executor.js';

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

/**
 * What is thrown when a projection failed.
 *
 * @param restored what came of bringing the weights back, if that was to be done
 */
export function failure(
  cause: unknown,
  { written, touched }: Progress,
  restored: { readonly refusal?: string } | undefined,
): Error {
  if (written.size === 0 && (cause instanceof UsageError || cause instanceof ShapeError)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const at = touched.size === 0 ? '' : ` at ${[...touched].slice(0, 3).join(', ')}`;
  const isRestored = restored !== undefined && restored.refusal === undefined;
  const lost = restored?.refusal === undefined ? '' : `; not brought back: ${restored.refusal}`;
  const left = isRestored
    ? 'all weights are as they were'
    : `projected: ${listed(written)}; perhaps in part: ${listed(touched)}${lost}`;
  return new ProjectionError(
    `ONNX Runtime failed${at}: ${reason}; ${left}`,
    cause,
    isRestored ? [] : [...written],
    isRestored ? [] : [...touched],
  );
}

function listed(names: ReadonlySet<string>): string {
  return names.size === 0 ? 'none' : [...names].join(', ');
}

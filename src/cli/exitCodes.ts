// The exit codes, and which one an error ends the program with.
import { ConstraintError } from '../graph/errors.js';

export const exitCodes = {
  done: 0,
  /** `check` found a violation. */
  violated: 1,
  /** Wrong usage, unreadable input, a failed read, write or provider. */
  failed: 2,
  /** A constraint could not be resolved, or cannot be expressed. */
  unresolved: 3,
  interrupted: 130,
} as const;

export function exitCodeFor(error: unknown): number {
  if (!(error instanceof ConstraintError)) return exitCodes.failed;
  return error.code === 'UNRESOLVED' || error.code === 'SHAPE' ? exitCodes.unresolved : exitCodes.failed;
}

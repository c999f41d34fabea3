// Which versions of ONNX's default operator set are emitted, and the IR version that goes with each.
// Must not import anything but errors.
import { UsageError } from './errors.js';

/** The lowest that a constraint is exported for. */
export const OLDEST_OPSET = 7;
/** The lowest for all else: train steps, and graphs that are run here. */
export const MIN_OPSET = 13;
export const MAX_OPSET = 26;
export const DEFAULT_OPSET = 18;

/** The IR version of the ONNX release that introduced each operator set, from ONNX's Versioning page. */
const irVersions: Readonly<Record<number, number>> = {
  7: 3,
  8: 3,
  9: 4,
  10: 5,
  11: 6,
  12: 7,
  13: 7,
  14: 7,
  15: 8,
  16: 8,
  17: 8,
  18: 8,
  19: 9,
  20: 9,
  21: 10,
  22: 10,
  23: 11,
  24: 12,
  25: 13,
  26: 13,
};

/** The IR version to write beside an opset. */
export function irVersionFor(opset: number): number {
  const version = irVersions[opset];
  if (version === undefined) throw new UsageError(opsetMessage(opset));
  return version;
}

/** Returns the opset if graphs can be emitted for it. @throws {UsageError} otherwise */
export function checkOpset(opset: number): number {
  irVersionFor(opset);
  return opset;
}

function opsetMessage(opset: number): string {
  return `opset ${opset} is not supported; accepted are whole numbers from ${OLDEST_OPSET} to ${MAX_OPSET}`;
}

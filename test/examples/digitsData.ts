// The digits of models/digits/digits.bin: 65 bytes each, 8 × 8 grey values and the digit itself.
// Must not import Node.
import type { TrainingData } from '../../src/fit/index.js';

const RECORD = 65;

/** Digits from one number to before another. */
export function digitsOf(
  bytes: Uint8Array,
  from: number,
  to: number,
): TrainingData & { readonly y: Int32Array } {
  const part = bytes.subarray(from * RECORD, to * RECORD);
  return {
    x: Float32Array.from(
      part.filter((_, i) => i % RECORD < RECORD - 1),
      (grey) => grey / 16,
    ),
    y: Int32Array.from(part.filter((_, i) => i % RECORD === RECORD - 1)),
  };
}

export const digitCount = (bytes: Uint8Array): number => bytes.length / RECORD;

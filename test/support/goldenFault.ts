// What is off in an answer to a golden case, if anything.
import type { GoldenCase } from './golden.js';
import { mismatch } from './mismatch.js';
import { toNumbers } from './safetensors.js';
import { ulpDistance } from './ulpDistance.js';

/** Half types against `exact` in units in the last place, the others against Keras. */
export function goldenFault(golden: GoldenCase, found: Float64Array): string | undefined {
  const { dtype } = golden;
  if (dtype === 'float32')
    return mismatch(found, toNumbers(golden.keras), { relative: 2e-6, absolute: 1e-7 });
  if (dtype === 'float64') return mismatch(found, toNumbers(golden.keras), { relative: 1e-12, absolute: 0 });
  if (golden.exact === undefined) return 'no exact answer to compare with';
  const wanted = toNumbers(golden.exact);
  const worst = Math.max(...wanted.map((value, i) => ulpDistance(value, found[i] as number, dtype)));
  return worst <= 1 ? undefined : `${worst} units in the last place away`;
}

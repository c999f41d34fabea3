// The golden cases: what Keras itself answers for each constraint, shape, axis and dtype.
// Must not import anything from src, nor Node: browsers read the cases too.
import type { KerasConstraint } from './reference.js';
import { readSafetensors, type StoredTensor } from './safetensors.js';

/** One golden case: `keras` is Keras's answer, `exact` (half types) the formula in float64 rounded once. */
export interface GoldenCase {
  readonly id: string;
  readonly constraint: KerasConstraint;
  readonly dtype: 'float32' | 'float64' | 'float16' | 'bfloat16';
  readonly shape: readonly number[];
  readonly note: string;
  readonly w: StoredTensor;
  readonly keras: StoredTensor;
  readonly exact?: StoredTensor;
}

/** The golden cases from the text of cases.json and the bytes of arrays.safetensors, in their order. */
export function parseGoldenCases(json: string, safetensors: Uint8Array): GoldenCase[] {
  const { cases } = JSON.parse(json) as { cases: Omit<GoldenCase, 'w' | 'keras' | 'exact'>[] };
  const arrays = readSafetensors(safetensors);
  const required = (name: string): StoredTensor => {
    const tensor = arrays.get(name);
    if (tensor === undefined) throw new RangeError(`the golden arrays lack ${name}`);
    return tensor;
  };
  return cases.map((golden) => {
    const exact = arrays.get(`${golden.id}/exact`);
    return {
      ...golden,
      w: required(`${golden.id}/w`),
      keras: required(`${golden.id}/keras`),
      ...(exact === undefined ? {} : { exact }),
    };
  });
}

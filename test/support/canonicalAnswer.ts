// What a constraint's own graph answers, run as it is exported.
// Must not import anything from lowering.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Constraint, exportConstraint, fromFloat64, toFloat64 } from '../../src/index.js';
import type { WeightDType } from '../../src/lowering/storage.js';
import { castInputsAndOutputs } from './castModel.js';
import { mismatch } from './mismatch.js';
import { ulpDistance } from './ulpDistance.js';

export interface HeldWeight {
  readonly dtype: WeightDType;
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | Uint16Array;
}

/** These numbers as a weight holds them. */
export function holdWeight(
  numbers: ArrayLike<number>,
  dtype: WeightDType,
  dims: readonly number[],
): HeldWeight {
  return { dtype, dims, data: fromFloat64(numbers, dtype, dims).data as Float32Array };
}

/** The projected weight. */
export async function canonicalAnswer(constraint: Constraint, weight: HeldWeight): Promise<HeldWeight> {
  const { dtype, dims, data } = weight;
  const model = exportConstraint(constraint, { dtype, shape: dims });
  if (dtype === 'bfloat16') {
    // JavaScript can feed no bfloat16, but each of its numbers is the upper half of a float32.
    const numbers = new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer);
    const found = (await runOnce(castInputsAndOutputs(model), 'float32', numbers, dims)) as Float32Array;
    const bits = new Uint32Array(found.buffer, found.byteOffset, found.length);
    return { dtype, dims, data: Uint16Array.from(bits, (upper) => upper >>> 16) };
  }
  const { buffer, byteOffset, length } = await runOnce(model, dtype, data, dims);
  // By bytes: runtimes with Float16Array return it where a Uint16Array went in.
  const Kind = data.constructor as Float32ArrayConstructor;
  return { dtype, dims, data: new Kind(buffer as ArrayBuffer, byteOffset, length) };
}

async function runOnce(
  model: Uint8Array,
  type: WeightDType,
  data: HeldWeight['data'],
  dims: readonly number[],
): Promise<HeldWeight['data']> {
  const session = await InferenceSession.create(model);
  try {
    const { w_out: found } = await session.run({
      w: new Tensor(type as 'float32', data as Float32Array, dims),
    });
    if (found === undefined) throw new RangeError('no output w_out');
    return found.data as Float32Array;
  } finally {
    await session.release();
  }
}

/** How an answer differs from another that is as right: by the rounding of float32, and once more to a half type. */
export function difference(found: HeldWeight, wanted: HeldWeight): string | undefined {
  const { dtype } = found;
  if (dtype === 'float32') return mismatch(found.data, wanted.data, { relative: 2e-6, absolute: 1e-9 });
  if (dtype === 'float64') return mismatch(found.data, wanted.data, { relative: 1e-12, absolute: 0 });
  for (const [i, bits] of wanted.data.entries()) {
    if (bits === found.data[i]) continue;
    const [a, b] = [decode(bits, dtype), decode(found.data[i] as number, dtype)];
    if (ulpDistance(a, b, dtype) > 1) return `element ${i} is ${b} instead of ${a}`;
  }
  return undefined;
}

function decode(bits: number, dtype: WeightDType): number {
  return toFloat64({ dtype, dims: [1], data: Uint16Array.of(bits) })[0] as number;
}

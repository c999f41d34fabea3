// Numbers of samples as users give them: typed arrays, arrays with their dims, tensors of ONNX Runtime.
// Must not import other folders of fit.
import { isDType } from '../../graph/dtype.js';
import { type ErrorPlace, UnsupportedError, UsageError } from '../../graph/errors.js';
import { type NumberArray, toNumbers } from '../../graph/numbers.js';
import type { OrtTensor } from '../../runtime/ort.js';

/** Numbers of all samples one after another, with or without their dims; tensors lie on the CPU. */
export type DataArray =
  | NumberData
  | { readonly data: NumberData; readonly dims?: readonly number[]; readonly shape?: readonly number[] }
  | OrtTensor;

type NumberData = NumberArray | Uint8ClampedArray | BigInt64Array | BigUint64Array;

/** Numbers as they are read. */
export interface GivenNumbers {
  readonly numbers: NumberArray | Uint8ClampedArray;
  readonly dims: readonly number[] | undefined;
}

/** Whether it is an array of numbers, and no record of several. */
export function isArray(value: unknown): value is DataArray {
  if (isNumberData(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  // Reading the data of a tensor on a device throws.
  return isOnDevice(value) || ('data' in value && isNumberData(value.data));
}

/** @throws {UsageError | UnsupportedError} where it is no array of numbers, or one whose numbers are not here */
export function readNumbers(name: string, given: unknown, place: ErrorPlace): GivenNumbers {
  if (isNumberData(given)) return { numbers: plain(given), dims: undefined };
  if (typeof given === 'object' && given !== null && isOnDevice(given)) {
    throw new UsageError(
      `${name}: the tensor lies on ${String(given.location)}; give its numbers, which getData() reads`,
      place,
    );
  }
  if (!isArray(given) || isNumberData(given)) {
    throw new UsageError(
      `${name}: give a typed array, { data, dims } or a tensor; found ${describe(given)}`,
      place,
    );
  }
  const data = given.data as NumberData;
  const dims = given.dims ?? ('shape' in given ? given.shape : undefined);
  const dtype = dtypeOf(given);
  // Bit patterns of small floats, and what is packed, lie in arrays of whole numbers.
  if (dtype === undefined || data.constructor.name === 'Float16Array') return { numbers: plain(data), dims };
  if (!isDType(dtype)) throw new UnsupportedError(`${name}: numbers are expected, found ${dtype}`, place);
  return { numbers: toNumbers({ dtype, dims: dims ?? [], data: data as Uint8Array }), dims };
}

/** What a tensor says its elements are: ONNX Runtime's tensors have `type`, those of this package `dtype`. */
function dtypeOf(given: object): string | undefined {
  if ('type' in given && typeof given.type === 'string') return given.type;
  return 'dtype' in given && typeof given.dtype === 'string' ? given.dtype : undefined;
}

function isOnDevice(value: object): value is { readonly location: string } {
  return 'location' in value && typeof value.location === 'string' && !value.location.startsWith('cpu');
}

const isNumberData = (value: unknown): value is NumberData =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

function plain(data: NumberData): GivenNumbers['numbers'] {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return data;
  return Float64Array.from(data as BigInt64Array, Number);
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null
    ? `an object with ${Object.keys(value).join(', ') || 'nothing'}`
    : String(value);
}

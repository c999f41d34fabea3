// Weights as users hold them: typed arrays with dims, TensorValues, tensors of ONNX Runtime.
// Must not touch ONNX Runtime.
import { type DType, isDType } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { elementCount, type TensorData, type TensorValue } from '../graph/tensorValue.js';

/**
 * A weight: its elements and dims. The dtype is told by `dtype`, by ONNX Runtime's `type`, or by the array:
 * `Float32Array` is float32, `Float64Array` float64. float16 and bfloat16 are bit patterns in a `Uint16Array`
 * and must be named.
 */
export interface Weight {
  readonly data: Float32Array | Float64Array | Uint16Array | TensorData;
  readonly dims: readonly number[];
  readonly dtype?: DType;
  /** As ONNX Runtime's tensors name it. */
  readonly type?: string;
}

/** The weight with its dtype known. @throws {ShapeError} when dtype, array and dims do not fit together */
export function readWeight(weight: Weight, name = 'the weight'): TensorValue {
  const { data, dims } = weight ?? {};
  if (data === undefined || data === null || !Array.isArray(dims)) {
    throw new ShapeError(`${name} must be given with its dims: { data, dims }`);
  }
  const dtype = weight.dtype ?? weight.type ?? dtypeOf(data);
  if (dtype === undefined || !isDType(dtype)) {
    throw new ShapeError(
      `${name}: ${dtype === undefined ? `the dtype of a ${data.constructor.name} is not known` : `'${dtype}' is no dtype`}; give dtype: 'float32', 'float64', 'float16' or 'bfloat16'`,
    );
  }
  const wanted = arrayNames[dtype];
  if (wanted === undefined) {
    throw new ShapeError(`${name}: dtype ${dtype}; accepted are float32, float64, float16 and bfloat16`);
  }
  if (data.constructor.name !== wanted) {
    throw new ShapeError(`${name}: ${dtype} is held in a ${wanted}, found a ${data.constructor.name}`);
  }
  if (data.length !== elementCount(dims)) {
    throw new ShapeError(
      `${name}: dims [${dims.join(', ')}] hold ${elementCount(dims)} elements, found ${data.length}`,
    );
  }
  return { dtype, dims, data: data as TensorData };
}

const arrayNames: Readonly<Partial<Record<DType, string>>> = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  float16: 'Uint16Array',
  bfloat16: 'Uint16Array',
};

function dtypeOf(data: Weight['data']): DType | undefined {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  return undefined;
}

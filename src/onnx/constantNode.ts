// Constant nodes: which attribute gives their value, and values given as plain numbers or strings.
// Must not walk the model; modelScopes.ts does.
import type { DType } from '../graph/dtype.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { canonicalDomain } from './attributes.js';
import type { onnx } from './gen/onnx.js';
import { int64FromBigInt, int64ToBigInt } from './int64.js';
import type { TensorStore } from './storedTensor.js';
import type { TensorHead } from './tensorProto.js';

/** One of the attributes that give a value without a TensorProto. */
interface PlainForm {
  readonly dtype: DType;
  readonly list: boolean;
  read(attribute: onnx.AttributeProto): TensorData;
  write(attribute: onnx.AttributeProto, data: TensorData): void;
}

const noBytes = new Uint8Array(0);

const plainForms: ReadonlyMap<string, PlainForm> = new Map<string, PlainForm>([
  [
    'value_float',
    {
      dtype: 'float32',
      list: false,
      read: ({ f }) => Float32Array.of(f ?? 0),
      write: (attribute, data) => {
        attribute.f = (data as Float32Array)[0] ?? 0;
      },
    },
  ],
  [
    'value_floats',
    {
      dtype: 'float32',
      list: true,
      read: ({ floats }) => new Float32Array(floats),
      write: (attribute, data) => {
        attribute.floats = Array.from(data as Float32Array);
      },
    },
  ],
  [
    'value_int',
    {
      dtype: 'int64',
      list: false,
      read: ({ i }) => BigInt64Array.of(int64ToBigInt(i ?? 0)),
      write: (attribute, data) => {
        attribute.i = int64FromBigInt((data as BigInt64Array)[0] ?? 0n);
      },
    },
  ],
  [
    'value_ints',
    {
      dtype: 'int64',
      list: true,
      read: ({ ints }) => BigInt64Array.from(ints, int64ToBigInt),
      write: (attribute, data) => {
        attribute.ints = Array.from(data as BigInt64Array, int64FromBigInt);
      },
    },
  ],
  [
    'value_string',
    {
      dtype: 'string',
      list: false,
      read: ({ s }) => [(s ?? noBytes).slice()],
      write: (attribute, data) => {
        attribute.s = ((data as readonly Uint8Array[])[0] ?? noBytes).slice();
      },
    },
  ],
  [
    'value_strings',
    {
      dtype: 'string',
      list: true,
      read: ({ strings }) => strings.map((bytes) => bytes.slice()),
      write: (attribute, data) => {
        attribute.strings = (data as readonly Uint8Array[]).map((bytes) => bytes.slice());
      },
    },
  ],
]);

/** The attribute that gives a Constant node's value; undefined for other nodes, and where a function's caller gives it. */
export function constantAttribute(node: onnx.NodeProto): onnx.AttributeProto | undefined {
  if (node.opType !== 'Constant' || canonicalDomain(node.domain) !== '') return undefined;
  return node.attribute.find(({ name, refAttrName }) => {
    const known = name === 'value' || name === 'sparse_value' || plainForms.has(name ?? '');
    return known && !refAttrName;
  });
}

/** The tensor of value_float, value_floats, value_int, value_ints, value_string or value_strings. */
export function plainConstant(
  attribute: onnx.AttributeProto,
): { readonly head: TensorHead; readonly store: TensorStore } | undefined {
  const form = plainForms.get(attribute.name ?? '');
  if (form === undefined) return undefined;
  const count = form.read(attribute).length;
  return {
    head: { dtype: form.dtype, dims: form.list ? [count] : [], count },
    store: {
      external: false,
      read: () => form.read(attribute),
      write: ({ data }: TensorValue) => form.write(attribute, data),
      checkpoint: () => {
        const before = form.read(attribute);
        return () => form.write(attribute, before);
      },
    },
  };
}

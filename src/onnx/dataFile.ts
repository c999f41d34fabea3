// Writes a model whose tensors go into a new data file beside it.
// Must not write files: it gives the bytes, one tensor at a time, and leaves the model as it was.
import { UsageError } from '../graph/errors.js';
import { encodeModelProto } from './codec.js';
import { externalLocation, locationProblem, readExternalBytes, setExternalPlace } from './externalData.js';
import type { onnx } from './gen/onnx.js';
import type { ModelContext } from './modelScopes.js';
import type { DataFileOptions, EncodedWithData } from './modelTypes.js';
import { type StoredTensor, TensorProtoStore } from './storedTensor.js';
import { byteLength, toBytes } from './tensorBytes.js';
import { clearInline, isExternal, readInline } from './tensorProto.js';

/** The size from which ONNX's own tools make an initializer external, in bytes. */
export const defaultExternalThreshold = 1024;

/** One tensor on its way into the data file. */
interface Move {
  readonly proto: onnx.TensorProto;
  readonly offset: number;
  readonly length: number;
  bytes(): Uint8Array;
}

export function encodeWithDataFile(
  model: onnx.ModelProto,
  tensors: readonly StoredTensor[],
  context: ModelContext,
  options: DataFileOptions,
): EncodedWithData {
  const problem = locationProblem(options.location);
  if (problem !== undefined) {
    throw new UsageError(
      `data file ${JSON.stringify(options.location)} ${problem}; a relative path is accepted`,
    );
  }
  const moves = planMoves(tensors, context, options);
  const last = moves.at(-1);
  return {
    bytes: encodeMoved(model, moves, options.location),
    dataLength: last === undefined ? 0 : last.offset + last.length,
    data: { [Symbol.iterator]: () => pieces(moves) },
  };
}

function planMoves(
  tensors: readonly StoredTensor[],
  context: ModelContext,
  options: DataFileOptions,
): Move[] {
  const moves: Move[] = [];
  let end = 0;
  for (const tensor of tensors) {
    const bytes = bytesToMove(tensor, context, options);
    if (bytes === undefined) continue;
    const offset = align(end, bytes.length);
    moves.push({ ...bytes, offset });
    end = offset + bytes.length;
  }
  return moves;
}

/** The tensor's bytes if it goes into the data file. */
function bytesToMove(
  { store, head, kind, place }: StoredTensor,
  { changes, externalData }: ModelContext,
  { location, move = 'written', threshold = Number.POSITIVE_INFINITY }: DataFileOptions,
): Omit<Move, 'offset'> | undefined {
  const { dtype, count } = head;
  if (!(store instanceof TensorProtoStore) || dtype === 'string') return undefined;
  const { proto } = store;
  const length = byteLength(dtype, count);
  if (isExternal(proto)) {
    const written = changes.external.get(proto);
    if (written !== undefined) return { proto, length, bytes: () => written };
    if (move === 'all')
      return { proto, length, bytes: () => readExternalBytes(proto, head, externalData, place) };
    if (externalLocation(proto, place) !== location) return undefined;
    throw new UsageError(
      `the new data file "${location}" would replace one that this tensor stays in`,
      place,
    );
  }
  if (kind !== 'initializer' || length === 0 || length < threshold) return undefined;
  return { proto, length, bytes: () => toBytes(readInline(proto, head, place) as Uint8Array) };
}

/** Large tensors start on a page, so that the file can be mapped into memory. */
function align(offset: number, length: number): number {
  const step = length >= 4096 ? 4096 : 64;
  return Math.ceil(offset / step) * step;
}

function* pieces(moves: readonly Move[]): Generator<Uint8Array, void, undefined> {
  let end = 0;
  for (const { offset, length, bytes } of moves) {
    if (offset > end) yield new Uint8Array(offset - end);
    if (length > 0) yield bytes();
    end = offset + length;
  }
}

/** Encodes the model as it is with the tensors moved, then gives the messages their old fields back. */
function encodeMoved(model: onnx.ModelProto, moves: readonly Move[], location: string): Uint8Array {
  const before = moves.map(({ proto }) => ({ ...proto }));
  try {
    for (const { proto, offset, length } of moves) {
      clearInline(proto);
      setExternalPlace(proto, { location, offset, length });
    }
    return encodeModelProto(model);
  } finally {
    for (const [i, { proto }] of moves.entries()) {
      for (const key of Object.keys(proto)) Reflect.deleteProperty(proto, key);
      Object.assign(proto, before[i]);
    }
  }
}

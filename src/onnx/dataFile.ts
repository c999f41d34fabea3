// Writes a model whose tensors go into a new data file beside it.
// Must not write files: it gives the bytes, one tensor at a time, and leaves the model as it was.
import { UsageError } from '../graph/errors.js';
import { encodeModelProto } from './codec.js';
import { layOut, type Part, type PlacedPart, readPieces } from './dataRuns.js';
import { externalLocation, externalRegion, locationProblem, setExternalPlace } from './externalData.js';
import type { onnx } from './gen/onnx.js';
import type { ModelContext } from './modelScopes.js';
import type { DataFileOptions, EncodedWithData } from './modelTypes.js';
import { type StoredTensor, TensorProtoStore } from './storedTensor.js';
import { byteLength, bytesOf } from './tensorBytes.js';
import { clearInline, isExternal, readInline } from './tensorProto.js';

/** The size from which ONNX's own tools make an initializer external, in bytes. */
export const defaultExternalThreshold = 1024;

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
  const layout = layOut(tensors.flatMap((tensor) => partToMove(tensor, context, options) ?? []));
  return {
    bytes: encodeMoved(model, layout.places, options.location),
    dataLength: layout.length,
    data: { [Symbol.iterator]: () => layout.pieces()[Symbol.iterator]() },
  };
}

/** The tensor if it goes into the data file. */
function partToMove(
  { store, head, kind, place }: StoredTensor,
  { changes, externalData }: ModelContext,
  { location, move = 'written', threshold = Number.POSITIVE_INFINITY }: DataFileOptions,
): Part | undefined {
  const { dtype, count } = head;
  if (!(store instanceof TensorProtoStore) || dtype === 'string') return undefined;
  const { proto } = store;
  const length = byteLength(dtype, count);
  if (isExternal(proto)) {
    const written = changes.external.get(proto);
    if (written !== undefined) return { proto, length, from: () => readPieces(written, 0, length) };
    if (move === 'all') return { proto, length, from: externalRegion(proto, head, externalData, place) };
    if (externalLocation(proto, place) !== location) return undefined;
    throw new UsageError(
      `the new data file "${location}" would replace one that this tensor stays in`,
      place,
    );
  }
  if (kind !== 'initializer' || length === 0 || length < threshold) return undefined;
  return { proto, length, from: () => [bytesOf(readInline(proto, head, place) as Uint8Array)] };
}

/** Encodes the model as it is with the tensors moved, then gives the messages their old fields back. */
function encodeMoved(model: onnx.ModelProto, moves: readonly PlacedPart[], location: string): Uint8Array {
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

// Writes a model whose tensors go into a new data file beside it.
// Must not write files: it gives the bytes, one tensor at a time, and leaves the model as it was.
import { UsageError } from '../graph/errors.js';
import { encodeModelProto } from './codec.js';
import { externalLocation, locationProblem, readExternalBytes, setExternalPlace } from './externalData.js';
import type { onnx } from './gen/onnx.js';
import type { ModelContext } from './modelScopes.js';
import { type StoredTensor, TensorProtoStore } from './modelTensor.js';
import { byteLength, toBytes } from './tensorBytes.js';
import { clearInline, isExternal, readInline } from './tensorProto.js';

/** The size from which ONNX's own tools make an initializer external, in bytes. */
export const defaultExternalThreshold = 1024;

export interface DataFileOptions {
  /** The new data file, relative to the folder the model is written to. */
  readonly location: string;
  /**
   * Which external tensors go into the new file. `written`: those that were written; the others stay in their files,
   * so the model must stay in its folder. `all`: each one, so the new model needs no file of the old one.
   * Default: `written`.
   */
  readonly move?: 'written' | 'all';
  /** Inline initializers of this many bytes or more become external too. Default: none do. */
  readonly threshold?: number;
}

export interface EncodedWithData {
  /** The model. */
  readonly bytes: Uint8Array;
  /** The length of the data file; 0 where no tensor goes there, so that none is needed. */
  readonly dataLength: number;
  /**
   * The data file in pieces. Tensors that were not written are read from their old files only as the pieces are
   * taken, so write to a temporary file and rename it when complete.
   */
  readonly data: Iterable<Uint8Array>;
}

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

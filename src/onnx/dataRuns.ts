// Which bytes go into a new data file, and where: tensor by tensor, those that share bytes of an old file once.
// Must not read bytes before they are asked for.
import type { ExternalRegion } from './externalData.js';
import type { onnx } from './gen/onnx.js';
import type { KeptBytes } from './modelTypes.js';

/** How many bytes are in memory at once while a data file is copied. */
const pieceBytes: number = 1 << 24;

/** One tensor for the new file. */
export interface Part {
  readonly proto: onnx.TensorProto;
  readonly length: number;
  /** The bytes in pieces; for a tensor that moves as it is, where they lie. */
  readonly from: (() => Iterable<Uint8Array>) | ExternalRegion;
}

/** One tensor in the new file. */
export interface PlacedPart {
  readonly proto: onnx.TensorProto;
  readonly offset: number;
  readonly length: number;
}

/** Bytes that lie together: one tensor, or several that overlapped where they come from. */
interface Run {
  length: number;
  readonly parts: { readonly proto: onnx.TensorProto; readonly start: number; readonly length: number }[];
  pieces(): Iterable<Uint8Array>;
}

export interface DataLayout {
  readonly places: readonly PlacedPart[];
  readonly length: number;
  pieces(): Iterable<Uint8Array>;
}

/** Lays the tensors out one after another, in the order given. */
export function layOut(parts: readonly Part[]): DataLayout {
  const places: PlacedPart[] = [];
  const runs: { readonly offset: number; readonly run: Run }[] = [];
  let end = 0;
  for (const run of toRuns(parts)) {
    const offset = align(end, run.length);
    runs.push({ offset, run });
    for (const { proto, start, length } of run.parts) places.push({ proto, offset: offset + start, length });
    end = offset + run.length;
  }
  return { places, length: end, pieces: () => allPieces(runs) };
}

function toRuns(parts: readonly Part[]): readonly Run[] {
  const shared = sharedRuns(parts);
  const runs = parts.map((part): Run => {
    const { proto, length, from } = part;
    const run = shared.get(part);
    if (run !== undefined || typeof from !== 'function') return run as Run;
    return { length, parts: [{ proto, start: 0, length }], pieces: from };
  });
  return [...new Set(runs)];
}

/** The runs of tensors that move as they are. Without them a small file whose tensors overlap could fill a disk. */
function sharedRuns(parts: readonly Part[]): ReadonlyMap<Part, Run> {
  const moved = parts.flatMap((part) =>
    typeof part.from === 'function' ? [] : [{ part, region: part.from, end: part.from.offset + part.length }],
  );
  moved.sort(
    (a, b) =>
      compare(a.region.location, b.region.location) || a.region.offset - b.region.offset || b.end - a.end,
  );
  const runs = new Map<Part, Run>();
  let open:
    | { readonly location: string; readonly offset: number; end: number; readonly run: Run }
    | undefined;
  for (const { part, region, end } of moved) {
    const { location, offset } = region;
    if (open === undefined || open.location !== location || offset >= open.end) {
      const run: Run = {
        length: 0,
        parts: [],
        pieces: () => readPieces(region.file, offset, run.length),
      };
      open = { location, offset, end: offset, run };
    }
    open.end = Math.max(open.end, end);
    open.run.length = open.end - open.offset;
    open.run.parts.push({ proto: part.proto, start: offset - open.offset, length: part.length });
    runs.set(part, open.run);
  }
  return runs;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Bytes of a file, a few megabytes at a time. */
export function* readPieces(
  file: KeptBytes,
  offset: number,
  length: number,
): Generator<Uint8Array, void, undefined> {
  for (let done = 0; done < length; done += pieceBytes) {
    yield file.read(offset + done, Math.min(pieceBytes, length - done));
  }
}

/** Large tensors start on a page, so that the file can be mapped into memory. */
function align(offset: number, length: number): number {
  const step = length >= 4096 ? 4096 : 64;
  return Math.ceil(offset / step) * step;
}

function* allPieces(
  runs: readonly { readonly offset: number; readonly run: Run }[],
): Generator<Uint8Array, void, undefined> {
  let end = 0;
  for (const { offset, run } of runs) {
    if (offset > end) yield new Uint8Array(offset - end);
    yield* run.pieces();
    end = offset + run.length;
  }
}

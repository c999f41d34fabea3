// Bytes ↔ protobuf messages, without loss: unknown fields, 64-bit integers and text that is not UTF-8 come back as
// they were. Of typed float fields only the payload of a NaN is not kept. Bounded, since files may be crafted.
// Must not know what the messages mean.
import protobuf from 'protobufjs/minimal.js';
import { ConstraintError, type ErrorPlace, FormatError, UnsupportedError } from '../graph/errors.js';
import { onnx } from './gen/onnx.js';
import { compactLong } from './int64.js';
import { decodeText, encodeText, holdsEscapes } from './text.js';

/** The most bytes one protobuf message can have: 2 GiB - 1. */
export const maxMessageBytes = 0x7fffffff;

/**
 * The most messages, strings, byte fields and unknown fields a file may hold. Each costs up to 400 bytes of memory
 * for 2 bytes of file, so a crafted file of some megabytes could exhaust it (CVE-2026-54270 is the case of unknown
 * fields). Real models have 10 to 45 for each node, so this admits about 100,000 nodes of the wordiest exporters.
 */
export const maxPieces: number = 1 << 22;

class ExactReader extends protobuf.Reader {
  override discardUnknown = false;
  private pieces = 0;

  override tag(): number {
    const tag = super.tag();
    if ((tag & 7) === 2) this.count();
    return tag;
  }

  // The generated code calls this for unknown fields only, and then keeps them.
  override skipType(wireType: number, depth?: number, fieldNumber?: number): this {
    if (wireType !== 2) this.count();
    super.skipType(wireType, depth, fieldNumber);
    return this;
  }

  override string(): string {
    const start = this.pos;
    const text = super.string();
    if (!text.includes('\uFFFD')) return text;
    this.pos = start;
    return decodeText(this.bytes());
  }

  // A Long for each element would take 30 times the memory of the file's varints. The messages are typed as
  // `number | Long`, but protobufjs types its reader as giving Long only, hence `never`.
  override int64(): never {
    return compactLong(super.int64()) as never;
  }

  override uint64(): never {
    return compactLong(super.uint64()) as never;
  }

  private count(): void {
    this.pieces += 1;
    if (this.pieces > maxPieces)
      throw new FormatError(`more than ${maxPieces} fields; this many are not accepted`);
  }
}

class ExactWriter extends protobuf.Writer {
  constructor(
    private readonly limit: number,
    sizeHint: number,
  ) {
    super();
    // Some room more, since the writer reserves for the worst case and would otherwise double the buffer at the end.
    this.buf = new Uint8Array(Math.min(sizeHint, limit) + 4096);
  }

  override string(text: string): this {
    if (holdsEscapes(text)) this.bytes(encodeText(text));
    else super.string(text);
    return this;
  }

  override bytes(value: Uint8Array | string): this {
    this.checkSize(value.length);
    super.bytes(value);
    return this;
  }

  checkSize(more: number): void {
    if (this.pos + more <= this.limit) return;
    throw new UnsupportedError(
      'the model is too large for one protobuf message (2 GiB); write its tensors as external data',
    );
  }
}

/** The model message in these bytes; FormatError where they are no protobuf message of that form. */
export function decodeModelProto(bytes: Uint8Array, place: ErrorPlace = {}): onnx.ModelProto {
  if (bytes.length > maxMessageBytes) {
    throw new FormatError(`${bytes.length} bytes; a protobuf message has less than 2 GiB`, place);
  }
  const reader = new ExactReader(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  try {
    return onnx.ModelProto.decode(reader);
  } catch (error) {
    throw new FormatError(describeFailure(error, reader.pos, bytes.length), { ...place, cause: error });
  }
}

/**
 * The bytes of a model message; UnsupportedError where they would be 2 GiB or more.
 *
 * @param sizeHint about how many bytes are expected; saves memory for large models
 */
export function encodeModelProto(
  model: onnx.ModelProto.$Properties,
  { sizeHint = 0, limit = maxMessageBytes }: { sizeHint?: number; limit?: number } = {},
): Uint8Array {
  const writer = new ExactWriter(limit, sizeHint);
  onnx.ModelProto.encode(model, writer);
  writer.checkSize(0);
  return writer.finish(true);
}

function describeFailure(error: unknown, position: number, length: number): string {
  if (error instanceof ConstraintError) return error.detail;
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('index out of range')) {
    return `not an ONNX model, or one cut short: a field near byte ${position} runs past its end (file: ${length} bytes)`;
  }
  if (message === 'max depth exceeded') return `messages nested more than 100 deep, near byte ${position}`;
  return `not an ONNX model: ${message} near byte ${position}`;
}

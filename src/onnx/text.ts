// Text fields of ONNX files, kept byte for byte even where they are not UTF-8 (paths in doc strings, mostly).
// Must not import anything but the errors.
import { FormatError } from '../graph/errors.js';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const replacement = '\uFFFD';

/** The most bytes of one text that may be no UTF-8: a few accents are, a mass of them is no text. */
const maxEscapes = 1 << 16;

/**
 * The text of UTF-8 bytes. A byte that is not UTF-8 becomes the lone surrogate U+DC00 + byte, as Python's
 * `surrogateescape` does, so that `encodeText` gives the same bytes back. Throws FormatError where there are too many.
 */
export function decodeText(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return text.includes(replacement) ? decodeWithEscapes(bytes) : text;
}

/** Whether the text holds escaped bytes, so that only `encodeText` encodes it rightly. */
export function holdsEscapes(text: string): boolean {
  return /[\uDC80-\uDCFF]/u.test(text);
}

/** The bytes of a text from `decodeText`. */
export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let length = 0;
  let start = 0;
  const encodeUpTo = (end: number): void => {
    length += encoder.encodeInto(text.slice(start, end), bytes.subarray(length)).written;
  };
  for (const { index } of text.matchAll(/[\uDC80-\uDCFF]/gu)) {
    encodeUpTo(index);
    bytes[length] = text.charCodeAt(index) - 0xdc00;
    length += 1;
    start = index + 1;
  }
  encodeUpTo(text.length);
  return bytes.subarray(0, length);
}

function decodeWithEscapes(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  let at = 0;
  let escapes = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    escapes += 1;
    if (escapes > maxEscapes) throw new FormatError(`a text of ${bytes.length} bytes that is not UTF-8`);
    if (start < at) parts.push(decoder.decode(bytes.subarray(start, at)));
    parts.push(String.fromCharCode(0xdc00 + (bytes[at] ?? 0)));
    at += 1;
    start = at;
  }
  if (start < at) parts.push(decoder.decode(bytes.subarray(start, at)));
  return parts.join('');
}

/** The length of the UTF-8 sequence that starts here, 0 if none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = sequenceLengthOf(lead);
  for (let i = 1; i < length; i += 1) {
    const byte = bytes[at + i] ?? 0;
    const [low, high] = i === 1 ? secondByteRange(lead) : [0x80, 0xbf];
    if (byte < low || byte > high) return 0;
  }
  return length;
}

/** The length of the sequences that start with this byte, 0 if none do. */
function sequenceLengthOf(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Which second bytes a lead byte allows: no overlong forms, no surrogates, nothing above U+10FFFF. */
function secondByteRange(lead: number): readonly [number, number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  if (lead === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

// A new safetensors file of named tensors.
// Must not import anything above graph.
import { UnsupportedError, UsageError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { bytesOf } from '../graph/weightFile.js';
import { dtypeCode } from './header.js';

/**
 * The bytes of a safetensors file with these tensors in this order.
 *
 * @param metadata what the file says of itself, as text
 * @throws {UnsupportedError} for a dtype that the format does not have
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorValue>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, value] of tensors) {
    if (name === '__metadata__')
      throw new UsageError("no tensor of a safetensors file is called '__metadata__'");
    const code = dtypeCode(value.dtype);
    if (code === undefined)
      throw new UnsupportedError(`safetensors files hold no ${value.dtype}`, { path: name });
    const begin = end;
    end += bytesOf(value).length;
    // Defined, not assigned: a tensor may be called __proto__.
    const entry = { dtype: code, shape: value.dims, data_offsets: [begin, end] };
    Object.defineProperty(header, name, { value: entry, enumerable: true });
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The data begins at a multiple of 8, so that arrays can lie on it.
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let at = start;
  for (const value of tensors.values()) {
    bytes.set(bytesOf(value), at);
    at += bytesOf(value).length;
  }
  return bytes;
}

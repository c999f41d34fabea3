// A text that two graphs share when their bytes are the same: the key of a Map.
// Must not import anything.

// One letter for each byte, whichever it is. `String.fromCharCode(...bytes)` overflows the stack.
const decoder = new TextDecoder('latin1');

export function bytesKey(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

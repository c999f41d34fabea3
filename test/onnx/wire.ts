// Writes protobuf by hand, for files that no library would write. Shares no code with src.

/** A varint field. */
export function varint(field: number, value: number | bigint): Uint8Array {
  return join(key(field, 0), varintBytes(BigInt.asUintN(64, BigInt(value))));
}

/** A length-delimited field: bytes, text, a message, or packed numbers. */
export function delimited(field: number, ...content: (Uint8Array | string)[]): Uint8Array {
  const bytes = join(
    ...content.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part)),
  );
  return join(key(field, 2), varintBytes(BigInt(bytes.length)), bytes);
}

export function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function key(field: number, wireType: number): Uint8Array {
  return varintBytes(BigInt(field * 8 + wireType));
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** A model around the fields of a graph. */
export function modelWith(...graphFields: Uint8Array[]): Uint8Array {
  return join(varint(1, 10), delimited(7, ...graphFields), delimited(8, varint(2, 21)));
}

/** An initializer field; `fields` come after name, dims and element type. */
export function initializer(
  { name = 'w', dims = [2], type = 1 }: { name?: string; dims?: (number | bigint)[]; type?: number },
  ...fields: Uint8Array[]
): Uint8Array {
  return delimited(5, ...dims.map((dim) => varint(1, dim)), varint(2, type), delimited(8, name), ...fields);
}

// 64-bit integers between the codec (a number, or a Long where a number is not exact) and this package (number or bigint).
// Must not import anything but Long, through protobufjs so that a bundle holds it once, and the errors.
import type Long from 'long';
import protobuf from 'protobufjs/minimal.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';

/** A 64-bit field in a decoded message: a number where that is exact, otherwise a Long. */
export type Int64 = number | Long;

/** A 64-bit integer as protobufjs reads it, made a number where that is exact. */
export function compactLong(value: { low: number; high: number; unsigned: boolean }): Int64 {
  const high = value.unsigned ? value.high >>> 0 : value.high;
  const number = high * 2 ** 32 + (value.low >>> 0);
  return Number.isSafeInteger(number) ? number : makeLong(value.low, value.high, value.unsigned);
}

function makeLong(low: number, high: number, unsigned: boolean): Long {
  return new protobuf.util.Long(low, high, unsigned) as Long;
}

export function int64ToBigInt(value: Int64): bigint {
  if (typeof value === 'number') return BigInt(value);
  const high = value.unsigned ? value.high >>> 0 : value.high;
  return (BigInt(high) << 32n) | BigInt(value.low >>> 0);
}

export function int64FromBigInt(value: bigint): Int64 {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return makeLong(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), value > 0n);
}

/** The value as a number where that is exact, otherwise as a bigint. */
export function int64ToValue(value: Int64): number | bigint {
  return typeof value === 'number' ? value : int64ToBigInt(value);
}

/** The value as an exact number; FormatError, naming what it is, where it is none. */
export function int64ToNumber(value: Int64, what: string, place: ErrorPlace): number {
  if (typeof value === 'number') return value;
  throw new FormatError(
    `${what} is ${value.toString()}, beyond the integers that can be counted with (2^53)`,
    place,
  );
}

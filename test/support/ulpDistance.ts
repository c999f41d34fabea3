// How many representable numbers of a half type lie between two values.
// Must not import anything from src.

const formats = {
  float16: { fraction: 10, smallest: -24 },
  bfloat16: { fraction: 7, smallest: -133 },
} as const;

/** The distance in units in the last place of `wanted`; 0 for two NaNs or equal infinities, else Infinity for those. */
export function ulpDistance(wanted: number, found: number, dtype: keyof typeof formats): number {
  if (Number.isNaN(wanted) && Number.isNaN(found)) return 0;
  if (wanted === found) return 0;
  const distance = Math.abs(wanted - found);
  if (!Number.isFinite(distance)) return Number.POSITIVE_INFINITY;
  const { fraction, smallest } = formats[dtype];
  const exponent =
    wanted === 0 ? smallest : Math.max(Math.floor(Math.log2(Math.abs(wanted))) - fraction, smallest);
  return distance / 2 ** exponent;
}

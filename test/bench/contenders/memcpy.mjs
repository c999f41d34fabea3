// The limit: the same bytes copied once by one thread.
// Must not import anything from src or dist.
import { copyInto } from '../weights.mjs';

// Large arrays all start at the same place of a page, where copying one to another is up to 7 times slower on some
// processors: the limit would be an accident of addresses.
const SHIFT = 64;

/** @type {import('../contenders.mjs').Contender} */
export const memcpy = {
  name: 'memcpy',
  copies: true,
  prepare(_, weights) {
    const from = weights.map((weight) => weight.slice());
    const to = weights.map(
      ({ length }) => new Float32Array(new ArrayBuffer(4 * length + SHIFT), SHIFT, length),
    );
    return {
      refill: () => copyInto(from, weights),
      run: () => copyInto(to, from),
      answer: () => to,
    };
  },
};

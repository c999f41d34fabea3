// Random numbers of whole-number arithmetic, which differ by step, place and draw.
// Must not import other folders of fit.

import { fromFloat64 } from '../../graph/numbers.js';
import type { Dim } from '../../graph/shape.js';
import { add, multiply } from '../../ops/elementwise.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo, constant } from '../../ops/tensorLike.js';
import type { FormCall } from './form.js';
import { onesAlong } from './webGpuSizes.js';

const GOLDEN = 0x9e3779b1;
const SPREAD = 0x85ebca6b;

/** How far the upper bits go down in each round. */
const rounds: readonly number[] = [15, 13, 16];

/** From 0 to below 1: the upper 24 bits of the mixed place, iteration and seed. */
export function drawnFromIteration({
  inputs: [x],
  attributes,
  iteration,
}: FormCall): SymbolicTensor | undefined {
  if (x === undefined || iteration === undefined || x.dtype !== 'float32') return undefined;
  const seed = attributes.seed?.type === 'float' ? attributes.seed.value : 0;
  const key = mixed(add(multiply(iteration, int32(GOLDEN)), int32(seed)));
  const bits = mixed(add(places(x), key));
  const upper = castTo(shifted(bits, 8), 'float32');
  return multiply(add(upper, 2 ** 23), 2 ** -24);
}

/** `h · (2 h + 1)` carries every bit to those above it, and the shift brings them down again. */
function mixed(x: SymbolicTensor): SymbolicTensor {
  return rounds.reduce(
    (bits, shift) => {
      const square = multiply(bits, add(multiply(bits, int32(2)), int32(1)));
      return multiply(add(square, shifted(square, shift)), int32(SPREAD));
    },
    multiply(x, int32(GOLDEN)),
  );
}

/** `x / 2 ** count`; towards zero, which mixes as well. */
function shifted(x: SymbolicTensor, count: number): SymbolicTensor {
  return applyOp('Div', [x, int32(2 ** count)], x);
}

/** The number of each place of `x`, row by row. */
function places(x: SymbolicTensor): SymbolicTensor {
  const dims = dimsOf('random', x);
  let each = 1;
  let sum = int32(0);
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const size = dims[axis] as Dim;
    const line = dims.map((_, i) => (i === axis ? size : 1));
    sum = add(multiply(reshapeTo(counted(x, axis, size), line), int32(each)), sum);
    if (typeof size === 'number') each *= size;
  }
  return sum;
}

/** 0, 1, 2, … along an axis. */
function counted(x: SymbolicTensor, axis: number, size: Dim): SymbolicTensor {
  if (typeof size === 'number') {
    return constant(
      fromFloat64(
        Array.from({ length: size }, (_, i) => i),
        'int32',
        [size],
      ),
    );
  }
  const ones = onesAlong(x, axis);
  const at = constant(fromFloat64([axis], 'int32', []));
  return castTo(applyOp('CumSum', [ones, at], ones), 'int32');
}

/** The lower 32 bits of a whole number. */
function int32(value: number): SymbolicTensor {
  return constant(fromFloat64([value | 0], 'int32', []));
}

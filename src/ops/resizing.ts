// Ops that make images larger, made of operators that every provider runs: Resize has no derivative and many modes.
// Must not import anything above graph; the pure entry point must not import it.
import { fromFloat64 } from '../graph/numbers.js';
import type { Dim } from '../graph/shape.js';
import { dimsOf, reshapeTo, sizeAt } from './moving.js';
import { matmul } from './shaping.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { constant, int64Value } from './tensorLike.js';

/** Each element of (N, C, …spatial) `factors[i]` times in a row along spatial dimension `i`. */
export function repeatSpatial(x: SymbolicTensor, factors: readonly number[]): SymbolicTensor {
  const [batch = null, channels = null, ...spatial] = dimsOf('repeat', x);
  const split = [batch, channels, ...spatial.flatMap((dim): Dim[] => [dim, 1])];
  const repeated = [batch, channels, ...spatial.flatMap((dim, i): Dim[] => [dim, factors[i] ?? 1])];
  const target = [1, 1, ...factors.flatMap((factor) => [1, factor])];
  const expanded = applyOp('Expand', [reshapeTo(x, split), constant(int64Value(target))], {
    dtype: x.dtype,
    shape: repeated,
  });
  const joined = factors.map((factor, i) => sizeAt('repeat', x, i + 2) * factor);
  return reshapeTo(expanded, [batch, channels, ...joined]);
}

export type Interpolation = 'bilinear' | 'bicubic' | 'lanczos3' | 'lanczos5';

/** How much an element weighs at a distance from the point asked for. */
const kernels: Readonly<Record<Interpolation, (distance: number) => number>> = {
  bilinear: (d) => Math.max(0, 1 - d),
  bicubic: (d) => {
    if (d >= 2) return 0;
    return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
  },
  lanczos3: (d) => lanczos(d, 3),
  lanczos5: (d) => lanczos(d, 5),
};

function lanczos(distance: number, radius: number): number {
  if (distance === 0) return 1;
  if (distance >= radius) return 0;
  const angle = Math.PI * distance;
  return (radius * Math.sin(angle) * Math.sin(angle / radius)) / (angle * angle);
}

/** (N, C, H, W) with `factors` times the height and the width, as `keras.ops.image.resize` interpolates between pixels. */
export function enlarge(
  x: SymbolicTensor,
  [down, across]: readonly [number, number],
  interpolation: Interpolation,
): SymbolicTensor {
  const [height, width] = [sizeAt('resize', x, 2), sizeAt('resize', x, 3)];
  const rows = weights(height, down, interpolation);
  const columns = weights(width, across, interpolation);
  const transposed = columns[0]?.map((_, i) => columns.map((row) => row[i] as number)) ?? [];
  return matmul(matmul(matrix(rows, x), x), matrix(transposed, x));
}

/** What each element of a line weighs in each of the longer line's; together 1, also at the ends. */
function weights(size: number, factor: number, interpolation: Interpolation): number[][] {
  return Array.from({ length: size * factor }, (_, at) => {
    const centre = (at + 0.5) / factor - 0.5;
    const line = Array.from({ length: size }, (_, i) => kernels[interpolation](Math.abs(centre - i)));
    const total = line.reduce((a, b) => a + b, 0);
    return line.map((weight) => weight / total);
  });
}

function matrix(rows: readonly (readonly number[])[], { dtype }: SymbolicTensor): SymbolicTensor {
  return constant(fromFloat64(rows.flat(), dtype, [rows.length, rows[0]?.length ?? 0]));
}

// Slices that the CPU takes faster otherwise.
// Must not import other folders of fit.
import { toFloat64 } from '../../graph/numbers.js';
import type { Dim } from '../../graph/shape.js';
import { dimsOf, slice } from '../../ops/moving.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { FormCall } from './form.js';

/** Each tensor's blocks, so that all its slices share them. */
const taken = new WeakMap<SymbolicTensor, Map<number, SymbolicTensor>>();

/**
 * One place of every block of an image, as of pooling windows that lie side by side: the blocks' places become channels, all
 * at once, of which a slice is a range.
 */
export function partOfBlocks({ tensor, inputs }: FormCall): SymbolicTensor | undefined {
  const [x, ...bounds] = inputs as [SymbolicTensor, ...SymbolicTensor[]];
  const [starts, , axes, steps] = bounds.map(({ source }) =>
    source.kind === 'constant' ? [...toFloat64(source.value)] : undefined,
  );
  const dims = dimsOf('slice', x);
  const [, channels, ...spatial] = dims;
  const size = steps?.[0];
  if (x.dtype !== 'float32' || dims.length !== 4 || typeof channels !== 'number' || size === undefined) {
    return undefined;
  }
  const offsets = spatial.map((_, i) => starts?.[axes?.indexOf(i + 2) ?? -1]);
  const isPlace =
    axes?.length === 2 &&
    steps?.every((step) => step === size) === true &&
    spatial.every((extent, i) => {
      const offset = offsets[i];
      const count = dimsOf('slice', tensor)[i + 2];
      return offset !== undefined && offset < size && typeof count === 'number' && extent === count * size;
    });
  if (!isPlace) return undefined;
  const place = (offsets[0] as number) * size + (offsets[1] as number);
  return slice(blocksOf(x, size), [{ axis: 1, start: place * channels, end: (place + 1) * channels }]);
}

function blocksOf(x: SymbolicTensor, size: number): SymbolicTensor {
  const known = taken.get(x) ?? new Map<number, SymbolicTensor>();
  taken.set(x, known);
  const found = known.get(size);
  if (found !== undefined) return found;
  const [batch = null, channels, ...spatial] = dimsOf('slice', x) as readonly [Dim, number, number, number];
  const shape: Dim[] = [batch, channels * size * size, ...spatial.map((extent) => extent / size)];
  const blocks = applyOp(
    'SpaceToDepth',
    [x],
    { dtype: x.dtype, shape },
    { attributes: { blocksize: { type: 'int', value: size } } },
  );
  known.set(size, blocks);
  return blocks;
}

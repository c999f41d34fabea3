// Takes one variable's dataset out of an HDF5 file and holds it against what the config calls for.
// Must not import fflate or h5wasm.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { H5File } from './h5File.js';
import type { LayerNode, VariableSlot } from './layerNode.js';
import type { Dims } from './layerShapes.js';

/**
 * The value of a variable.
 *
 * @throws {FormatError} where the dataset is missing or its shape contradicts the config
 */
export function readSlot(
  h5: Pick<H5File, 'dataset'>,
  path: string,
  node: LayerNode,
  slot: VariableSlot,
  place: ErrorPlace,
): TensorValue {
  const where = { ...place, path };
  const what = `${slot.name} of layer ${node.name} (${node.className})`;
  const value = h5.dataset(path, slot.dtype);
  const expected = slot.dims === undefined ? '' : ` of shape ${showShape(slot.dims)}`;
  if (value === undefined) throw new FormatError(`expected ${what}${expected}, found no dataset`, where);
  if (slot.dims !== undefined && !fits(slot.dims, value.dims)) {
    throw new FormatError(
      `expected ${what}${expected} by the config at ${node.place}, found shape ${showShape(value.dims)}`,
      where,
    );
  }
  return value;
}

function fits(expected: Dims, found: readonly number[]): boolean {
  return (
    expected.length === found.length && expected.every((size, axis) => size === null || size === found[axis])
  );
}

/** A shape as messages show it, with `?` for sizes that are not known. */
export function showShape(dims: Dims): string {
  return `[${dims.map((size) => size ?? '?').join(', ')}]`;
}

// The values a loop starts with, checked.
// Must not import runtime, files or cli.
import { ShapeError, UsageError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { elementCount, type TensorData, type TensorValue } from '../graph/tensorValue.js';
import type { CarriedValue } from './carriedValues.js';
import type { InitialValue } from './stepLoopOptions.js';

/**
 * A value for everything that is carried.
 *
 * @throws {UsageError} where a parameter has none, or a name is unknown
 * @throws {ShapeError} where one does not fit
 */
export function initialValues(
  given: Readonly<Record<string, InitialValue>>,
  carried: readonly CarriedValue[],
): ReadonlyMap<string, TensorValue> {
  const unknown = Object.keys(given).find((name) => carried.every((own) => own.name !== name));
  if (unknown !== undefined) {
    throw new UsageError(
      `initial has '${unknown}', which is not carried from step to step; those are ${carried.map(({ name }) => name).join(', ')}`,
    );
  }
  return new Map(
    carried.map((own) => {
      const value = Object.hasOwn(given, own.name) ? given[own.name] : undefined;
      return [own.name, value === undefined ? zeros(own) : readValue(own, value)];
    }),
  );
}

function zeros({ name, role, dtype, dims }: CarriedValue): TensorValue {
  if (role === 'parameter') throw new UsageError(`initial has no value for parameter '${name}'`);
  return fromFloat64(new Float64Array(elementCount(dims)), dtype, dims);
}

function readValue({ name, dtype, dims }: CarriedValue, value: InitialValue): TensorValue {
  const { data, dims: own } = isData(value) ? { data: value, dims: undefined } : value;
  const wanted = fromFloat64([], dtype, [0]).data.constructor.name;
  const found = data?.constructor.name;
  if (found !== wanted) {
    throw new ShapeError(
      `initial.${name} is ${dtype}, which lies in a ${wanted}; found ${found ?? String(data)}`,
    );
  }
  if ((own ?? dims).join() !== dims.join() || data.length !== elementCount(dims)) {
    throw new ShapeError(
      `initial.${name} has ${own === undefined ? `${data.length} elements` : `shape ${formatShape(own)} and ${data.length} elements`}; the step's input has shape ${formatShape(dims)}`,
    );
  }
  return { dtype, dims, data };
}

function isData(value: InitialValue): value is TensorData {
  return ArrayBuffer.isView(value) || Array.isArray(value);
}

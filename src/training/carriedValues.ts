// Which values of a train step go from step to step: the tensors of its parameters, and the state of its optimizer.
// Must not import files or cli.
import { ConfigError, ShapeError, UsageError } from '../graph/errors.js';
import type { OnnxModel, ValueInfo } from '../onnx/model.js';
import type { Carried } from '../runtime/carried.js';
import { findPairs } from './findPairs.js';
import { parameterPath, type StepDescription } from './stepDescription.js';
import { groupParameters } from './stepParameters.js';

/** An input with the output that holds its value after the step. */
export interface StatePair {
  readonly input: string;
  readonly output: string;
}

export interface CarriedValue extends Carried {
  readonly role: 'parameter' | 'state';
}

export interface CarriedValues {
  readonly values: readonly CarriedValue[];
  /** Inputs that may be carried, each with why it is not known. */
  readonly unclear: ReadonlyMap<string, string>;
}

/**
 * The parameters of the description under their names (several in one tensor under that of its input), and what goes
 * from step to step beside them: state under the names it is given, parameters without a constraint and optimizer state
 * that `findPairs` finds under those of their inputs.
 *
 * @param state what `findPairs` does not find, or is to be called otherwise; null for what is not carried
 * @throws {ConfigError | ShapeError} where the step has no such input or output, or no fixed shape
 * @throws {UsageError} where two values share a name
 */
export function carriedValues(
  model: OnnxModel,
  description: StepDescription,
  state: Readonly<Record<string, StatePair | null>>,
): CarriedValues {
  const read = (role: CarriedValue['role'], name: string, { input, output }: StatePair): CarriedValue =>
    readValue(model, description, { role, name, input, output });
  const parameters = groupParameters(description).map(([first]) =>
    read('parameter', first.part === undefined ? first.name : first.input, first),
  );
  const given = Object.entries(state).flatMap(([name, pair]) =>
    pair === null ? [] : [read('state', name, pair)],
  );
  const settled = [...parameters, ...given];
  const taken = new Set(settled.flatMap(({ input, output }) => [input, output]));
  for (const [name, pair] of Object.entries(state)) if (pair === null) taken.add(name);
  const isOpen = ({ input, output }: StatePair): boolean => !taken.has(input) && !taken.has(output);
  const { pairs, unclear } = findPairs(model);
  const values = [
    ...settled,
    ...pairs.filter(isOpen).map((pair) => read(pair.role, pair.input, pair)),
    ...counterOf(model, description)
      .filter(isOpen)
      .map((pair) => read('state', pair.input, pair)),
  ];
  refuseShared(values);
  return { values, unclear: new Map(unclear.map(({ input, reason }) => [input, reason])) };
}

/** The counter that a schedule puts into a step. */
function counterOf({ inputs }: OnnxModel, { schedule }: StepDescription): readonly StatePair[] {
  const counter = schedule?.counter;
  if (counter === undefined || inputs.every(({ name }) => name !== counter)) return [];
  return [{ input: counter, output: `${counter}_new` }];
}

function readValue(
  model: OnnxModel,
  { file }: StepDescription,
  { role, name, input, output }: StatePair & Pick<CarriedValue, 'role' | 'name'>,
): CarriedValue {
  const path = role === 'parameter' ? parameterPath(name) : `state[${JSON.stringify(name)}]`;
  const find = (side: 'input' | 'output', wanted: string, list: readonly ValueInfo[]): ValueInfo => {
    const found = list.find((value) => value.name === wanted);
    if (found !== undefined) return found;
    const names = list.map((value) => value.name).join(', ');
    throw new ConfigError(`the step has no ${side} '${wanted}'; it has ${names}`, {
      file,
      path: `${path}.${side}`,
    });
  };
  const before = find('input', input, model.inputs);
  find('output', output, model.outputs);
  const { dtype, shape } = before;
  const dims = shape?.filter((dim) => typeof dim === 'number');
  if (dtype === undefined || dtype === 'bfloat16' || shape === undefined || dims?.length !== shape.length) {
    const found = `${dtype ?? 'of no known type'} [${shape?.join(', ') ?? '?'}]`;
    throw new ShapeError(
      `input '${input}' is ${found}; what goes from step to step has a dtype that JavaScript feeds (no bfloat16) and a shape of numbers`,
      { file, path: `${path}.input` },
    );
  }
  return { role, name, input, output, dtype, dims };
}

function refuseShared(values: readonly CarriedValue[]): void {
  for (const key of ['name', 'input', 'output'] as const) {
    const seen = new Map<string, CarriedValue>();
    for (const value of values) {
      const other = seen.get(value[key]);
      if (other !== undefined) {
        throw new UsageError(
          `${other.role} '${other.name}' and ${value.role} '${value.name}' have the same ${key} '${value[key]}'; each has its own`,
        );
      }
      seen.set(value[key], value);
    }
  }
}

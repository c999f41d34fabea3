// What a train step's parameters are: which input and output each has, and which constraint it carries. Reads what a
// step description, JSON or YAML, holds.
// Must not import yaml, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { type CustomObjects, deserialize } from '../constraints/deserialize.js';
import type { ConstraintIdentifier } from '../constraints/get.js';
import { ConfigError, type ErrorPlace } from '../graph/errors.js';
import { isObject, own, refuseUnknownKeys } from '../keras/configValue.js';
import { checkDepth, parseJson } from '../keras/parseJson.js';
import { type Part, parsePart } from './parts.js';
import { parseSchedule, type Schedule } from './schedule.js';
import { parseStoredLayout, type StoredLayout } from './storedLayout.js';

/** What the other readers of an updated value (a moving average, a log) see. */
export type Others = 'constrained' | 'unconstrained';

/** One parameter of a train step. */
export interface StepParameter {
  /** The graph input that holds its value before the step. */
  readonly input: string;
  /** The graph output that holds its value after the step. */
  readonly output: string;
  /** The constraint in the tensor's own layout, unless `layout` says another; `null` leaves the parameter alone. */
  readonly constraint: ConstraintIdentifier;
  /** The layout that the constraint's axes count in, where it is another than the tensor's. Not with `part`. */
  readonly layout?: StoredLayout;
  /** Which part of its tensor the parameter is, where several lie in one. Default: all of it. */
  readonly part?: Part;
  /** What other readers of the updated value see. Default: the option of `splice`. */
  readonly others?: Others;
}

/** A train step: its parameters by name. */
export interface StepDescription {
  readonly parameters: Readonly<Record<string, StepParameter>>;
  /** When constraints are applied. Default: after each step. */
  readonly schedule?: Schedule;
  /** The file it was read from, for messages. */
  readonly file?: string | undefined;
}

export interface StepDescriptionOptions {
  /** Custom constraint classes and functions, by registered name (`package>Name`) or bare name. */
  readonly customObjects?: CustomObjects | undefined;
  /** The name of the file, for messages. */
  readonly file?: string | undefined;
}

const rootKeys = ['parameters', 'schedule'];
/** What trainers write beside the parameters for whoever runs the step; it says nothing of the constraints. */
const runKeys = ['learning_rate', 'steps', 'batch'];
export const parameterKeys: readonly string[] = ['input', 'output', 'constraint', 'layout', 'part', 'others'];
export const othersValues: readonly Others[] = ['constrained', 'unconstrained'];

/**
 * Reads a step description: `{"parameters": {"fc1.weight": {"input": "fc1.weight", "output": "fc1.weight_new",
 * "constraint": {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 1}}}}}`.
 *
 * `constraint` is in any form that `deserialize` takes, or null; its axes are those of the step's tensor. The keys
 * `learning_rate`, `steps` and `batch` may stand beside `parameters` for whoever runs the step.
 *
 * @param config JSON text, or the parsed JSON or YAML
 * @throws {FormatError} on text that is no JSON
 * @throws {ConfigError} on what is no step description, on unknown keys, constraint classes and arguments
 * @example
 * const step = parseStepDescription(await (await fetch('step.json')).text());
 */
export function parseStepDescription(config: unknown, options: StepDescriptionOptions = {}): StepDescription {
  const place = { file: options.file };
  if (typeof config !== 'string') checkDepth(config, place);
  const given = typeof config === 'string' ? parseJson(config, place) : config;
  // What `splice --json` prints holds the description beside what it says of it.
  const root = isObject(given) && isObject(own(given, 'description')) ? own(given, 'description') : given;
  if (!isObject(root) || !Object.hasOwn(root, 'parameters')) {
    throw new ConfigError('is no step description: expected an object with parameters', place);
  }
  refuseUnknownKeys(root, [...rootKeys, ...runKeys], '', place);
  const list = own(root, 'parameters');
  if (!isObject(list) || Object.keys(list).length === 0) {
    throw new ConfigError('must be an object with an entry for each parameter', {
      ...place,
      path: 'parameters',
    });
  }
  const parameters = Object.entries(list).map(
    ([name, entry]) =>
      [name, readParameter(entry, { ...place, path: parameterPath(name) }, options)] as const,
  );
  const schedule = own(root, 'schedule');
  return {
    ...place,
    parameters: Object.fromEntries(parameters),
    ...(schedule !== undefined && { schedule: parseSchedule(schedule, { ...place, path: 'schedule' }) }),
  };
}

/** The place of a parameter in its description. */
export function parameterPath(name: string, key?: string): string {
  return `parameters[${JSON.stringify(name)}]${key === undefined ? '' : `.${key}`}`;
}

function readParameter(
  entry: unknown,
  place: ErrorPlace & { path: string },
  { customObjects }: StepDescriptionOptions,
): StepParameter & { readonly constraint: Constraint | null } {
  if (!isObject(entry)) {
    throw new ConfigError('must be an object with input, output and constraint', place);
  }
  refuseUnknownKeys(entry, parameterKeys, `${place.path}.`, place);
  const at = (key: string): ErrorPlace => ({ ...place, path: `${place.path}.${key}` });
  if (!Object.hasOwn(entry, 'constraint')) {
    throw new ConfigError('is missing; write null for a parameter without a constraint', at('constraint'));
  }
  const others = own(entry, 'others');
  const part = own(entry, 'part');
  const layout = own(entry, 'layout');
  return {
    input: readName(own(entry, 'input'), at('input')),
    output: readName(own(entry, 'output'), at('output')),
    constraint: deserialize(own(entry, 'constraint'), customObjects, at('constraint')),
    ...(layout !== undefined && { layout: parseStoredLayout(layout, at('layout')) }),
    ...(part !== undefined && { part: parsePart(part, at('part')) }),
    ...(others !== undefined && { others: readOthers(others, at('others')) }),
  };
}

function readName(value: unknown, place: ErrorPlace): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigError(`must be the name of a value of the step, found ${describe(value)}`, place);
}

function readOthers(value: unknown, place: ErrorPlace): Others {
  const found = othersValues.find((known) => known === value);
  if (found !== undefined) return found;
  throw new ConfigError(`must be ${othersValues.join(' or ')}, found ${describe(value)}`, place);
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

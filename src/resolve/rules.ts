// Rules files: which tensors, by name or glob, get which constraint. Reads what JSON or YAML holds.
// Must not import yaml (the pure entry point uses this), runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { type CustomObjects, deserialize } from '../constraints/deserialize.js';
import { ConfigError, type ErrorPlace } from '../graph/errors.js';
import { isObject, type JsonObject, own, refuseUnknownKeys } from '../keras/configValue.js';
import { checkDepth, parseJson } from '../keras/parseJson.js';
import type { Axis } from '../ops/axes.js';

/** One rule of a rules file. */
export interface Rule {
  /** Names or globs; one that is the name of a tensor means that tensor alone. */
  readonly match: readonly string[];
  /** Names or globs of tensors that the rule leaves alone. */
  readonly exclude: readonly string[];
  /** Whether the axis is `"units"`: taken, for each tensor, from the node that reads it. */
  readonly units: boolean;
  /** The constraint; with `units` the one over the given axes. */
  constraint(axis?: Axis): Constraint;
  /** The rule's place in the file, such as `constraints[1]`. */
  readonly path: string;
}

/** The rules of a file, in its order: of two that match a tensor the first wins. */
export interface Rules {
  readonly file?: string | undefined;
  readonly rules: readonly Rule[];
}

export interface RulesOptions {
  /** Custom constraint classes and functions, by registered name (`package>Name`) or bare name. */
  readonly customObjects?: CustomObjects | undefined;
  /** The name of the file, for messages. */
  readonly file?: string | undefined;
}

const ruleKeys = ['match', 'constraint', 'exclude'];
const maxRules = 10_000;
const maxPatternLength = 1024;
/** Whether parsed JSON or YAML is a rules file's, and no Keras config's. */
export function isRules(config: unknown): boolean {
  return isObject(config) && Object.hasOwn(config, 'constraints') && !Object.hasOwn(config, 'class_name');
}

/**
 * Reads rules: `{"constraints": [{"match": "fc*.weight", "constraint": {"class_name": "MaxNorm", "config":
 * {"max_value": 1, "axis": 1}}}]}`.
 *
 * `match` and `exclude` are names or globs, one or a list: `*` and `?` stay between two `/`, `**` as a whole
 * segment crosses them, `[ab]` and `{a,b}` choose. `constraint` is in any form that `deserialize` takes; its axes
 * are those of the ONNX tensor, or `"units"`.
 *
 * @param config JSON text, or the parsed JSON or YAML
 * @throws {FormatError} on text that is no JSON
 * @throws {ConfigError} on what is no rules file, on unknown keys, constraint classes and arguments
 */
export function parseRules(config: unknown, options: RulesOptions = {}): Rules {
  const place = { file: options.file };
  if (typeof config !== 'string') checkDepth(config, place);
  const root = typeof config === 'string' ? parseJson(config, place) : config;
  if (!isObject(root)) throw new ConfigError('is no rules file: expected an object with constraints', place);
  refuseUnknownKeys(root, ['constraints'], '', place);
  const list = own(root, 'constraints');
  if (!Array.isArray(list) || list.length === 0) {
    throw new ConfigError(`must be a list of at least one rule, found ${describe(list)}`, {
      ...place,
      path: 'constraints',
    });
  }
  if (list.length > maxRules) {
    throw new ConfigError(`${list.length} rules; at most ${maxRules} are read`, {
      ...place,
      path: 'constraints',
    });
  }
  const rules = list.map((item, i) => readRule(item, { ...place, path: `constraints[${i}]` }, options));
  return { ...place, rules };
}

function readRule(item: unknown, place: ErrorPlace & { path: string }, options: RulesOptions): Rule {
  if (!isObject(item)) {
    throw new ConfigError(
      `a rule must be an object with match and constraint, found ${describe(item)}`,
      place,
    );
  }
  const { path } = place;
  refuseUnknownKeys(item, ruleKeys, `${path}.`, place);
  const match = readPatterns(own(item, 'match'), { ...place, path: `${path}.match` });
  if (match.length === 0) throw new ConfigError('names no tensor', { ...place, path: `${path}.match` });
  const excluded = own(item, 'exclude');
  const exclude = excluded === undefined ? [] : readPatterns(excluded, { ...place, path: `${path}.exclude` });
  const config = own(item, 'constraint');
  const units = axisOf(config) === 'units';
  const at = { ...place, path: `${path}.constraint` };
  const constraint = (axis: Axis = 0): Constraint => {
    const found = deserialize(
      units ? withAxis(config as JsonObject, axis) : config,
      options.customObjects,
      at,
    );
    if (found !== null) return found;
    throw new ConfigError('a rule needs a constraint; `exclude` leaves tensors out', at);
  };
  // Made once here, so that a wrong one is found before any model is read.
  const first = constraint();
  return { match, exclude, units, path, constraint: units ? constraint : () => first };
}

function readPatterns(value: unknown, place: ErrorPlace & { path: string }): readonly string[] {
  if (!Array.isArray(value)) return [readPattern(value, place)];
  return value.map((item, i) => readPattern(item, { ...place, path: `${place.path}[${i}]` }));
}

function readPattern(value: unknown, place: ErrorPlace): string {
  if (typeof value !== 'string' || value === '') {
    throw new ConfigError(
      `must be a tensor's name, a glob, or a list of them, found ${describe(value)}`,
      place,
    );
  }
  if (value.length > maxPatternLength) {
    throw new ConfigError(`is ${value.length} characters long; at most ${maxPatternLength} are read`, place);
  }
  return value;
}

/** The arguments of a constraint in any of its forms: under `config`, or, as Keras 1 wrote it, beside its name. */
function argumentsOf(config: unknown): JsonObject | undefined {
  if (!isObject(config)) return undefined;
  const isKeras1 = own(config, 'class_name') === undefined && own(config, 'className') === undefined;
  const args = isKeras1 ? config : own(config, 'config');
  return isObject(args) ? args : undefined;
}

function axisOf(config: unknown): unknown {
  const args = argumentsOf(config);
  return args === undefined ? undefined : own(args, 'axis');
}

function withAxis(config: JsonObject, axis: Axis): JsonObject {
  const args = { ...argumentsOf(config), axis };
  return Object.hasOwn(config, 'axis') ? args : { ...config, config: args };
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return isObject(value) ? 'an object' : JSON.stringify(value);
}

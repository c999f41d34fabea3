// Rules files as text: their forms, what is refused and where, and hostile ones.
import { expect, test } from 'vitest';
import { Constraint, MaxNorm, NonNeg } from '../../src/index.js';
import { parseYaml } from '../../src/resolve/parseYaml.js';
import { isRules, parseRules } from '../../src/resolve/rules.js';
import { describeNoMatch, matchNames } from '../../src/resolve/tensorNames.js';

const maxNorm = { class_name: 'MaxNorm', config: { max_value: 1, axis: 1 } };
const file = 'rules.json';

function rulesOf(...constraints: readonly unknown[]): unknown {
  return { constraints };
}

test('a rule has names or globs, exclusions, and a constraint in any of its forms', () => {
  class Mine extends Constraint {}
  const { rules } = parseRules(
    JSON.stringify(
      rulesOf(
        { match: 'fc*.weight', constraint: maxNorm },
        { match: ['a', 'b'], exclude: 'c', constraint: 'NonNeg' },
        { match: 'd', constraint: { name: 'maxnorm', m: 2, axis: 'units' } },
        { match: 'e', constraint: { className: 'MaxNorm', config: { maxValue: 3, axis: 'units' } } },
        { match: 'f', constraint: { class_name: 'Mine', config: {}, registered_name: 'pkg>Mine' } },
      ),
    ),
    { file, customObjects: { 'pkg>Mine': Mine } },
  );
  expect(rules.map(({ match }) => match)).toEqual([['fc*.weight'], ['a', 'b'], ['d'], ['e'], ['f']]);
  expect(rules.map(({ exclude }) => exclude.length)).toEqual([0, 1, 0, 0, 0]);
  expect(rules.map(({ units }) => units)).toEqual([false, false, true, true, false]);
  expect(rules[0]?.constraint()).toEqual(new MaxNorm({ maxValue: 1, axis: 1 }));
  expect(rules[1]?.constraint()).toBeInstanceOf(NonNeg);
  expect(rules[2]?.constraint([1, 2])).toEqual(new MaxNorm({ maxValue: 2, axis: [1, 2] }));
  expect(rules[3]?.constraint(1)).toEqual(new MaxNorm({ maxValue: 3, axis: 1 }));
  expect(rules[4]?.constraint()).toBeInstanceOf(Mine);
});

test.each([
  [[], 'expected an object with constraints'],
  [{}, 'constraints: must be a list of at least one rule, found nothing'],
  [{ constraints: [] }, 'found an empty list'],
  [{ constraints: {}, version: 1 }, 'version: unknown key; accepted are constraints'],
  [rulesOf('a'), 'constraints[0]: a rule must be an object with match and constraint, found "a"'],
  [rulesOf({ match: 'a', constraint: maxNorm }, { macth: 'a' }), 'constraints[1].macth: unknown key'],
  [rulesOf({ constraint: maxNorm }), 'constraints[0].match: must be a tensor'],
  [rulesOf({ match: [], constraint: maxNorm }), 'constraints[0].match: names no tensor'],
  [rulesOf({ match: ['a', 3], constraint: maxNorm }), 'constraints[0].match[1]: must be a tensor'],
  [rulesOf({ match: 'a' }), 'constraints[0].constraint: a rule needs a constraint'],
  [rulesOf({ match: 'a', constraint: 'MaxNrom' }), "constraints[0].constraint: unknown constraint 'MaxNrom'"],
  [
    rulesOf({ match: 'a', constraint: { class_name: 'NonNeg', config: { axis: 'units' } } }),
    "constraints[0].constraint: NonNeg has no argument 'axis'",
  ],
  [
    rulesOf({ match: 'a', constraint: { class_name: 'MaxNorm', config: { axis: 'unit' } } }),
    'axis must be an integer, a list of integers or null, found "unit"',
  ],
  [rulesOf({ match: 'a'.repeat(2000), constraint: maxNorm }), 'is 2000 characters long'],
])('wrong rules %# are refused with their place', (config, message) => {
  expect(() => parseRules(config, { file })).toThrow(message);
  expect(() => parseRules(config, { file })).toThrow(/^rules\.json: /);
});

test('a rules file is told from a Keras config by its top', () => {
  expect(isRules({ constraints: [] })).toBe(true);
  expect(isRules({ class_name: 'Sequential', config: {} })).toBe(false);
  expect(isRules({ class_name: 'Sequential', config: {}, constraints: [] })).toBe(false);
  expect(isRules([])).toBe(false);
});

test('YAML holds the same rules as JSON', async () => {
  const text = `
constraints:
  - match: [fc*.weight, "**/kernel:0"] # a comment
    exclude: fc3.weight
    constraint: &limit
      class_name: MaxNorm
      config: {max_value: 1.5, axis: units}
  - match: out.weight
    constraint: *limit
`;
  const { rules } = parseRules(await parseYaml(text, { file: 'rules.yaml' }));
  expect(rules.map(({ match, exclude, units }) => ({ match, exclude, units }))).toEqual([
    { match: ['fc*.weight', '**/kernel:0'], exclude: ['fc3.weight'], units: true },
    { match: ['out.weight'], exclude: [], units: true },
  ]);
  expect(rules[1]?.constraint(0)).toEqual(new MaxNorm({ maxValue: 1.5, axis: 0 }));
});

test.each([
  ['[1, 2', /no valid YAML/],
  ['a: 1\na: 2', /Map keys must be unique/],
  ['a: !!js/function "f"', /no valid YAML: Unresolved tag/],
  [`constraints: ${'['.repeat(100_000)}`, /nested deeper than 100 levels/],
  ['- '.repeat(100_000), /nested deeper than 100 levels/],
  ['? '.repeat(100_000), /nested deeper than 100 levels/],
  ['-\t'.repeat(100_000), /nested deeper|no valid YAML/],
  [Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), /nested deeper|characters/],
  [`a: "${'x'.repeat(2 << 20)}"`, /characters; YAML of at most/],
  [
    `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
      .split('')
      .map((key, i) => `${key}: &${key} [${`*${'abcdefghi'[i]}, `.repeat(9)}]`)
      .join('\n')}`,
    /Excessive alias count/,
  ],
  ['a: &a [*a]', /nested deeper|no valid YAML/],
])('hostile or wrong YAML %# is refused quickly', async (text, message) => {
  const started = Date.now();
  await expect(parseYaml(text, { file: 'rules.yaml' })).rejects.toThrow(message);
  expect(Date.now() - started).toBeLessThan(2000);
});

test('JSON nested 100,000 deep is refused', () => {
  const text = `{"constraints": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  expect(() => parseRules(text, { file })).toThrow('rules.json: is nested deeper than 200 levels');
});

test('__proto__ keys reach no prototype', async () => {
  const evil = '{"max_value": 1, "polluted": true}';
  for (const text of [
    `{"constraints": [{"match": "a", "constraint": "NonNeg", "__proto__": ${evil}}]}`,
    `{"constraints": [{"match": "a", "constraint": {"class_name": "MaxNorm", "config": {"__proto__": ${evil}, "axis": "units"}}}]}`,
  ]) {
    expect(() => parseRules(text)).toThrow('__proto__');
    const yaml = await parseYaml(text, {});
    expect(() => parseRules(yaml)).toThrow('__proto__');
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

const names = new Set([
  'fc1.weight',
  'fc2.weight',
  'fc2.bias',
  'net/block_1/dense/MatMul/ReadVariableOp:0',
  'net/block_2/dense/MatMul/ReadVariableOp:0',
  'onnx::MatMul_18',
  'loop(body).w',
  'odd*name',
  'oddest name',
]);

test.each([
  ['fc1.weight', ['fc1.weight']],
  ['fc*.weight', ['fc1.weight', 'fc2.weight']],
  ['fc?.bias', ['fc2.bias']],
  ['fc[13].*', ['fc1.weight']],
  ['fc2.{weight,bias}', ['fc2.weight', 'fc2.bias']],
  ['net/*', []],
  ['net/block_1/**', ['net/block_1/dense/MatMul/ReadVariableOp:0']],
  ['**/MatMul/*:0', [...names].filter((name) => name.startsWith('net'))],
  ['onnx::*', ['onnx::MatMul_18']],
  ['loop(body).*', ['loop(body).w']],
  ['odd*name', ['odd*name']],
  ['odd* name', ['oddest name']],
  ['!fc1.weight', []],
  ['**', [...names]],
])('%s means %j', (pattern, expected) => {
  expect([...matchNames(pattern, names)]).toEqual(expected);
});

test.each([
  ['fc[!1].weight', ['fc2.weight']],
  ['fc[0-1].weight', ['fc1.weight']],
  ['{fc1,fc2}.{weight,bias}', ['fc1.weight', 'fc2.weight', 'fc2.bias']],
  ['odd\\*name', ['odd*name']],
  ['**/fc1.weight', ['fc1.weight']],
  ['net/**/MatMul/**', [...names].filter((name) => name.startsWith('net'))],
  ['FC1.weight', []],
  ['fc1.weigh', []],
  ['fc1[.weight', []],
])('the glob %s means %j', (pattern, expected) => {
  expect([...matchNames(pattern, names)]).toEqual(expected);
});

test('globs made to be slow are not', () => {
  const started = Date.now();
  const long = new Set(['a'.repeat(2000), `${'a/'.repeat(1000)}c`]);
  for (const pattern of [`${'*a'.repeat(400)}b`, `${'**/a/'.repeat(150)}b`, `${'[a-z]*'.repeat(150)}b`]) {
    expect(matchNames(pattern, long).size).toBe(0);
  }
  expect(() => matchNames('{a,b}'.repeat(40), long)).toThrow('more than 256 patterns');
  expect(Date.now() - started).toBeLessThan(2000);
});

test('what matches nothing is told with near names, and where ** was meant', () => {
  expect(describeNoMatch('fc1.wieght', names)).toContain(
    "named 'fc1.wieght'; near are fc1.weight, fc2.weight",
  );
  expect(describeNoMatch('*ReadVariableOp:0', names)).toMatch(/\*\* as a segment.*did you mean net\/block_1/);
  expect(describeNoMatch('a', new Set())).toContain('no floating tensors');
});

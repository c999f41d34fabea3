// Every form in which configs name constraints, and what is refused in them.
// Must not run graphs.
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  Constraint,
  type CustomObjects,
  deserialize,
  MaxNorm,
  MinMaxNorm,
  NonNeg,
  ops,
  type SymbolicTensor,
  UnitNorm,
} from '../../src/index.js';

class Centered extends Constraint {
  constructor(readonly refValue: number = 0) {
    super();
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    return ops.add(ops.subtract(w, ops.mean(w)), this.refValue);
  }

  override getConfig(): { ref_value: number } {
    return { ref_value: this.refValue };
  }
}

function keras3(className: string, config: unknown, registeredName: string | null = null): object {
  return { module: 'keras.constraints', class_name: className, config, registered_name: registeredName };
}

const forms: readonly (readonly [string, unknown, Constraint])[] = [
  ['Keras 3', keras3('MaxNorm', { max_value: 3, axis: 1 }), new MaxNorm({ maxValue: 3, axis: 1 })],
  [
    'Keras 3 MinMaxNorm',
    keras3('MinMaxNorm', { min_value: 0.5, max_value: 2, rate: 0.9, axis: [0, 1] }),
    new MinMaxNorm({ minValue: 0.5, maxValue: 2, rate: 0.9, axis: [0, 1] }),
  ],
  ['Keras 3 UnitNorm, all axes', keras3('UnitNorm', { axis: null }), new UnitNorm({ axis: null })],
  ['Keras 3 NonNeg', keras3('NonNeg', {}), new NonNeg()],
  ['Keras 3 base class', keras3('Constraint', {}), new Constraint()],
  [
    'Keras 3 tuple as a list',
    keras3('UnitNorm', { axis: { class_name: '__tuple__', items: [0, 1, 2] } }),
    new UnitNorm({ axis: [0, 1, 2] }),
  ],
  ['Keras 3 with no config', keras3('NonNeg', null), new NonNeg()],
  ['Keras 3 defaults', keras3('MaxNorm', {}), new MaxNorm({ maxValue: 2, axis: 0 })],
  [
    'Keras 2',
    { class_name: 'MaxNorm', config: { max_value: 4, axis: 0 } },
    new MaxNorm({ maxValue: 4, axis: 0 }),
  ],
  ['Keras 2 without config', { class_name: 'NonNeg' }, new NonNeg()],
  [
    'Keras 2 with a name among the arguments',
    { class_name: 'UnitNorm', config: { name: 'unit_norm', axis: 1 } },
    new UnitNorm({ axis: 1 }),
  ],
  ['TensorFlow.js', { className: 'MaxNorm', config: { maxValue: 4, axis: 0 } }, new MaxNorm({ maxValue: 4 })],
  [
    'TensorFlow.js with a snake_case class key',
    { class_name: 'MinMaxNorm', config: { minValue: 1, maxValue: 2, rate: 0.5, axis: 1 } },
    new MinMaxNorm({ minValue: 1, maxValue: 2, rate: 0.5, axis: 1 }),
  ],
  ['Keras 1', { name: 'MaxNorm', m: 3, axis: 0 }, new MaxNorm({ maxValue: 3 })],
  ['Keras 1 alias', { name: 'maxnorm', m: 3, axis: 0 }, new MaxNorm({ maxValue: 3 })],
  [
    'Keras 1 bounds',
    { name: 'MinMaxNorm', low: 0.5, high: 2, rate: 1, axis: 0 },
    new MinMaxNorm({ minValue: 0.5, maxValue: 2 }),
  ],
  ['Keras 1 without arguments', { name: 'nonneg' }, new NonNeg()],
  ['an epsilon of our own', keras3('UnitNorm', { axis: 0, epsilon: 1e-3 }), new UnitNorm({ epsilon: 1e-3 })],
  [
    'an infinite limit',
    keras3('MaxNorm', { max_value: Number.POSITIVE_INFINITY }),
    new MaxNorm(Number.POSITIVE_INFINITY),
  ],
  ['a class name', 'MaxNorm', new MaxNorm()],
  ...(
    [
      ['max_norm', new MaxNorm()],
      ['maxnorm', new MaxNorm()],
      ['maxNorm', new MaxNorm()],
      ['min_max_norm', new MinMaxNorm()],
      ['minMaxNorm', new MinMaxNorm()],
      ['non_neg', new NonNeg()],
      ['nonneg', new NonNeg()],
      ['nonNeg', new NonNeg()],
      ['unit_norm', new UnitNorm()],
      ['unitnorm', new UnitNorm()],
      ['unitNorm', new UnitNorm()],
    ] as const
  ).map(([name, wanted]) => [`the name ${name}`, name, wanted] as const),
];

describe('forms', () => {
  test.each(forms)('%s', (_, config, wanted) => {
    expect(deserialize(config)).toStrictEqual(wanted);
  });

  test('null and undefined are no constraint', () => {
    expect(deserialize(null)).toBeNull();
    expect(deserialize(undefined)).toBeNull();
  });
});

describe('custom objects', () => {
  const config = { ref_value: 3 };

  test.each([
    ['the registered name', keras3('Centered', config, 'pkg>Centered'), { 'pkg>Centered': Centered }],
    ['the bare name for a registered one', keras3('Centered', config, 'pkg>Centered'), { Centered }],
    ['the class name where it is not registered', keras3('Centered', config, 'Centered'), { Centered }],
    [
      'a package that the config does not tell',
      { class_name: 'Centered', config },
      { 'pkg>Centered': Centered },
    ],
    [
      'the same class in two packages',
      { class_name: 'Centered', config },
      { 'a>Centered': Centered, 'b>Centered': Centered },
    ],
    ['Keras 1', { name: 'Centered', ref_value: 3 }, { Centered }],
  ] as [string, object, CustomObjects][])('under %s', (_, form, customObjects) => {
    expect(deserialize(form, customObjects)).toStrictEqual(new Centered(3));
  });

  test('a custom object may take the place of a built-in name', () => {
    class MaxNorm extends Centered {}
    expect(deserialize('MaxNorm', { MaxNorm })).toBeInstanceOf(Centered);
  });

  test('one of another package does not', () => {
    expect(deserialize(keras3('MaxNorm', { max_value: 3 }), { 'pkg>MaxNorm': Centered })).toStrictEqual(
      new MaxNorm(3),
    );
    expect(deserialize(keras3('MaxNorm', config, 'pkg>MaxNorm'), { 'pkg>MaxNorm': Centered })).toStrictEqual(
      new Centered(3),
    );
  });

  test('functions, in the forms Keras writes', () => {
    const halve = (w: SymbolicTensor): SymbolicTensor => ops.multiply(w, 0.5);
    const form = {
      module: 'builtins',
      class_name: 'function',
      config: 'pkg>halve',
      registered_name: 'function',
    };
    for (const found of [
      deserialize(form, { 'pkg>halve': halve }),
      deserialize(form, { halve }),
      deserialize('halve', { 'pkg>halve': halve }),
      deserialize({ class_name: 'halve', config: {} }, { halve }),
    ]) {
      expect(found).toMatchObject({ fn: halve });
    }
  });
});

type Refusal = readonly [message: string, config: unknown, customObjects?: CustomObjects];

const refusals: readonly Refusal[] = [
  [
    "unknown constraint 'Clip'; built in are Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm, custom objects: none given. Pass its class or function as customObjects: { 'Clip': … } (command line: --plugin",
    { class_name: 'Clip', config: {} },
  ],
  ["unknown constraint 'pkg>Clip'", keras3('Clip', {}, 'pkg>Clip')],
  ["unknown constraint 'b>Centered'", keras3('Centered', {}, 'b>Centered'), { 'a>Centered': Centered }],
  ["unknown constraint 'pkg>f'", { class_name: 'function', config: 'pkg>f' }],
  ["unknown constraint ''", ''],
  ["unknown constraint 'RadialConstraint'", 'RadialConstraint'],
  [
    "'Centered' may be any of a>Centered, b>Centered; pass the one meant as 'Centered'",
    { class_name: 'Centered', config: {} },
    { 'a>Centered': Centered, 'b>Centered': class extends Centered {} },
  ],
  [
    "customObjects['Centered'] must be a class or a function, found a number",
    'Centered',
    { Centered: 3 as never },
  ],
  ["MaxNorm has no argument 'max'; accepted are max_value, axis", keras3('MaxNorm', { max: 2 })],
  ["NonNeg has no argument 'axis'", keras3('NonNeg', { axis: 0 })],
  ["UnitNorm has no argument 'max_value'", keras3('UnitNorm', { max_value: 1 })],
  ["MinMaxNorm has no argument 'm'", { name: 'MinMaxNorm', m: 2 }],
  ["MaxNorm: 'maxValue' sets maxValue a second time", keras3('MaxNorm', { max_value: 2, maxValue: 3 })],
  ["MinMaxNorm: 'low' sets minValue a second time", keras3('MinMaxNorm', { min_value: 2, low: 2 })],
  ['MaxNorm: maxValue must be a number, found NaN', keras3('MaxNorm', { max_value: Number.NaN })],
  ['MaxNorm: maxValue must be a number, found "2"', keras3('MaxNorm', { max_value: '2' })],
  ['MaxNorm: maxValue must be a number, found null', keras3('MaxNorm', { max_value: null })],
  ['MinMaxNorm: rate must be a number, found true', keras3('MinMaxNorm', { rate: true })],
  ['MinMaxNorm: minValue must be a number, found [1]', keras3('MinMaxNorm', { min_value: [1] })],
  ['MaxNorm: maxValue must be a number, found 2', keras3('MaxNorm', { max_value: 2n })],
  ['UnitNorm: epsilon must not be negative, found -1', keras3('UnitNorm', { epsilon: -1 })],
  [
    'UnitNorm: axis must be an integer, a list of integers or null, found 0.5',
    keras3('UnitNorm', { axis: 0.5 }),
  ],
  ['found "0"', keras3('UnitNorm', { axis: '0' })],
  ['found [0,"1"]', keras3('UnitNorm', { axis: [0, '1'] })],
  [
    'found {"class_name":"__set__","items":[0]}',
    keras3('UnitNorm', { axis: { class_name: '__set__', items: [0] } }),
  ],
  ['found NaN', keras3('UnitNorm', { axis: Number.NaN })],
  ['found true', keras3('UnitNorm', { axis: true })],
  ['a constraint must be null, a name or an object, found 3', 3],
  ['a constraint must be null, a name or an object, found a list', ['MaxNorm']],
  ['a constraint object needs class_name and config, found no keys', {}],
  ['a constraint object needs class_name and config, found max_value', { max_value: 2 }],
  ['class_name must be a string, found 3', { class_name: 3, config: {} }],
  ['config of MaxNorm must be an object, found "x"', { class_name: 'MaxNorm', config: 'x' }],
  ['config of MaxNorm must be an object, found [2]', { class_name: 'MaxNorm', config: [2] }],
  [
    "'halve' is given as a function, which takes no arguments; the config has factor",
    { class_name: 'halve', config: { factor: 2 } },
    { halve: (w) => w },
  ],
  [
    'Broken.fromConfig failed: on purpose',
    'Broken',
    {
      Broken: class extends Constraint {
        static override fromConfig(): never {
          throw new TypeError('on purpose');
        }
      },
    },
  ],
];

describe('refusals', () => {
  const rows = refusals.map(([message, config, customObjects = {}]) => ({ message, config, customObjects }));

  test.each(rows)('$message', ({ message, config, customObjects }) => {
    expect(() => deserialize(config, customObjects)).toThrow(ConfigError);
    expect(() => deserialize(config, customObjects)).toThrow(message);
  });

  test('name the place', () => {
    const place = { file: 'model.keras', path: 'config.layers[2].config.kernel_constraint' };
    for (const config of ['Clip', keras3('MaxNorm', { max: 2 }), 3, {}, { class_name: 3 }]) {
      expect(() => deserialize(config, {}, place)).toThrow(
        /^model\.keras: config\.layers\[2\]\.config\.kernel_constraint: /,
      );
    }
  });
});

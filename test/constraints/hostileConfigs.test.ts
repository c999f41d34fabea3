// Configs whose keys are those of prototypes: nothing of them is looked up, and nothing is written to.
// Must not run graphs.
import { describe, expect, test } from 'vitest';
import { ConfigError, Constraint, type ConstraintConfig, deserialize, MaxNorm } from '../../src/index.js';

class Centered extends Constraint {
  constructor(readonly refValue: number = 0) {
    super();
  }

  override getConfig(): ConstraintConfig {
    return { ref_value: this.refValue };
  }
}

describe('keys never reach a prototype', () => {
  const evil =
    '{"__proto__": {"class_name": "MaxNorm", "polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}';

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'pkg>__proto__', '>constructor'])(
    'the name %s is unknown',
    (name) => {
      for (const config of [
        name,
        { name },
        { class_name: name, config: {} },
        { class_name: 'X', config: {}, registered_name: name.includes('>') ? name : `pkg>${name}` },
        { class_name: 'function', config: name },
      ]) {
        expect(() => deserialize(config, { Centered })).toThrow(/unknown constraint/);
      }
    },
  );

  test('inherited class names, arguments and custom objects are not seen', () => {
    expect(() => deserialize(Object.create({ class_name: 'MaxNorm', config: {} }))).toThrow('found no keys');
    expect(() => deserialize(JSON.parse(evil))).toThrow('found __proto__, constructor');
    expect(() => deserialize('Centered', Object.create({ Centered }))).toThrow(
      "unknown constraint 'Centered'",
    );
    expect(deserialize({ class_name: 'MaxNorm', config: Object.create({ max_value: 7 }) })).toStrictEqual(
      new MaxNorm(),
    );
  });

  test('they are unknown arguments', () => {
    for (const name of ['MaxNorm', 'MinMaxNorm', 'UnitNorm', 'NonNeg']) {
      expect(() => deserialize({ class_name: name, config: JSON.parse(evil) })).toThrow(
        `${name} has no argument '__proto__'`,
      );
      expect(() => deserialize({ name, ...JSON.parse('{"constructor": 1}') })).toThrow(
        `${name} has no argument 'constructor'`,
      );
    }
  });

  test('a custom class gets them as own properties or not at all', () => {
    const config = JSON.parse('{"ref_value": 3, "__proto__": {"polluted": 1}}');
    expect(() => deserialize({ class_name: 'Centered', config }, { Centered })).toThrow(ConfigError);
    expect({}).not.toHaveProperty('polluted');
    expect(Centered.prototype).not.toHaveProperty('polluted');
  });
});

test('a class of another copy of the package is told from a function', () => {
  class Foreign {}
  Reflect.defineProperty(Foreign, Symbol.for('onnx-constraints.Constraint'), { value: true });
  expect(() => deserialize('Foreign', { Foreign: Foreign as never })).toThrow(
    /customObjects\['Foreign'\] extends the Constraint of another copy of onnx-constraints/,
  );
});

test('a custom class without the argument that it needs says which', () => {
  class Shift extends Constraint {
    constructor(readonly refValue: number) {
      super();
    }
    override getConfig(): Record<string, unknown> {
      return { ref_value: this.refValue };
    }
  }
  expect(() => deserialize({ class_name: 'Shift', config: {} }, { Shift })).toThrow(
    /argument ref_value is missing/,
  );
});

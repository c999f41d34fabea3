// Wrong step descriptions and steps that cannot be spliced: refused with the place and the reason, before anything is
// changed or written.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStepDescription } from '../../src/files/stepFile.js';
import {
  ConfigError,
  type ConstraintError,
  maxNorm,
  nonNeg,
  ResolveError,
  ShapeError,
  UnsupportedError,
  UsageError,
} from '../../src/index.js';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import { onnx } from '../../src/onnx/gen/onnx.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { findPairs } from '../../src/training/findPairs.js';
import { type SpliceOptions, splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import { sgdPair, sgdStep, sgdStepBytes } from '../support/makeStep.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();
const steps: Readonly<Record<string, Uint8Array>> = {
  mlp: readFileSync(stepPath('mlp_sgd/step.onnx')),
  ...Object.fromEntries(
    ['momentum_ema', 'adamw', 'masters', 'opset11', 'inner_loop', 'accumulate_if'].map((name) => [
      name,
      readFileSync(stepPath(`small/${name}.onnx`)),
    ]),
  ),
};

const constraint = nonNeg();

/** Splices and gives the error; the model must be as it was. */
function refusal(
  step: string,
  parameters: Parameters<typeof splice>[1]['parameters'],
  options: SpliceOptions = {},
) {
  const model = OnnxModel.decode(steps[step] as Uint8Array);
  try {
    splice(model, { parameters, file: 'step.json' }, options);
  } catch (error) {
    expect(model.encode()).toBe(steps[step]);
    return error as ConstraintError;
  }
  throw new Error('nothing was refused');
}

describe('a description that does not fit the step', () => {
  test.each([
    [
      'mlp',
      'fc3.weight',
      'fc1.weight_new',
      ConfigError,
      '.input',
      "the step has no input 'fc3.weight'; near are fc1.weight, fc2.weight",
    ],
    [
      'mlp',
      'fc1.weight',
      'fc1.weight_next',
      ConfigError,
      '.output',
      "the step has no output 'fc1.weight_next'; near are fc1.weight_new",
    ],
    [
      'mlp',
      'scalar_tensor_default_1',
      'loss',
      ConfigError,
      '.input',
      'is an initializer of the step and no input',
    ],
    [
      'mlp',
      'fc1.weight',
      'fc2.weight_new',
      ShapeError,
      '.output',
      "output 'fc2.weight_new' has shape (10, 32) and input 'fc1.weight' (32, 64)",
    ],
    [
      'masters',
      'w16',
      'master_new',
      ShapeError,
      '.output',
      "output 'master_new' is float32 and input 'w16' float16",
    ],
    [
      'adamw',
      't',
      'out_3',
      ShapeError,
      '.input',
      "input 't' is int64; a parameter is float32, float64, float16 or bfloat16",
    ],
    [
      'mlp',
      't',
      'loss',
      ResolveError,
      '.output',
      "'loss' is not the update of 't': it is not computed from that input element by element",
    ],
    [
      'adamw',
      'w',
      'out_1',
      ResolveError,
      '.output',
      "'out_1' is not the update of 'w': it is the update of 'm'",
    ],
    ['adamw', 'm', 'out_2', ResolveError, '.output', "it is the update of 'v'"],
    [
      'momentum_ema',
      'w',
      'velocity_new',
      ResolveError,
      '.output',
      "'velocity_new' is not the update of 'w' but of 'velocity'",
    ],
    [
      'momentum_ema',
      'w',
      'average_new',
      ResolveError,
      '.output',
      "'average_new' is not the update of 'w' but of 'average'",
    ],
    ['accumulate_if', 'w', 'sum_new', ResolveError, '.output', "it is the update of 'sum'"],
    [
      'masters',
      'w16',
      'w16_new',
      ResolveError,
      '.output',
      "it is the update of 'master', its float32 master, from which 'w16_new' is cast; constrain the master",
    ],
  ] as const)('%s: %s → %s', (step, input, output, kind, key, message) => {
    const error = refusal(step, { one: { input, output, constraint } });
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ file: 'step.json', path: `parameters["one"]${key}` });
    expect(error.message).toContain(message);
  });

  test.each(['input', 'output'] as const)('two parameters with one %s', (side) => {
    const first = { input: 'fc1.weight', output: 'fc1.weight_new', constraint };
    const second = { input: 'fc2.weight', output: 'fc2.weight_new', constraint, [side]: first[side] };
    const error = refusal('mlp', { first, second });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(
      `parameters["second"].${side}: ${side} '${first[side]}' is that of "first" already`,
    );
  });

  test('the second of two is wrong: the first is not put in either', () => {
    const good = { input: 'fc1.weight', output: 'fc1.weight_new', constraint };
    const bad = { input: 'fc2.weight', output: 'fc2.weight_new', constraint: maxNorm({ axis: 2 }) };
    expect(refusal('mlp', { good, bad })).toBeInstanceOf(ShapeError);
  });

  test('no parameter at all', () => {
    expect(refusal('mlp', {})).toBeInstanceOf(UsageError);
  });
});

describe('a step that cannot be spliced', () => {
  const parameters = { w: { input: 'w', output: 'w_new', constraint } };

  test.each(['accumulate_if', 'inner_loop', 'momentum_ema'])('%s a second time', (name) => {
    const model = OnnxModel.decode(steps[name] as Uint8Array);
    splice(model, { parameters });
    const once = model.encode();
    const twice = OnnxModel.decode(once);
    const again = () => splice(twice, { parameters: { other: parameters.w } });
    expect(again).toThrow(ResolveError);
    expect(again).toThrow('the step has been spliced; splice the step as it was exported');
    expect(twice.encode()).toBe(once);
  });

  test('a second parameter of a spliced step may still be spliced', () => {
    const model = sgdStep({ names: ['a', 'b'] });
    splice(model, { parameters: { a: { ...sgdPair('a'), constraint } } });
    expect(splice(model, { parameters: { b: { ...sgdPair('b'), constraint } } })).toHaveLength(1);
  });

  test('opset 11', () => {
    const error = refusal('opset11', parameters);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toContain('the model is for opset 11; constraints are put into opsets 13 to 26');
  });

  test('opset 27', () => {
    const bytes = sgdStepBytes({ opset: 26 });
    // opset_import is the last field but the graph's own bytes: version 26 follows the tag of its field.
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from([0x10, 26]));
    bytes[at + 1] = 27;
    const model = OnnxModel.decode(bytes);
    expect(model.opset()).toBe(27);
    expect(() => splice(model, { parameters })).toThrow('the model is for opset 27');
  });

  test.each([
    [{ provider: 'gpu' }, "there is no execution provider 'gpu'; did you mean 'webgpu'?"],
    [{ others: 'both' as never }, "others must be constrained or unconstrained, found 'both'"],
  ])('options %j', (options, message) => {
    const error = refusal('momentum_ema', parameters, options);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(message);
  });
});

describe('a file that is no step description', () => {
  const entry = '{"input": "w", "output": "w_new", "constraint": null}';

  test.each([
    ['[]', ConfigError, 'is no step description: expected an object with parameters'],
    ['{"parameter": {}}', ConfigError, 'is no step description'],
    ['{"parameters": {}}', ConfigError, 'parameters: must be an object with an entry for each parameter'],
    [`{"parameters": {"w": ${entry}}, "rate": 1}`, ConfigError, 'rate: unknown key; accepted are parameters'],
    [
      `{"parameters": {"w": []}}`,
      ConfigError,
      'parameters["w"]: must be an object with input, output and constraint',
    ],
    [
      '{"parameters": {"w": {"input": "w", "outputs": "v", "constraint": null}}}',
      ConfigError,
      'parameters["w"].outputs: unknown key',
    ],
    [
      '{"parameters": {"w": {"input": "w", "output": 3, "constraint": null}}}',
      ConfigError,
      'parameters["w"].output: must be the name of a value of the step, found 3',
    ],
    [
      '{"parameters": {"w": {"input": "w", "output": "v"}}}',
      ConfigError,
      'parameters["w"].constraint: is missing; write null',
    ],
    [
      '{"parameters": {"w": {"input": "w", "output": "v", "constraint": "MinNorm"}}}',
      ConfigError,
      'parameters["w"].constraint: unknown constraint \'MinNorm\'',
    ],
    [
      '{"parameters": {"w": {"input": "w", "output": "v", "constraint": null, "others": "all"}}}',
      ConfigError,
      'must be constrained or unconstrained, found "all"',
    ],
  ])('%s', (text, kind, message) => {
    expect(() => parseStepDescription(text)).toThrow(kind);
    expect(() => parseStepDescription(text)).toThrow(message);
  });

  test.each([
    ['twice.json', `{"parameters": {"w": ${entry}, "w": ${entry}}}`, 'parameters.w: is there twice'],
    [
      'inner.json',
      `{"parameters": {"fc.w": {"input": "a", "output": "b", "constraint": null, "input": "c"}}}`,
      'parameters."fc.w".input: is there twice',
    ],
    [
      'twice.yaml',
      'parameters:\n  w: {input: w, output: w_new, constraint: NonNeg}\n  w: {input: v, output: v_new, constraint: NonNeg}\n',
      'Map keys must be unique',
    ],
  ])('%s: a parameter or key that is there twice', async (name, text, message) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    await expect(readStepDescription(file)).rejects.toThrow(message);
  });

  test('the same names elsewhere are no repetition', async () => {
    const file = join(folder, 'fine.json');
    writeFileSync(
      file,
      `{"parameters": {"w": ${entry}, "input": ${entry}, "{\\"w\\": 1": ${entry}}, "batch": 3}`,
    );
    expect(Object.keys((await readStepDescription(file)).parameters)).toEqual(['w', 'input', '{"w": 1']);
  });

  test('a name that is a prototype of objects is a name', () => {
    const { parameters } = parseStepDescription(`{"parameters": {"__proto__": ${entry}}}`);
    expect(Object.keys(parameters)).toEqual(['__proto__']);
  });
});

describe('the command', () => {
  const out = join(folder, 'out.onnx');
  const step = stepPath('mlp_sgd/step.onnx');
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const description = (input: string, output: string): string =>
    write('description.json', JSON.stringify({ parameters: { p: { input, output, constraint: 'NonNeg' } } }));

  test.each([
    [['fc1.weight', 'fc1.weight_old'], 2, 'CONFIG'],
    [['fc1.weight', 'fc2.weight_new'], 3, 'SHAPE'],
    [['t', 'loss'], 3, 'UNRESOLVED'],
  ] as const)('%j ends with %i and writes nothing', async ([input, output], code, kind) => {
    const result = await runCli(
      'splice',
      step,
      '--params',
      description(input, output),
      '--out',
      out,
      '--json',
    );
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, error: { code: kind } });
    expect(existsSync(out)).toBe(false);
  });

  test('does not overwrite the description, nor without --force another file', async () => {
    const params = description('fc1.weight', 'fc1.weight_new');
    expect((await runCli('splice', step, '--params', params, '--out', params, '--force')).code).toBe(2);
    const other = write('other.onnx', 'other');
    const refused = await runCli('splice', step, '--params', params, '--out', other);
    expect([refused.code, readFileSync(other, 'utf8')]).toEqual([2, 'other']);
    expect((await runCli('splice', step, '--params', params, '--out', other, '--force')).code).toBe(0);
  });

  test('splicing its own result is refused and leaves it', async () => {
    const params = description('fc1.weight', 'fc1.weight_new');
    const own = write('own.onnx', '');
    writeFileSync(own, readFileSync(step));
    expect((await runCli('splice', own, '--params', params, '--out', own)).code).toBe(0);
    const once = readFileSync(own);
    expect((await runCli('splice', own, '--params', params, '--out', own)).code).toBe(3);
    expect(readFileSync(own).equals(once)).toBe(true);
  });
});

describe('a hostile step', () => {
  test('a function that calls itself twice is given up on, not followed for ever', () => {
    const proto = decodeModelProto(readFileSync(stepPath('small/function_sgd.onnx')));
    const [fn] = proto.functions as [onnx.FunctionProto];
    const call = (output: string) =>
      new onnx.NodeProto({
        ...fn.node[0],
        opType: 'Sgd',
        domain: 'optimizers',
        input: ['p', 'g', 'rate'],
        output: [output],
      });
    const both = new onnx.NodeProto({ opType: 'Add', input: ['one', 'two'], output: ['updated'] });
    fn.node = [call('one'), call('two'), both];
    const model = OnnxModel.decode(encodeModelProto(proto));
    const parameters = { w: { input: 'w', output: 'w_new', constraint } };
    expect(() => splice(model, { parameters })).toThrow("'w_new' comes out of too many nodes to be followed");
    expect(() => findPairs(model)).toThrow(UnsupportedError);
  });

  test('a node that reads its own output is followed once', () => {
    const proto = decodeModelProto(steps.adamw as Uint8Array);
    const sub = proto.graph?.node.find(({ output }) => output[0] === 'out_0') as onnx.NodeProto;
    sub.input = ['out_0', 'change'];
    const model = OnnxModel.decode(encodeModelProto(proto));
    const parameters = { w: { input: 'w', output: 'out_0', constraint } };
    expect(() => splice(model, { parameters })).toThrow(
      "'out_0' is not the update of 'w': it is the update of",
    );
  });
});

describe('layouts', () => {
  const layout = { shape: [64, 32], order: [1, 0] };
  const own = { input: 'fc1.weight', output: 'fc1.weight_new', constraint: maxNorm() };

  test.each([
    [
      { layout: { shape: [32, 32], order: [1, 0] } },
      ShapeError,
      'shape (32, 32) does not hold the elements of the tensor (32, 64)',
    ],
    [
      { layout: { shape: [64, 32], order: [1, 1] } },
      ConfigError,
      'must be an object with a shape and the order of its dimensions',
    ],
    [{ layout, part: { axis: 0, start: 0, size: 32 } }, ConfigError, 'layout is for whole tensors'],
  ])('%j', (more, kind, message) => {
    const error = refusal('mlp', { w: { ...own, ...more } });
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain('parameters["w"].layout');
    expect(error.message).toContain(message);
  });

  test.each([
    [{}],
    [[1, 0]],
    [{ shape: [2, 3], order: [0] }],
    [{ shape: [2], order: [0], axes: [0] }],
    [{ shape: [0], order: [0] }],
  ])('in a file: %j', (given) => {
    const text = { parameters: { w: { input: 'w', output: 'v', constraint: null, layout: given } } };
    expect(() => parseStepDescription(text, { file: 'step.json' })).toThrow(ConfigError);
    expect(() => parseStepDescription(text, { file: 'step.json' })).toThrow(
      'step.json: parameters["w"].layout: must be an object with a shape and the order',
    );
  });
});

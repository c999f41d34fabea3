// Bad input of every kind: the exit code, a message that names the file and what is wrong with it, and no file left.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { beforeEach, describe, expect, test } from 'vitest';
import { fixturePath } from '../support/fixtureModels.js';
import { type CliResult, runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const model = fixturePath('digits_cnn/tensorflow.onnx');
const keras = fixturePath('digits_cnn/model.keras');
const plugin = fixturePath('../plugins/misbehaving.mjs');
const bad = join(folder, 'bad');
const out = join(folder, 'out', 'result.onnx');

beforeEach(() => mkdirSync(join(folder, 'out'), { recursive: true }));

/** Writes a file of bad input and returns its path. */
function badFile(name: string, content: Uint8Array | string): string {
  mkdirSync(bad, { recursive: true });
  const file = join(bad, name);
  writeFileSync(file, content);
  return file;
}

/** The archive with its config changed as text. */
function withConfig(change: (text: string) => string, source = keras): Uint8Array {
  const entries = unzipSync(readFileSync(source));
  const config = new TextDecoder().decode(entries['config.json']);
  const changed = change(config);
  expect(changed).not.toBe(config);
  return zipSync({ ...entries, 'config.json': strToU8(changed) });
}

async function expectRefused(
  result: Promise<CliResult>,
  code: number,
  ...messages: readonly (string | RegExp)[]
): Promise<void> {
  const { code: found, stderr, stdout } = await result;
  for (const message of messages) expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(found, stdout + stderr).toBe(code);
  expect(readdirSync(join(folder, 'out'))).toEqual([]);
}

function apply(modelFile: string, config: string, ...more: readonly string[]): Promise<CliResult> {
  return runCli('apply', modelFile, '--config', config, '--out', out, ...more);
}

function exportTo(...args: readonly string[]): Promise<CliResult> {
  return runCli('export', ...args, '--out', out);
}

describe('the ONNX model', () => {
  test.each([
    ['text.onnx', 'this is no model at all', /not an ONNX model/],
    ['empty.onnx', '', /empty/],
    ['zeros.onnx', new Uint8Array(4096), /not an ONNX model/],
    ['keras.onnx', readFileSync(keras), /zip/i],
    ['hdf5.onnx', readFileSync(fixturePath('digits_cnn/model.h5')), /HDF5/],
    ['json.onnx', readFileSync(fixturePath('digits_cnn/config.json')), /JSON/],
  ])('%s is refused', async (name, content, message) => {
    const file = badFile(name, content);
    await expectRefused(apply(file, keras), 2, file, message);
  });

  test('a missing file and a folder are refused', async () => {
    const missing = join(folder, 'missing.onnx');
    await expectRefused(apply(missing, keras), 2, missing, /does not exist/);
    await expectRefused(apply(folder, keras), 2, folder, /is a folder/);
  });

  test('cut at every 100th byte it is refused', async () => {
    const whole = readFileSync(model);
    for (let length = 0; length < whole.length; length += 100) {
      const file = badFile('cut.onnx', whole.subarray(0, length));
      await expectRefused(apply(file, keras), 2, file, /cut short|empty|not an ONNX model/);
    }
  }, 60_000);
});

describe('the Keras file', () => {
  test.each([
    ['text.keras', 'this is no archive', /zip/i],
    ['no-config.keras', zipSync({ 'metadata.json': strToU8('{}') }), /config\.json/],
    ['broken.json', '{"class_name": "Sequential", ', /JSON/],
    ['list.json', '[1, 2, 3]', /Keras/],
  ])('%s is refused', async (name, content, message) => {
    const file = badFile(name, content);
    await expectRefused(apply(model, file), 2, file, message);
  });

  test.each(['model.keras', 'model.h5'])(
    '%s cut at every 100th byte is refused',
    async (name) => {
      const whole = readFileSync(fixturePath(`custom/${name}`));
      for (let length = 0; length < whole.length; length += 100) {
        const file = badFile(`cut-${name}`, whole.subarray(0, length));
        await expectRefused(apply(model, file), 2, file);
      }
    },
    60_000,
  );

  test('a config that contradicts the weights is refused with the layer and both shapes', async () => {
    const file = badFile(
      'shapes.keras',
      withConfig((text) => text.replace('"units": 64', '"units": 63')),
    );
    await expectRefused(apply(model, file), 2, file, /hidden/, /63/, /64/);
  });

  test('an unknown constraint is refused with its place and how to pass it', async () => {
    const file = fixturePath('custom/model.keras');
    await expectRefused(
      apply(fixturePath('custom/jax.onnx'), file),
      2,
      file,
      /layers\[1\].*kernel_constraint/,
      /demo>CenterAround/,
      /--plugin/,
    );
  });

  test('a constraint on a layer that is not in the table of layers is no success', async () => {
    const file = badFile(
      'unknown-layer.keras',
      withConfig((text) =>
        text
          .replace('"class_name": "Dense"', '"class_name": "MyDense"')
          .replace('"keras.layers", "class_name": "MyDense"', '"my.layers", "class_name": "MyDense"'),
      ),
    );
    await expectRefused(
      apply(model, file),
      3,
      /hidden|kernel_constraint/,
      /MyDense is not in the table of layers/,
    );
    const checked = await runCli('check', model, '--config', file, '--json');
    expect(checked.code).toBe(3);
    expect(checked.stdout).toMatch(/"status":"unresolved","reason":"the layer class MyDense/);
  });

  test('an unknown argument of a constraint is refused with those that are accepted', async () => {
    const file = badFile(
      'argument.keras',
      withConfig((text) => text.replace('"max_value": 0.5', '"maximum": 0.5')),
    );
    await expectRefused(apply(model, file), 2, file, /kernel_constraint/, /'maximum'/, /max_value/);
  });

  test('a limit that is NaN is refused with its place', async () => {
    const file = badFile(
      'nan.keras',
      withConfig((text) => text.replace('"max_value": 0.5', '"max_value": NaN')),
    );
    await expectRefused(apply(model, file), 2, file, /kernel_constraint/, /maxValue|max_value/, /NaN/);
  });

  test('an axis out of range is refused with the variable, its shape and the accepted range', async () => {
    const file = badFile(
      'axis.keras',
      withConfig((text) => text.replace('"axis": [0, 1, 2]', '"axis": [0, 1, 7]')),
    );
    await expectRefused(apply(model, file), 3, /conv_a\/kernel/, /axis 7/, /\(3, 3, 1, 16\)/, /-4 to 3/);
  });

  test('min_value above max_value is allowed with a warning', async () => {
    const file = badFile(
      'crossed.keras',
      withConfig((text) =>
        text.replace('"min_value": 0.5, "max_value": 1.0', '"min_value": 1.5, "max_value": 1.0'),
      ),
    );
    const target = join(folder, 'crossed.onnx');
    const { code, stderr } = await runCli('apply', model, '--config', file, '--out', target);
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: conv_b\/kernel: min_value 1\.5 is larger than max_value 1/);
    expect(existsSync(target)).toBe(true);
  });
});

describe('a custom constraint', () => {
  const custom = fixturePath('custom/jax.onnx');
  const rename = (name: string): string =>
    badFile(
      `${name}.keras`,
      withConfig((text) => text.replaceAll('CenterAround', name), fixturePath('custom/model.keras')),
    );

  test.each([
    ['ChangesShape', /must keep the shape/],
    ['ChangesDType', /must keep the dtype/],
    ['ReturnsNumber', /must return a symbolic tensor/],
    ['IsAsync', /must not be async/],
    ['Throws', /no luck today/],
    ['AddsOperators', /ops\.add/],
  ])('that %s is refused', async (name, message) => {
    await expectRefused(apply(custom, rename(name), '--plugin', plugin), 3, /a\/kernel/, name, message);
  });

  test('whose plugin is missing, broken or exports nothing is refused', async () => {
    const config = fixturePath('custom/model.keras');
    const missing = join(folder, 'missing.mjs');
    await expectRefused(apply(custom, config, '--plugin', missing), 2, missing);
    const broken = badFile('broken.mjs', 'export const = 1;');
    await expectRefused(apply(custom, config, '--plugin', broken), 2, broken);
    const empty = badFile('empty.mjs', 'export const nothing = 1;');
    await expectRefused(apply(custom, config, '--plugin', empty), 2, empty, /customObjects/);
  });
});

describe('export', () => {
  test('of a function that a plugin names writes it', async () => {
    const functions = badFile(
      'functions.mjs',
      `import { ops } from '${pathToFileURL(fixturePath('../../../src/index.ts')).href}';
       export const customObjects = { clipper: (w) => ops.clip(w, -0.1, 0.1) };`,
    );
    const target = join(folder, 'clipper.onnx');
    const { code, stdout } = await runCli(
      'export',
      'clipper',
      '--plugin',
      functions,
      '--out',
      target,
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, config: null, shape: ['d0', 'd1'] });
    expect(existsSync(target)).toBe(true);
  });

  test.each([
    [['Nonsense'], 2, /unknown constraint 'Nonsense'/],
    [['MaxNorm', '--args', '{"max_value": '], 2, /--args/],
    [['MaxNorm', '--args', '[2]'], 2, /JSON object/],
    [['MaxNorm', '--args', '{"max_value": NaN}'], 2, /NaN/],
    [['MaxNorm', '--args', '{"max_value": "two"}'], 2, /"two"/],
    [['MaxNorm', '--args', '{"axis": 2}', '--shape', '784,128'], 3, /axis 2 is out of range/],
    [['MaxNorm', '--args', '{"axis": [0, 0]}', '--rank', '2'], 3, /twice/],
    [['MaxNorm', '--dtype', 'int32'], 2, /int32/],
    [['MaxNorm', '--opset', '6'], 2, /7 to 26/],
    [['MaxNorm', '--opset', '27'], 2, /7 to 26/],
    [['MaxNorm', '--opset', 'new'], 2, /whole number/],
    [['MaxNorm', '--shape', '3,-1'], 2, /Sizes from 1/],
    [['MaxNorm', '--shape', '3,4', '--rank', '2'], 2, /cannot be used with/],
    [['MaxNorm', '--colour'], 2, /unknown option/],
    [[], 2, /missing required argument/],
  ] as const)('%j is refused', async (args, code, message) => {
    await expectRefused(exportTo(...args), code, message);
  });
});

describe('the target', () => {
  const config = ['--config', keras];

  test('that exists is not overwritten without --force', async () => {
    const taken = badFile('taken.onnx', 'precious');
    const { code, stderr } = await runCli('apply', model, ...config, '--out', taken);
    expect(code).toBe(2);
    expect(stderr).toContain('--force');
    expect(readFileSync(taken, 'utf8')).toBe('precious');
    expect((await runCli('apply', model, ...config, '--out', taken, '--force')).code).toBe(0);
    expect(readFileSync(taken).length).toBeGreaterThan(1000);
  });

  test('that is the file of the constraints is refused', async () => {
    const both = badFile('both.keras', readFileSync(keras));
    const { code, stderr } = await runCli('apply', model, '--config', both, '--out', both, '--force');
    expect(code).toBe(2);
    expect(stderr).toMatch(/both\.keras.*would be overwritten/);
    expect(readFileSync(both).equals(readFileSync(keras))).toBe(true);
  });

  test.each([
    ['in a folder that does not exist', join(folder, 'nowhere', 'result.onnx'), /does not exist/],
    ['that is a folder', join(folder, 'out'), /is a folder/],
    ['below a file', join(fixturePath('digits_cnn/model.keras'), 'result.onnx'), /is not a folder/],
  ])('%s is refused', async (_, target, message) => {
    await expectRefused(runCli('apply', model, ...config, '--out', target, '--force'), 2, target, message);
    await expectRefused(runCli('export', 'NonNeg', '--out', target, '--force'), 2, target, message);
  });
});

describe('--json', () => {
  test('reports failures as one object with code, message and file', async () => {
    const file = badFile('text.onnx', 'this is no model at all');
    const { stdout, code } = await apply(file, keras, '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      error: { code: 'FORMAT', message: expect.stringContaining(file), file },
    });
  });

  test('reports wrong usage too', async () => {
    const { stdout, code } = await runCli('export', 'MaxNorm', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'USAGE' } });
  });
});

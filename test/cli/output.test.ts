// What commands print where: colours and fitted tables on terminals alone, JSON on standard output alone.
import { afterEach, expect, test, vi } from 'vitest';
import { formatNumber, Output, shorten } from '../../src/cli/output.js';
import { ConfigError } from '../../src/index.js';
import { fixturePath } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';

afterEach(() => vi.unstubAllEnvs());

/** A terminal (or a pipe) of a width, with what was written to it. */
function terminal(
  isTTY: boolean,
  columns = 80,
): { streams: ConstructorParameters<typeof Output>[0]; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    streams: {
      stdout: { write: (text) => out.push(text), isTTY, columns },
      stderr: { write: (text) => err.push(text), isTTY: false },
    },
    out,
    err,
  };
}

const escapeCode = '\u001b';

test('colours are for terminals, and NO_COLOR turns them off', () => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('TERM', 'xterm');
  expect(new Output(terminal(true).streams, false).paint('red', 'no')).toContain(escapeCode);
  expect(new Output(terminal(false).streams, false).paint('red', 'no')).toBe('no');
  vi.stubEnv('NO_COLOR', '1');
  expect(new Output(terminal(true).streams, false).paint('red', 'no')).toBe('no');
});

test('on a narrow terminal the names are cut in the middle; in a pipe they are whole', () => {
  vi.stubEnv('NO_COLOR', '1');
  const name = 'model/a_rather_long_layer_name/another_part_of_the_name/kernel:0';
  const show = (isTTY: boolean): string => {
    const { streams, out } = terminal(isTTY, 60);
    new Output(streams, false).fittedTable(['variable', 'tensor'], name.length, (width) => [
      ['layer/kernel', shorten(name, width)],
    ]);
    return out.join('');
  };
  expect(show(false)).toContain(name);
  expect(show(true)).not.toContain(name);
  expect(show(true)).toMatch(/model\/a_.*….*kernel:0/);
  for (const line of show(true).split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

test('with --json standard output is one object, and everything else goes to standard error', async () => {
  const model = fixturePath('digits_cnn/tensorflow.onnx');
  const keras = fixturePath('digits_cnn/model.keras');
  for (const argv of [
    ['check', model, '--config', keras],
    ['inspect', model],
    ['inspect', keras],
    ['check', model, '--config', fixturePath('digits_cnn/config.json')],
  ]) {
    const { stdout } = await runCli(...argv, '--json');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(typeof JSON.parse(stdout)).toBe('object');
  }
});

test('inspect lists what a Keras file and an ONNX model hold', async () => {
  const keras = JSON.parse((await runCli('inspect', fixturePath('digits_cnn/model.keras'), '--json')).stdout);
  expect(keras).toMatchObject({ ok: true, kind: 'keras', format: 'keras', name: 'digits_cnn' });
  expect(keras.variables[0]).toEqual({
    path: 'conv_a/kernel',
    layerClass: 'Conv2D',
    shape: [3, 3, 1, 16],
    dtype: 'float32',
    trainable: true,
    constraint: 'MaxNorm(max_value=0.5, axis=[0, 1, 2])',
  });
  const onnx = JSON.parse((await runCli('inspect', fixturePath('digits_cnn/torch.onnx'), '--json')).stdout);
  expect(onnx).toMatchObject({ ok: true, kind: 'onnx', opset: 20, irVersion: 10 });
  const kernel = onnx.tensors.find(({ name }: { name: string }) => name === 'clone_3');
  expect(kernel).toMatchObject({ shape: [32, 16, 3, 3], dtype: 'float32', consumers: [{ opType: 'Conv' }] });
  const shown = await runCli(
    'inspect',
    fixturePath('custom/model.keras'),
    '--plugin',
    fixturePath('../plugins/centerAround.mjs'),
  );
  expect(shown.stdout).toMatch(/a\/kernel +Dense +\(5, 6\) +float32 +yes +CenterAround\(ref_value=0\.25\)/);
});

test('failures name their code and place', () => {
  const { streams, out, err } = terminal(false);
  new Output(streams, true).failure(
    new ConfigError('is wrong', { file: 'a.keras', path: 'config.layers[0]' }),
  );
  expect(JSON.parse(out.join(''))).toEqual({
    ok: false,
    error: {
      code: 'CONFIG',
      message: 'a.keras: config.layers[0]: is wrong',
      file: 'a.keras',
      path: 'config.layers[0]',
    },
  });
  expect(err.join('')).toBe('error: a.keras: config.layers[0]: is wrong\n');
});

test('numbers are shown to four digits, and names shortened to what fits', () => {
  expect([0, 1, 2.31049, 1e-9, 123456, Number.NaN].map(formatNumber)).toEqual([
    '0',
    '1',
    '2.31',
    '1e-9',
    '123500',
    'NaN',
  ]);
  expect(shorten('abcdefghij', 10)).toBe('abcdefghij');
  expect(shorten('abcdefghij', 5)).toBe('ab…ij');
});

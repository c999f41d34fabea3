// The whole benchmark on its smallest case: every contender's answer is right, and `--json` prints one object. Needs a build.
// Looks at no time: a busy machine is no failure.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('main.mjs', import.meta.url));

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(...options: string[]): Result {
  return benchIn({}, ...options);
}

function benchIn(env: Record<string, string>, ...options: string[]): Result {
  return spawnSync(process.execPath, [program, ...options], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

test('--json prints one object with machine, versions and every contender of the case', () => {
  const { status, stdout, stderr } = bench('--only', '784x128', '--runs', '1', '--json');
  expect(status, stderr).toBe(0);
  const { machine, versions, cases } = JSON.parse(stdout);
  expect(machine.cores).toBeGreaterThan(0);
  expect(versions.node).toBe(process.version);
  expect(cases).toMatchObject([{ name: 'Dense 784×128 MaxNorm', bytes: 784 * 128 * 4 }]);
  expect(Object.keys(cases[0].contenders)).toEqual([
    'memcpy',
    'JS loops',
    'tfjs wasm',
    'tfjs cpu',
    'canonical graph',
    'ours',
    'ours, copying',
    'ours, wasm',
  ]);
});

test('a train step: every contender gives the same parameters, and the JSON tells the share and the rate', () => {
  const { status, stdout, stderr } = bench('--only', 'step, cnn', '--runs', '1', '--json');
  expect(status, stderr).toBe(0);
  const { cases, steps } = JSON.parse(stdout);
  expect(cases).toEqual([]);
  const { name, contenders } = steps[0];
  expect(name).toBe('Train step, CNN');
  expect(Object.keys(contenders)).toEqual([
    'plain step',
    'spliced',
    'spliced, canonical',
    'Projector behind',
    'session behind',
    'fit',
    'fit, unconstrained',
    'tfjs wasm',
  ]);
  expect(contenders['plain step'].share).toBe(0);
  const { median, perSecond } = contenders.spliced;
  expect(perSecond * median).toBeCloseTo(1000);
  expect(contenders.spliced.detail).toEqual([
    'conv1: rows, 9 nodes',
    'conv2: rows, 9 nodes',
    'dense: columns, 10 nodes',
  ]);
});

test.each([
  [['--only', 'Dense 5×5'], 'no case is named like'],
  [['--runs', '0'], 'a whole number above 0'],
  [['--only', '784', '--keras', '/no/such/python'], '/no/such/python could not be run'],
  [['--only', '784', '--browser', 'fpga'], 'Allowed choices are software, gpu'],
  [['--only', '784', '--browser'], 'no Chromium on the PATH or in $CHROMIUM'],
])('refuses %j', (options, reason) => {
  const { status, stdout, stderr } = benchIn({ CHROMIUM: '/no/such/browser' }, ...options);
  expect(stderr).toContain(reason);
  expect(stdout).toBe('');
  expect(status).toBe(1);
});

test('refuses to measure a route under the name of another', () => {
  const { status, stdout, stderr } = benchIn(
    { ONNX_CONSTRAINTS_NO_COPY: '0' },
    '--only',
    '784',
    '--runs',
    '1',
  );
  expect(stderr).toContain("'ours' is not measured: kernel takes the route in-place, not no-copy");
  expect(stdout).not.toContain('784');
  expect(status).toBe(1);
});

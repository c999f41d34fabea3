// Which execution providers onnxruntime-node has here, with and without what they need.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ProviderStatus, providers } from '../../src/node.js';

const run = promisify(execFile);
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

describe('providers() in Node', () => {
  let statuses: ReadonlyMap<string, ProviderStatus>;

  beforeAll(async () => {
    ort.env.logLevel = 'fatal';
    statuses = new Map((await providers()).map((status) => [status.name, status]));
  });

  test('tells of all six', () => {
    expect([...statuses.keys()]).toEqual(['cpu', 'webgpu', 'cuda', 'tensorrt', 'dml', 'coreml']);
  });

  test('the CPU runs float32, float64 and float16', () => {
    expect(statuses.get('cpu')).toEqual({
      name: 'cpu',
      available: true,
      dtypes: ['float32', 'float64', 'float16'],
      dtypeRefusals: [],
    });
  });

  test('what belongs to another system is refused with where it is', () => {
    const codes = ['dml', 'coreml'].map((name) => statuses.get(name)?.refusal?.code);
    expect(codes.filter((code) => code === 'wrong-platform')).toHaveLength(
      ['win32', 'darwin'].includes(process.platform) ? 1 : 2,
    );
    if (process.platform !== 'win32') {
      expect(statuses.get('dml')?.refusal?.remedy).toMatch(/Node on Windows alone; here there are cpu, /);
    }
    if (process.platform !== 'darwin') {
      expect(statuses.get('coreml')?.refusal?.remedy).toMatch(/Node on macOS alone; here there are cpu, /);
    }
  });

  test.each(['cuda', 'tensorrt'])('%s works, or says what it lacks', (name) => {
    const status = statuses.get(name);
    if (status?.available === true) return;
    const isLinux = `${process.platform}/${process.arch}` === 'linux/x64';
    expect(isLinux ? ['no-library', 'no-device'] : ['wrong-platform']).toContain(status?.refusal?.code);
    expect(status?.refusal?.remedy).toMatch(isLinux ? /NVIDIA|nvidia-smi/ : /Linux x64 alone/);
  });

  test('WebGPU without an adapter is refused, and the process lives on', async () => {
    // The driver is chosen when a process first looks for one, so it takes a process of its own.
    const { stdout } = await run(process.execPath, [cli, 'providers', '--json'], {
      env: { ...process.env, VK_DRIVER_FILES: fileURLToPath(new URL('noSuchDriver.json', import.meta.url)) },
    });
    const { providers: told } = JSON.parse(stdout) as { providers: ProviderStatus[] };
    const webgpu = told.find(({ name }) => name === 'webgpu');
    expect(told.find(({ name }) => name === 'cpu')?.available).toBe(true);
    // Elsewhere WebGPU does not run on Vulkan.
    if (process.platform !== 'linux') return;
    expect(webgpu?.refusal).toMatchObject({
      code: process.arch === 'x64' ? 'no-adapter' : 'wrong-platform',
      remedy: expect.stringMatching(process.arch === 'x64' ? /Vulkan.*VK_DRIVER_FILES/ : /Linux x64/),
    });
  });

  test('what a module lists beyond the known is asked too, and a wrong answer is no answer', async () => {
    const session = {
      run: async () => ({ w_out: new ort.Tensor('float32', new Float32Array(2), [2]) }),
      release: async () => {},
    };
    const stub = {
      Tensor: ort.Tensor,
      InferenceSession: { create: async () => session },
      listSupportedBackends: () => [{ name: 'qnn', bundled: true }],
    };
    const status = (await providers({ ort: stub as never })).at(-1);
    expect(status).toMatchObject({ name: 'qnn', available: false, refusal: { code: 'wrong-answer' } });
    expect(status?.refusal?.cause).toBe('2 and -3 squared in float32 came out as 0 and 0');
  });
});

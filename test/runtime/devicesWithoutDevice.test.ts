// What CUDA, TensorRT and their like are asked for and fed, seen by a module that records it: no device is needed.
import * as real from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { fromFloat64, maxNorm, nonNeg, ops, type SymbolicTensor } from '../../src/index.js';
import { Projector } from '../../src/node.js';
import { constant } from '../../src/ops/tensorLike.js';
import { recordingOrt } from '../support/recordingOrt.js';

const parameters = {
  kernel: { shape: [3, 2], constraint: maxNorm(1) },
  bias: { shape: [2], constraint: nonNeg() },
};
const weights = (): Record<keyof typeof parameters, Float32Array> => ({
  kernel: Float32Array.of(1, 2, 3, 4, 5, 6),
  bias: Float32Array.of(-1, 1),
});
const onCpu =
  'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.';
const noLibrary = 'OrtSessionOptionsAppendExecutionProvider_TensorRT: Failed to load shared library';

function extraOf(options: Record<string, unknown>): Record<string, string> {
  return (options.extra as { session: Record<string, string> }).session;
}

describe('sessions', () => {
  test.each([['cuda'], [{ name: 'cuda', deviceId: 1 }], ['tensorrt'], ['dml'], ['coreml']])(
    'of %j are made for it alone, with its options as they are',
    async (provider) => {
      const { ort, sessions } = recordingOrt();
      const projector = await Projector.create(parameters, { ort, providers: [provider] });
      // One trial a graph, and the run of both.
      expect(sessions.map(({ options }) => options.executionProviders)).toEqual(Array(3).fill([provider]));
      expect(sessions.map(({ options }) => extraOf(options).disable_cpu_ep_fallback)).toEqual([
        '1',
        '1',
        undefined,
      ]);
      expect(sessions.map(({ released }) => released)).toEqual([true, true, false]);
      for (const { options } of sessions) expect(options).not.toHaveProperty('preferredOutputLocation');
      const { name } = typeof provider === 'string' ? { name: provider } : provider;
      for (const report of projector.report()) expect(report).toMatchObject({ provider: name, refusals: [] });
      await projector.dispose();
      expect(sessions.every(({ released }) => released)).toBe(true);
    },
  );

  test("take the user's options over ours, and leave the rest", async () => {
    const { ort, sessions } = recordingOrt();
    const sessionOptions = {
      logSeverityLevel: 0,
      intraOpNumThreads: 2,
      extra: { session: { set_denormal_as_zero: '1' } },
    };
    await Projector.create(parameters, { ort, providers: ['cuda'], sessionOptions });
    expect(sessions.at(-1)?.options).toEqual({
      ...sessionOptions,
      executionProviders: ['cuda'],
      extra: {
        session: { intra_op: { allow_spinning: '1' }, force_spinning_stop: '1', set_denormal_as_zero: '1' },
      },
    });
  });

  test('are fed arrays of the processor, and asked for outputs there', async () => {
    const { ort, sessions } = recordingOrt();
    const projector = await Projector.create(parameters, { ort, providers: ['cuda'] });
    const own = weights();
    await projector.project(own);
    const [run] = sessions.at(-1)?.runs ?? [];
    expect(run?.fed.map(({ location }) => location)).toEqual(['cpu', 'cpu']);
    expect(run?.fed.map(({ data }) => data)).toEqual(Object.values(own));
    expect(run?.fetches).toEqual({ w0_out: null, w1_out: null });
    const uploaded = await projector.upload(own);
    expect(Object.values(uploaded).map(({ location }) => location)).toEqual(['cpu', 'cpu']);
    await projector.dispose();
  });

  test("refuse tensors on a GPU, whose memory is another provider's", async () => {
    const { ort } = recordingOrt();
    const projector = await Projector.create(parameters, { ort, providers: ['cuda'] });
    const { kernel } = weights();
    const bias = { location: 'gpu-buffer', type: 'float32', dims: [2], gpuBuffer: { size: 16 } };
    await expect(projector.project({ kernel, bias: bias as never })).rejects.toThrow(
      /bias: the tensor is on a device \(gpu-buffer\), and the parameter runs on cuda; give its weights as an array/,
    );
    await projector.dispose();
  });
});

describe('a list of providers', () => {
  test('gives each parameter the first that takes all of it', async () => {
    const { ort, sessions } = recordingOrt({ tensorrt: noLibrary });
    const projector = await Projector.create(parameters, { ort, providers: ['tensorrt', 'cuda', 'cpu'] });
    expect(sessions.map(({ options }) => options.executionProviders)).toEqual([
      ['tensorrt'],
      ['cuda'],
      ['tensorrt'],
      ['cuda'],
      ['cuda'],
    ]);
    for (const { provider, refusals } of projector.report()) {
      expect(provider).toBe('cuda');
      expect(refusals).toMatchObject([{ provider: 'tensorrt', code: 'no-library' }]);
      expect(refusals[0]?.remedy).toMatch(/CUDA 12, cuDNN 9 and TensorRT 10/);
    }
    await projector.dispose();
  });

  test('names the operators that would run on the CPU, and goes on to the next', async () => {
    const { ort } = recordingOrt({ cuda: onCpu, tensorrt: noLibrary });
    // Its answers are no projections, so the probe of routes finds the one that needs nothing.
    const projector = await Projector.create(parameters, { ort, providers: ['tensorrt', 'cuda', 'cpu'] });
    for (const { provider, refusals } of projector.report()) {
      expect(provider).toBe('cpu');
      expect(refusals.map(({ code }) => code)).toEqual(['no-library', 'cpu-fallback']);
    }
    await projector.dispose();
    await expect(
      Projector.create(parameters, { ort, providers: ['tensorrt', 'cuda', 'cpu'], strict: true }),
    ).rejects.toThrow(/strict, and the first provider refuses: tensorrt: Failed to load shared library/);
    await expect(Projector.create(parameters, { ort, providers: ['tensorrt', 'cuda'] })).rejects.toThrow(
      /no provider of the list runs it: tensorrt: .*; cuda: /,
    );
  });

  test('is asked once for graphs that are the same, however large their constants', async () => {
    const large = constant(fromFloat64(new Float64Array(2 ** 20).fill(0.5), 'float32', [2 ** 20]));
    const scaled = (w: SymbolicTensor): SymbolicTensor => ops.multiply(w, large);
    const spec = { shape: [2 ** 20], constraint: scaled };
    const { ort, sessions } = recordingOrt();
    const projector = await Projector.create({ a: spec, b: spec }, { ort, providers: ['cuda'] });
    expect(sessions).toHaveLength(2);
    expect(projector.report().map(({ lowering }) => lowering)).toEqual(['canonical', 'canonical']);
    await projector.dispose();
  });
});

// What other systems bring, and the rest of the refusals, is in explainRefusal.test.ts.
const lacksCuda =
  `${process.platform}/${process.arch}` === 'linux/x64' &&
  real.listSupportedBackends().every(({ name, bundled }) => name !== 'cuda' || !bundled);

test.runIf(lacksCuda).each([
  ['cuda', /Failed to load shared library/, /CUDA 12 and cuDNN 9/],
  ['tensorrt', /Failed to load shared library/, /CUDA 12, cuDNN 9 and TensorRT 10/],
  ['dml', /backend not found/, /Windows alone; here there are cpu, webgpu, cuda, tensorrt/],
  ['coreml', /backend not found/, /macOS alone; here there are cpu, webgpu, cuda, tensorrt/],
])('onnxruntime-node itself refuses %s with cause and remedy', async (name, cause, remedy) => {
  real.env.logLevel = 'fatal';
  const projector = await Projector.create(parameters, { providers: [name, 'cpu'] });
  for (const { provider, refusals } of projector.report()) {
    expect(provider).toBe('cpu');
    expect(refusals[0]?.cause).toMatch(cause);
    expect(refusals[0]?.remedy).toMatch(remedy);
  }
  await projector.dispose();
  await expect(Projector.create(parameters, { providers: [name] })).rejects.toThrow(remedy);
});

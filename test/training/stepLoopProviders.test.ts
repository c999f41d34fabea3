// Which provider runs a step, told by an ONNX Runtime that refuses the others.
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { parseStepDescription, StepLoop } from '../../src/node.js';
import { followTrajectory, initial, inputs } from '../support/loopTrajectory.js';
import { readTrajectory, stepPath } from '../support/trainSteps.js';

const trajectory = readTrajectory('mlp_sgd');
const description = parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8'));
const bytes = new Uint8Array(readFileSync(stepPath('mlp_sgd/step.onnx')));

const makeLoop = (options: object): Promise<StepLoop> =>
  StepLoop.create(bytes, description, { initial: initial(trajectory), inputs, ...options });

describe('providers', () => {
  /** onnxruntime-node that has no device, and says which nodes the CPU would take. */
  const withRefusals = (refusals: Record<string, string>, tried: string[]): object => ({
    Tensor: ort.Tensor,
    env: ort.env,
    listSupportedBackends: ort.listSupportedBackends,
    InferenceSession: {
      create: async (model: Uint8Array, settings: Record<string, unknown>) => {
        const [provider] = settings.executionProviders as string[];
        const { session } = settings.extra as { session: Record<string, string> };
        const isAlone = session.disable_cpu_ep_fallback === '1';
        tried.push(`${provider}${isAlone ? ' alone' : ''}`);
        const refusal = refusals[provider as string];
        if (refusal !== undefined && (isAlone || !refusal.includes('fallback'))) throw new Error(refusal);
        return ort.InferenceSession.create(model, { ...settings, executionProviders: ['cpu'] });
      },
    },
  });
  const fallback =
    'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.';

  test('the first that takes the whole step runs it, and the report tells of the others', async () => {
    const tried: string[] = [];
    const loop = await makeLoop({
      ort: withRefusals({ cuda: 'no CUDA here', coreml: fallback }, tried),
      providers: ['cuda', 'coreml', 'cpu'],
    });
    expect(tried.filter((provider) => provider !== 'cpu')).toEqual(['cuda alone', 'coreml alone']);
    expect(loop.report()).toMatchObject({
      provider: 'cpu',
      route: 'no-copy',
      refusals: [{ provider: 'cuda' }, { provider: 'coreml', code: 'cpu-fallback' }],
    });
    expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
    await loop.dispose();
  });

  test('where none takes all of it, the first that is helped by the CPU, told in the report', async () => {
    const tried: string[] = [];
    const loop = await makeLoop({ ort: withRefusals({ coreml: fallback }, tried), providers: ['coreml'] });
    expect(tried).toEqual(['coreml alone', 'coreml']);
    expect(loop.report()).toMatchObject({
      provider: 'coreml',
      route: 'returned',
      refusals: [{ provider: 'coreml', code: 'cpu-fallback' }],
    });
    expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
    await loop.dispose();
  });

  test('strict refuses what the first does not run by itself', async () => {
    const tried: string[] = [];
    const options = { ort: withRefusals({ coreml: fallback }, tried), providers: ['coreml', 'cpu'] };
    await expect(makeLoop({ ...options, strict: true })).rejects.toThrow(
      /^the train step: strict, and the first provider refuses: coreml: /,
    );
    expect(tried).toEqual(['coreml alone']);
  });
});

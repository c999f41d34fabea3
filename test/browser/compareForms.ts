// One graph in the forms of a provider, run there alone, against the operators as they are on the host.
// Must not import Node.
import type * as ort from 'onnxruntime-common';
import { type FormCase, formFaults, formFeeds, formGraph } from '../support/formCases.js';

type Module = Pick<typeof ort, 'InferenceSession' | 'Tensor'>;

/** What differs between the two, in words. @param host the provider on the processor @param provider whose forms */
export async function compareForms(
  module: Module,
  row: FormCase,
  host: string,
  provider = 'webgpu',
): Promise<string[]> {
  return formFaults(await answer(module, row, provider, provider), await answer(module, row, 'none', host));
}

async function answer(
  { InferenceSession, Tensor }: Module,
  row: FormCase,
  forms: string,
  provider: string,
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(formGraph(row, forms), {
    executionProviders: [provider],
    logSeverityLevel: 3,
    extra: { session: { disable_cpu_ep_fallback: provider === 'webgpu' ? '1' : '0' } },
  });
  const feeds = Object.entries(formFeeds(row)).map(([name, { data, dims }]) => [
    name,
    new Tensor('float32', data, dims),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

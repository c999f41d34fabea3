// One graph in the forms of WebGPU, run there alone, against its canonical forms on the host.
// Must not import Node.
import type * as ort from 'onnxruntime-common';
import { type FormCase, formFaults, formFeeds, formGraph } from '../support/formCases.js';

type Module = Pick<typeof ort, 'InferenceSession' | 'Tensor'>;

/** What differs between the two, in words. @param host the provider on the processor */
export async function compareForms(module: Module, row: FormCase, host: string): Promise<string[]> {
  return formFaults(await answer(module, row, 'webgpu'), await answer(module, row, host));
}

async function answer(
  { InferenceSession, Tensor }: Module,
  row: FormCase,
  provider: string,
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(formGraph(row, provider), {
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

// The training page in Chromium: trains on each provider, with the constraint and without, and draws while it does.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { expect, test, vi } from 'vitest';
import bytesUrl from '../../models/digits/digits.bin?url';
import config from '../../models/digits/untrained.json' with { type: 'json' };
import { LIMIT, mountTrainPage } from '../examples/trainPage.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** Enough for the norms to grow beyond the limit. */
const EPOCHS = { wasm: 30, webgpu: 3 };

test.each(['wasm', 'webgpu'] as const)('digits are trained and drawn on %s', async (provider) => {
  const bytes = new Uint8Array(await (await fetch(bytesUrl)).arrayBuffer());
  const root = document.createElement('main');
  document.body.append(root);
  mountTrainPage(root, { ort, bytes, config, samples: provider === 'wasm' ? 512 : 128 });
  const form = root.querySelector('form') as HTMLFormElement;
  const field = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement;
  const output = root.querySelector('output') as HTMLOutputElement;
  field('provider').value = provider;
  field('epochs').value = String(EPOCHS[provider]);

  const norms: number[] = [];
  for (const isConstrained of [true, false]) {
    field('constrained').checked = isConstrained;
    form.requestSubmit();
    const label = isConstrained ? ', constrained' : ', not constrained';
    await vi.waitUntil(() => output.value.includes('accuracy'), { timeout: 100_000 });
    expect(output.value).toContain(`epoch ${EPOCHS[provider]} on ${provider}${label}`);
    norms.push(Number(/largest norm ([\d.]+)/.exec(output.value)?.[1]));
    output.value = '';
  }
  expect(norms[0]).toBeLessThanOrEqual(LIMIT);
  if (provider === 'wasm') expect(norms[1]).toBeGreaterThan(LIMIT * 1.05);
  const lines = [...root.querySelectorAll('polyline')];
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.getAttribute('points')?.split(' ')).toHaveLength(EPOCHS[provider]);
  expect(root.innerHTML).not.toContain('NaN');
  root.remove();
});

// This package and tfjs in Chromium: contenders that take train steps in a page.
// Must not import anything from src or dist.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createViteServer } from 'vitest/node';
import { chromiumArguments, softwareVulkan } from '../../support/chromiumArguments.mjs';
import { findChromium } from '../../support/programs.mjs';

/** What the page needs the first time is made ready for it, which takes a while. */
const OPENING = 120_000;

/**
 * @param {'software' | 'gpu'} vulkan WebGPU on the processor, or on the machine's own GPU
 * @returns {Promise<import('../contenders.mjs').Contender[]>}
 */
export async function startChromium(vulkan) {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium on the PATH or in $CHROMIUM');
  const args = [...chromiumArguments, ...(vulkan === 'gpu' ? [] : softwareVulkan)];
  const server = await servePage();
  const browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage();
  const isStarted = page.waitForFunction(() => 'bench' in globalThis, undefined, { timeout: OPENING });
  const failure = new Promise((_, reject) => page.on('pageerror', reject));
  await page.goto(new URL('test/bench/chromium/index.html', server.resolvedUrls.local[0]).href);
  await Promise.race([isStarted, failure]);
  const [names, adapter] = await page.evaluate(async () => [
    globalThis.bench.names,
    await globalThis.bench.adapter(),
  ]);
  const versions = { Chromium: browser.version(), 'its WebGPU': adapter };
  return names.map((name) => ({
    name,
    versions,
    takes: () => false,
    step: (network) => stepEntry(page, name, network),
    async close() {
      await browser.close();
      await server.close();
    },
  }));
}

/** The files of the repository, with the headers that a page needs for threads. */
async function servePage() {
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  const server = await createViteServer({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    server: { headers },
    // ONNX Runtime finds its .wasm files beside its own module.
    optimizeDeps: { exclude: ['onnxruntime-web'], entries: ['test/bench/chromium/index.html'] },
  });
  return server.listen();
}

/** A contender's step of a network, in the page. */
async function stepEntry(page, name, network) {
  const call = (what) => page.evaluate(([key, own]) => globalThis.bench[key](own), [what, name]);
  await page.evaluate(([own, given]) => globalThis.bench.load(own, given), [name, network]);
  return {
    refill: () => call('refill'),
    run: () => call('run'),
    async answer() {
      const count = await call('answer');
      const parts = [];
      for (let i = 0; i < count; i++) parts.push(await page.evaluate((at) => globalThis.bench.part(at), i));
      return parts;
    },
    dispose: () => call('drop'),
  };
}

// Runs the cases on onnxruntime-web in headless Chromium, on the provider of the first argument alone.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../../support/programs.mjs';
import { answerLines } from '../answerLines.mjs';

const dist = fileURLToPath(new URL('.', import.meta.resolve('onnxruntime-web/wasm')));
const [provider, ...files] = process.argv.slice(2);
const bundle = provider === 'webgpu' ? 'ort.bundle.min.mjs' : 'ort.wasm.bundle.min.mjs';

// WebGPU without a GPU: Chromium's own software Vulkan.
const webGpu = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader',
  '--ignore-gpu-blocklist',
];

const types = { '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** Serves an empty page, and ONNX Runtime's files beside it. */
const server = createServer((request, response) => {
  const name = basename(request.url ?? '');
  const type = types[name.slice(name.lastIndexOf('.'))];
  response.writeHead(200, { 'content-type': type ?? 'text/html' });
  response.end(type === undefined ? '<!doctype html>' : readFileSync(join(dist, name)));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ['--no-sandbox', ...(provider === 'webgpu' ? webGpu : [])],
});
const page = await browser.newPage();
const { port } = server.address();
await page.goto(`http://127.0.0.1:${port}/`);
await page.evaluate(async (url) => {
  globalThis.ort = await import(url);
  globalThis.ort.env.wasm.numThreads = 1;
}, `http://127.0.0.1:${port}/${bundle}`);

/** In the page: one case through a session of its own. */
async function runInPage({ model, inputs, outputs, provider }) {
  const { ort } = globalThis;
  const toBytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const toText = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  // A node handed to the CPU would be the CPU's answer.
  const extra = provider === 'webgpu' ? { session: { disable_cpu_ep_fallback: '1' } } : {};
  const session = await ort.InferenceSession.create(toBytes(model), {
    executionProviders: [provider],
    logSeverityLevel: 4,
    extra,
  });
  const feeds = inputs.map(({ name, dtype, dims, data }) => {
    const { buffer } = toBytes(data);
    const arrays = {
      float32: Float32Array,
      float64: Float64Array,
      float16: globalThis.Float16Array ?? Uint16Array,
      bfloat16: Uint16Array,
      int64: BigInt64Array,
    };
    const ArrayType = arrays[dtype];
    return [name, new ort.Tensor(dtype, new ArrayType(buffer), dims)];
  });
  const found = await session.run(Object.fromEntries(feeds));
  const answers = outputs.map((name) => {
    const { type, dims, data } = found[name];
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { dtype: type, dims: [...dims], data: toText(bytes) };
  });
  await session.release();
  return answers;
}

try {
  await answerLines(files, async ({ model, inputs, outputs }) => {
    const bytes = readFileSync(model).toString('base64');
    try {
      return await page.evaluate(runInPage, { model: bytes, inputs, outputs, provider });
    } catch (error) {
      // The runtime's own words, without where in the page they were said.
      throw new Error(error.message.replace(/^page\.evaluate: (Error: )?/, '').split('\n')[0]);
    }
  });
} finally {
  await browser.close();
  server.close();
}

// Serves the training page: node test/examples/page/serve.mjs
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  root: fileURLToPath(new URL('./', import.meta.url)),
  configFile: false,
  // ONNX Runtime finds its .wasm files beside its own module, so it must not be bundled.
  optimizeDeps: {
    exclude: ['onnxruntime-web'],
    include: ['@petamoriken/float16', 'long', 'protobufjs/minimal.js'],
  },
  server: { fs: { allow: [fileURLToPath(new URL('../../../', import.meta.url))] } },
});
await server.listen();
server.printUrls();

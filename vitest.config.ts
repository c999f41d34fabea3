// The test projects: `node` and `types` are `npm test`; `package`, `browser` and `webgpu` need the network or a program
// of their own and run under `npm run check`.
import { dirname } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import {
  chromiumArguments,
  softwareVulkan as softwareVulkanArguments,
} from './test/support/chromiumArguments.mjs';
import { findChromium, findSoftwareVulkan } from './test/support/programs.mjs';

const chromium = findChromium();
const softwareVulkan = findSoftwareVulkan();

const node: TestProjectConfiguration = {
  test: {
    name: 'node',
    include: ['test/**/*.test.ts'],
    exclude: ['test/package/**', 'test/browser/**'],
    // A busy machine is no failure; what hangs ends all the same.
    testTimeout: 120_000,
  },
};

const types: TestProjectConfiguration = {
  test: {
    name: 'types',
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'test/tsconfig.json',
    },
  },
};

const packed: TestProjectConfiguration = {
  test: {
    name: 'package',
    include: ['test/package/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
};

const browser: TestProjectConfiguration = {
  // ONNX Runtime finds its .wasm files beside its own module, so it must not be bundled. What is not named in
  // `include` would be found while a test runs and reload it.
  optimizeDeps: {
    exclude: ['onnxruntime-web', 'onnxruntime-training-web'],
    include: ['@petamoriken/float16', 'flatbuffers', 'long', 'protobufjs/minimal.js'],
  },
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    exclude: ['test/browser/node*.test.ts'],
    testTimeout: 120_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          args: [...chromiumArguments, ...softwareVulkanArguments],
          ...(chromium === undefined ? {} : { executablePath: chromium }),
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

const webgpu: TestProjectConfiguration = {
  test: {
    name: 'webgpu',
    include: ['test/browser/node*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    // Chromium brings the Vulkan loader beside its driver; both must be set before the process starts.
    env:
      softwareVulkan === undefined
        ? {}
        : { VK_DRIVER_FILES: softwareVulkan, LD_LIBRARY_PATH: dirname(softwareVulkan) },
  },
};

/** In CI a missing program must show up as a failure, so its project stays in. */
function unlessMissing(
  project: TestProjectConfiguration,
  program: string | undefined,
  reason: string,
): TestProjectConfiguration[] {
  if (program !== undefined || process.env.CI) return [project];
  console.warn(`skipped: ${reason}`);
  return [];
}

export default defineConfig({
  test: {
    projects: [
      node,
      types,
      packed,
      ...unlessMissing(browser, chromium, 'browser tests (no Chromium on the PATH or in $CHROMIUM)'),
      ...unlessMissing(webgpu, softwareVulkan, 'WebGPU in Node (no software Vulkan beside Chromium)'),
    ],
  },
});

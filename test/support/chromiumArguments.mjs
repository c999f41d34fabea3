// How Chromium is started for tests and measurements.
// Must not import anything.

/** WebGPU in a headless browser that keeps off the network. @type {readonly string[]} */
export const chromiumArguments = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** WebGPU without a GPU: Chromium's own software Vulkan. @type {readonly string[]} */
export const softwareVulkan = ['--use-webgpu-adapter=swiftshader', '--use-vulkan=swiftshader'];

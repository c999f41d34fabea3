// Finds the programs some tests need beside Node: Chromium, its software Vulkan, and Python.
// Must run before any package is installed, so it imports Node alone.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium to use: $CHROMIUM, else one on the PATH. @returns {string | undefined} */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  const folders = (process.env.PATH ?? '').split(':');
  return chromiumNames
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** The driver file of Chromium's software Vulkan, which runs WebGPU without a GPU. @returns {string | undefined} */
export function findSoftwareVulkan() {
  const named = process.env.VK_DRIVER_FILES;
  if (named) return existsSync(named) ? named : undefined;
  const chromium = findChromium();
  const folders = ['/usr/lib/chromium', ...(chromium === undefined ? [] : [dirname(chromium)])];
  return folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find((path) => existsSync(path));
}

/** Whether a Python that can make virtual environments is on the PATH. */
export function hasPython() {
  return spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status === 0;
}

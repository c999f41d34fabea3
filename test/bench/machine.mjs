// What the numbers were taken on: a ratio speaks of one machine and of these versions only.
// Must not import anything from src or dist.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

const packages = [
  'onnxruntime-node',
  'onnxruntime-web',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-webgpu',
];

export function describeMachine() {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
  };
}

/** @param {readonly { versions?: Record<string, string> }[]} contenders */
export function describeVersions(contenders) {
  const own = packages.map((name) => [name, versionOf(name)]);
  return Object.assign(
    { node: process.version, ...Object.fromEntries(own) },
    ...contenders.map(({ versions }) => versions ?? {}),
  );
}

/** Read from its package.json by path, since not every package exports that file. */
function versionOf(name) {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

// Runs the example that projects a weight over four Ray workers.
// Must import Node alone, beside the environment.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installPython, pinned, python } from './environment.mjs';

const script = fileURLToPath(new URL('../examples/ray_projection.py', import.meta.url));
const graphs = fileURLToPath(new URL('../../models/constraints/', import.meta.url));

/** What the example says; throws where the shards are not what the whole is. @returns {string} */
export function runShardedExample() {
  installPython([pinned.onnxruntime, 'ray==2.60.0']);
  const { status, stdout, stderr } = spawnSync(python, [script, graphs], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(
    `the example of Ray ended with ${status}: ${stdout.trim()} ${stderr.trim().split('\n').at(-1)}`,
  );
}

// Shows that memory does not grow with the model: makes one of any size, projects it, and judges both:
// `npm run build:js && node test/size/run.mjs [--gigabytes 6] [--megabytes 100] [--folder <with room for 3 times as much>]`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBigModel } from './makeBigModel.mjs';

const project = fileURLToPath(new URL('project.mjs', import.meta.url));
const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '6' },
    megabytes: { type: 'string', default: '100' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const megabytes = Number(values.megabytes);
const tensors = Math.round((Number(values.gigabytes) * 1000) / megabytes);
const folder = mkdtempSync(join(values.folder, 'big-model-'));
process.once('SIGINT', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
});

/** @param {string[]} args */
function run(...args) {
  const { stdout, status, stderr } = spawnSync(process.execPath, [project, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  process.stdout.write(stdout);
}

try {
  const model = makeBigModel({ folder, tensors, megabytes });
  const out = join(folder, 'out.onnx');
  console.log(`${tensors} tensors of ${megabytes} MB and a little more`);
  run('check', model);
  run('apply', model, out);
  run('check', out);
  for (const name of readdirSync(folder)) console.log(`${name}: ${statSync(join(folder, name)).size} bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

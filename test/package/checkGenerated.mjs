// Makes the generated files again and fails where one of them differs from what the tree holds.
// Must import Node alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders = ['src/onnx/gen', 'models'];
const scripts = ['codec', 'models'];

/** The hash of each generated file by its path. @returns {Map<string, string>} */
function hashes() {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(files.map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]));
}

const before = hashes();
let failed = false;
for (const script of scripts) {
  const { status } = spawnSync('npm', ['run', script], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`npm run ${script} ended with ${status}`);
    failed = true;
  }
}
const after = hashes();
for (const file of new Set([...before.keys(), ...after.keys()])) {
  if (before.get(file) !== after.get(file)) {
    console.error(`${file} is not what its script makes`);
    failed = true;
  }
}
console.log(
  `${after.size} generated files ${failed ? 'compared, with differences' : 'are as their scripts make them'}`,
);
process.exitCode = failed ? 1 : 0;

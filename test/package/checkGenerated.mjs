// Makes the generated files again and fails where one of them differs from what the tree holds.
// Must import Node alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders = ['src/onnx/gen', 'models'];
const scripts = ['codec', 'models'];

/** The hash of each file below a folder by its path there. @param {string} folder @returns {Map<string, string>} */
function hashesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => [
      relative(folder, file),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ]),
  );
}

/** The hash of each generated file by its path. @returns {Map<string, string>} */
function hashes() {
  return new Map(
    folders.flatMap((folder) =>
      [...hashesBelow(join(root, folder))].map(([file, hash]) => [join(folder, file), hash]),
    ),
  );
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

// A second copy of the published graphs, in another folder, must be the same bytes.
const copy = mkdtempSync(join(tmpdir(), 'models-'));
const { status } = spawnSync(process.execPath, [join(root, 'models/make.mjs'), '--out', copy], {
  stdio: 'inherit',
});
const copied = hashesBelow(copy);
rmSync(copy, { recursive: true, force: true });
const differing = [...copied].filter(([file, hash]) => after.get(join('models', file)) !== hash);
for (const [file] of differing) console.error(`models/${file} is not the same when it is made elsewhere`);
if (status !== 0 || copied.size === 0 || differing.length > 0) failed = true;

console.log(
  `${copied.size} files of models made twice, in two folders; ${after.size} generated files ${failed ? 'compared, with differences' : 'are as their scripts make them'}`,
);
process.exitCode = failed ? 1 : 0;

// Makes the Python environment of the official ONNX checker in .venv at the top of the repository.
// Must import Node alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const requirements = join(root, 'test/support/python/requirements.txt');
const folder = join(root, '.venv');
const stamp = join(folder, 'requirements.sha256');

/** The environment's interpreter. */
export const python = join(folder, 'bin/python');

function wantedStamp() {
  return createHash('sha256').update(readFileSync(requirements)).digest('hex');
}

/** Whether the environment is there and holds what requirements.txt asks for. */
export function isReady() {
  return existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wantedStamp();
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

/** Makes the environment anew unless it is ready; needs the package index. */
export function makeReady() {
  if (isReady()) return;
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  writeFileSync(stamp, wantedStamp());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) makeReady();

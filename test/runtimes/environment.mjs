// The Python environment and the Rust programs of the runtimes, made in .runtimes at the top of the repository.
// Must import Node alone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The Python packages that more than one of the checks needs. */
export const pinned = {
  onnx: 'onnx==1.23.2',
  onnxruntime: 'onnxruntime==1.32.0',
  bfloat16: 'ml_dtypes==0.6.0',
};

/** Everything that is made to run runtimes, and nothing that is kept. */
export const workFolder = join(root, '.runtimes');

const venv = join(workFolder, 'venv');
const scripts = fileURLToPath(new URL('python/', import.meta.url));
const crate = fileURLToPath(new URL('rust/', import.meta.url));

/** The environment's interpreter. */
export const python = join(venv, 'bin/python');

/** @param {string} command @param {string[]} args @param {object} [options] @returns {string} what it printed */
function run(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status === 0) return stdout;
  const last = stderr.trim().split('\n').filter(Boolean).slice(-2).join(' ');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${status}: ${last}`);
}

/** Installs packages into the environment, which is made where it lacks; a package that is there is left. @param {string[]} packages */
export function installPython(packages) {
  mkdirSync(workFolder, { recursive: true });
  if (!existsSync(python)) run('python3', ['-m', 'venv', venv]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
}

/**
 * A runtime of Python as a program, and its version.
 * @param {string} module of the folder `python`
 * @param {string[]} packages
 */
export function preparePython(module, packages) {
  installPython([...packages, pinned.bfloat16]);
  const ask = `import sys; sys.path.insert(0, sys.argv[1]); import ${module}; print(${module}.VERSION)`;
  const version = run(python, ['-c', ask, scripts]).trim().split('\n').at(-1);
  return { version, program: { command: python, args: [join(scripts, 'answer.py'), module] } };
}

/**
 * Builds a runtime of Rust; candle's build needs a protocol buffers compiler, which comes from PyPI.
 * @param {string} name of the program and its feature
 * @param {string} library whose version counts
 */
export function prepareRust(name, library) {
  const protoc = join(workFolder, 'protoc');
  if (name === 'candle') {
    installPython(['grpcio-tools==1.85.1']);
    writeFileSync(protoc, `#!/bin/sh\nexec '${python}' -m grpc_tools.protoc "$@"\n`, { mode: 0o755 });
  }
  const target = join(workFolder, 'target');
  const env = { ...process.env, CARGO_TARGET_DIR: target, ...(name === 'candle' ? { PROTOC: protoc } : {}) };
  const build = ['build', '--release', '--locked', '--quiet', '--features', name, '--bin', name];
  run('cargo', build, { cwd: crate, env });
  const tree = run('cargo', ['tree', '--locked', '--features', name, '--depth', '1', '--prefix', 'none'], {
    cwd: crate,
    env,
  });
  const version = new RegExp(`^${library} v(\\S+)`, 'm').exec(tree)?.[1] ?? 'unknown';
  // Errors of candle carry a trace where that is asked for.
  const program = { command: join(target, 'release', name), args: [], env: { RUST_BACKTRACE: '0' } };
  return { version, program };
}

/** The search path of libraries with one folder more. @param {string} folder */
export function withLibraries(folder) {
  const { LD_LIBRARY_PATH } = process.env;
  return [folder, ...(LD_LIBRARY_PATH ? [LD_LIBRARY_PATH] : [])].join(delimiter);
}

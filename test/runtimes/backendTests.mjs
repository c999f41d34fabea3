// Runs the published graphs through ONNX's own backend test runner: `node test/runtimes/backendTests.mjs`.
// Must import Node alone, beside the environment.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installPython, pinned, python } from './environment.mjs';

const script = fileURLToPath(new URL('python/run_backend_tests.py', import.meta.url));
const models = fileURLToPath(new URL('../../models/', import.meta.url));

installPython(Object.values(pinned));
process.exitCode = spawnSync(python, ['-W', 'ignore', script, models], { stdio: 'inherit' }).status ?? 1;

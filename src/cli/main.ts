#!/usr/bin/env node
// The program: connects the command line to the process.
import { readFileSync } from 'node:fs';
import { removeTemporaries } from '../files/temporaryFiles.js';
import { exitCodes } from './exitCodes.js';
import { run } from './program.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    removeTemporaries();
    process.exit(exitCodes.interrupted);
  });
}
// A reader that closes the pipe early, such as `head`, is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
});

process.exitCode = await run(process.argv.slice(2), process, version);

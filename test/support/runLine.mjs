// Runs lines in bash, several at once too, for `test/check.mjs`.
// Must import Node alone: it runs before any package is there.
import { spawn } from 'node:child_process';

const limitSeconds = 1200;

/**
 * The processes under way, each with a group of its own, so that its children end with it.
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const running = new Set();

process.once('SIGINT', () => {
  for (const child of running) kill(child);
  process.exit(130);
});

/** @param {import('node:child_process').ChildProcess} child */
function kill(child) {
  process.kill(-(/** @type {number} */ (child.pid)), 'SIGKILL');
}

/** What a line prints: shown as it comes, or kept until it is to be shown. */
export class Screen {
  /** @type {[NodeJS.WriteStream, string][]} */
  #kept = [];

  /** @param {boolean} isShown */
  constructor(isShown) {
    this.isShown = isShown;
  }

  /** @param {NodeJS.WriteStream} stream @param {string} text */
  write(stream, text) {
    if (this.isShown) stream.write(text);
    else this.#kept.push([stream, text]);
  }

  /** @param {string} text */
  line(text) {
    this.write(process.stdout, `${text}\n`);
  }

  /** Shows what was kept, and what comes from now on. */
  show() {
    this.isShown = true;
    for (const [stream, text] of this.#kept.splice(0)) stream.write(text);
  }
}

/**
 * Runs a line in bash, its output shown and kept.
 * @param {string} command
 * @param {string} cwd
 * @param {Screen} screen
 * @returns {Promise<{ ok: boolean, output: string, note: string }>}
 */
export function run(command, cwd, screen) {
  return new Promise((resolve) => {
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = spawn('bash', ['-c', command], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(child);
    let output = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, limitSeconds * 1000);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      screen.write(process.stdout, text);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => screen.write(process.stderr, text));
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ ok: code === 0, output, note: late ? `over ${limitSeconds} s` : `exit ${code}` });
    });
  });
}
